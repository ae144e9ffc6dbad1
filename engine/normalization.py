"""Layer and batch normalisation: pre-activations get mean 0 and variance 1, then a learned gain and shift.

u = (z − mean) / √(variance + ε), and the activation sees gain · u + shift. Layer normalisation (Ba, Kiros and Hinton
2016) takes mean and variance over the units of one sample, batch normalisation (Ioffe and Szegedy 2015) over the
samples of a batch, for each unit. Both use the variance without Bessel's correction and ε = 1e-5, as PyTorch does.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from engine import Array

EPSILON = 1e-5


class Statistics(NamedTuple):
    """Mean and variance of pre-activations: (..., N, 1) by sample, or (..., 1, out) by unit."""

    mean: Array
    variance: Array


class Normalised(NamedTuple):
    """What was computed, as the way back needs it."""

    values: Array  # (..., N, out): u, before gain and shift
    inverse_deviation: Array  # 1 / √(variance + ε)
    statistics: Statistics
    fixed: bool  # the statistics were given, and so do not depend on the values


Forward: TypeAlias = Callable[[Array, Array, Array, Statistics | None], tuple[Normalised, Array]]
Backward: TypeAlias = Callable[[Normalised, Array, Array], Array]


class Normalization(NamedTuple):
    """``forward(z, gain, shift, statistics) -> (kept, gain · u + shift)``; ``backward(kept, gain, delta) -> ∂L/∂z``."""

    label: str
    forward: Forward
    backward: Backward


def _over(axis: int, frozen: bool) -> tuple[Forward, Backward]:
    """The pair for one axis; ``frozen``: whether statistics from elsewhere may take the place of z's own."""

    def forward(z: Array, gain: Array, shift: Array, given: Statistics | None) -> tuple[Normalised, Array]:
        fixed = frozen and given is not None
        mean = given.mean if fixed and given else z.mean(axis, keepdims=True)
        u = z - mean
        statistics = given if fixed and given else Statistics(mean, np.square(u).mean(axis, keepdims=True))
        inverse_deviation = 1 / np.sqrt(statistics.variance + z.dtype.type(EPSILON))
        u *= inverse_deviation
        return Normalised(u, inverse_deviation, statistics, fixed), gain[..., None, :] * u + shift[..., None, :]

    def backward(kept: Normalised, gain: Array, delta: Array) -> Array:
        du = delta * gain[..., None, :]
        if not kept.fixed:
            # mean and variance move with z: what they take back
            u = kept.values
            du = du - du.mean(axis, keepdims=True) - u * (du * u).mean(axis, keepdims=True)
        dz: Array = du * kept.inverse_deviation
        return dz

    return forward, backward


NORMALIZATIONS: dict[str, Normalization] = {
    "layer": Normalization("Layer normalisation", *_over(-1, frozen=False)),
    "batch": Normalization("Batch normalisation", *_over(-2, frozen=True)),
}
