"""Where a layer's weights start: drawn so that signals keep their size from layer to layer, or, for comparison, not.

Biases always start at 0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine import Array


class InitializerEntry(NamedTuple):
    """``draw(rng, fan_in, fan_out)`` -> W (fan_in, fan_out), float64; ``formula`` is LaTeX of its distribution."""

    label: str
    draw: Callable[[np.random.Generator, int, int], Array]
    formula: str
    teaches: str


def zeros(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    """All 0: units of a layer are then alike and stay alike, because they also get the same gradient."""
    return np.zeros((fan_in, fan_out))


def _normal(deviation: Callable[[int, int], float]) -> Callable[[np.random.Generator, int, int], Array]:
    return lambda rng, fan_in, fan_out: deviation(fan_in, fan_out) * rng.standard_normal((fan_in, fan_out))


def _uniform(limit: Callable[[int, int], float]) -> Callable[[np.random.Generator, int, int], Array]:
    return lambda rng, fan_in, fan_out: limit(fan_in, fan_out) * rng.uniform(-1, 1, (fan_in, fan_out))


def orthogonal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
    """A random rotation, or its first rows or columns (Saxe, McClelland and Ganguli 2014)."""
    Q, R = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    # QR alone favours some signs; by the signs of R's diagonal the rotation becomes uniform (Mezzadri 2007)
    Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)
    return Q if fan_in >= fan_out else np.ascontiguousarray(Q.T)


INITIALIZERS: dict[str, InitializerEntry] = {
    "zeros": InitializerEntry(
        "Zeros", zeros, r"0", "Every unit of a layer computes the same for ever: nothing beyond one unit is learned."
    ),
    "normal": InitializerEntry(
        "Normal, σ = 1",
        _normal(lambda fan_in, fan_out: 1.0),
        r"\mathcal N(0, 1)",
        "Blind to the width: signals grow by about the root of it at every layer.",
    ),
    "glorot_uniform": InitializerEntry(
        "Glorot, uniform",
        _uniform(lambda fan_in, fan_out: np.sqrt(6 / (fan_in + fan_out))),
        r"\mathcal U\!\left[-\sqrt{\tfrac{6}{n_{in} + n_{out}}},\ \sqrt{\tfrac{6}{n_{in} + n_{out}}}\right]",
        "Keeps signals forward and gradients backward about equal in size for tanh (Glorot and Bengio 2010).",
    ),
    "glorot_normal": InitializerEntry(
        "Glorot, normal",
        _normal(lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out))),
        r"\mathcal N\!\left(0, \tfrac{2}{n_{in} + n_{out}}\right)",
        "The same variance as Glorot, uniform.",
    ),
    "he_uniform": InitializerEntry(
        "He, uniform",
        _uniform(lambda fan_in, fan_out: np.sqrt(6 / fan_in)),
        r"\mathcal U\!\left[-\sqrt{\tfrac{6}{n_{in}}},\ \sqrt{\tfrac{6}{n_{in}}}\right]",
        "Makes up for the half of the signal that ReLU cuts off (He et al. 2015).",
    ),
    "he_normal": InitializerEntry(
        "He, normal",
        _normal(lambda fan_in, fan_out: np.sqrt(2 / fan_in)),
        r"\mathcal N\!\left(0, \tfrac{2}{n_{in}}\right)",
        "The same variance as He, uniform.",
    ),
    "lecun_normal": InitializerEntry(
        "LeCun, normal",
        _normal(lambda fan_in, fan_out: np.sqrt(1 / fan_in)),
        r"\mathcal N\!\left(0, \tfrac{1}{n_{in}}\right)",
        "Keeps the forward signal's size through linear layers (LeCun et al. 1998).",
    ),
    "orthogonal": InitializerEntry(
        "Orthogonal",
        orthogonal,
        r"W^\top W = I",
        "A rotation: through linear layers every signal keeps its length exactly (Saxe et al. 2014).",
    ),
}
