"""Activation functions and their derivatives, element by element, in the order in which the field took them up."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit

from engine import Array

LEAK = 0.01  # the slope of leaky ReLU below 0, as in PyTorch


class Activation(NamedTuple):
    """A function of the pre-activation z, with its derivative as a function of z and of the h = f(z) already known."""

    label: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    formula: str  # LaTeX, in z
    derivative_formula: str
    teaches: str

    @property
    def steepest(self) -> float:
        """The largest slope, over z from −10 to 10 in steps of 1/1000."""
        return _steepest(self.function, self.derivative)


@lru_cache(maxsize=64)
def _steepest(function: Callable[[Array], Array], derivative: Callable[[Array, Array], Array]) -> float:
    z = np.linspace(-10, 10, 20_001)
    return float(derivative(z, function(z)).max())


def _elu_slope(z: Array, h: Array) -> Array:
    # not h + 1, which is 0 where exp(z) is only small
    slope: Array = np.exp(np.minimum(z, 0))
    return slope


def _normal_cdf(z: Array) -> Array:
    share: Array = (1 + erf(z * z.dtype.type(np.sqrt(0.5)))) / 2
    return share


def _gelu_slope(z: Array, h: Array) -> Array:
    near = np.clip(z, -40, 40)  # beyond, the density is 0 in either precision, and squares could overflow
    slope: Array = _normal_cdf(z) + near * np.exp(np.square(near) / -2) * z.dtype.type(1 / np.sqrt(2 * np.pi))
    return slope


def _silu_slope(z: Array, h: Array) -> Array:
    share: Array = expit(z)
    slope: Array = share * (1 + z * (1 - share))
    return slope


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(
        "Identity",
        np.positive,
        lambda z, h: np.ones_like(z),
        r"z",
        r"1",
        "Without a bend, layers upon layers compute only what one layer can.",
    ),
    "sigmoid": Activation(
        "Sigmoid",
        expit,
        lambda z, h: h * (1 - h),
        r"\sigma(z) = \frac{1}{1 + e^{-z}}",
        r"\sigma(z)\,(1 - \sigma(z))",
        "The slope is at most a quarter, so each layer shrinks what backpropagation hands down.",
    ),
    "tanh": Activation(
        "tanh",
        np.tanh,
        lambda z, h: 1 - np.square(h),
        r"\tanh z",
        r"1 - \tanh^2 z",
        "Centred on 0 and with slope 1 there, but flat at both ends like the sigmoid.",
    ),
    "relu": Activation(
        "ReLU",
        lambda z: np.maximum(z, np.zeros(z.shape, z.dtype)),  # half the time of a maximum with a single 0
        lambda z, h: (h > 0).astype(h.dtype),
        r"\max(0, z)",
        r"\begin{cases}1 & z > 0\\ 0 & z \le 0\end{cases}",
        "Slope 1 wherever the unit is active, none where it is not: a unit that is never active is dead.",
    ),
    "leaky_relu": Activation(
        "Leaky ReLU",
        lambda z: np.maximum(z, z.dtype.type(LEAK) * z),
        lambda z, h: np.where(z > 0, z.dtype.type(1), z.dtype.type(LEAK)),
        rf"\max({LEAK} z, z)",
        rf"\begin{{cases}}1 & z > 0\\ {LEAK} & z \le 0\end{{cases}}",
        "A little slope below 0, so that no unit can die for good.",
    ),
    "elu": Activation(
        "ELU",
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        _elu_slope,
        r"\begin{cases}z & z > 0\\ e^z - 1 & z \le 0\end{cases}",
        r"\begin{cases}1 & z > 0\\ e^z & z \le 0\end{cases}",
        "Smooth below 0 and bounded by −1, which keeps activations nearer to mean 0.",
    ),
    "gelu": Activation(
        "GELU",
        lambda z: z * _normal_cdf(z),
        _gelu_slope,
        r"z\,\Phi(z)",
        r"\Phi(z) + z\,\varphi(z)",
        "ReLU's switch made soft: z times the share of a normal distribution that lies below z. Usual in transformers.",
    ),
    "silu": Activation(
        "SiLU (Swish)",
        lambda z: z * expit(z),
        _silu_slope,
        r"z\,\sigma(z)",
        r"\sigma(z)\,\bigl(1 + z\,(1 - \sigma(z))\bigr)",
        "z times its own sigmoid: close to GELU, and not monotone either.",
    ),
    "softplus": Activation(
        "Softplus",
        lambda z: np.logaddexp(z, z.dtype.type(0)),
        lambda z, h: expit(z),
        r"\log(1 + e^z)",
        r"\sigma(z)",
        "ReLU with its corner rounded; its derivative is the sigmoid.",
    ),
    "sin": Activation(
        "Sine",
        np.sin,
        lambda z, h: np.cos(z),
        r"\sin z",
        r"\cos z",
        "Periodic: it fits waves well, and gives the loss many local minima.",
    ),
}
