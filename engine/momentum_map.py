"""Rate against momentum: a run for every pair, measured; ``engine.quadratics`` says what a quadratic must do."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.descent import descend
from engine.optimizers import OPTIMIZERS
from engine.quadratics import Quadratic, quadratic
from engine.rates import growing
from engine.surface import Surface
from engine.sweeps import FLOOR

ARRIVED = 1e-4  # share of the start's gap: a run has arrived once it stays below


class MomentumMap(NamedTuple):
    """What became of a run at every pair; rows are momenta (M,), columns rates (R,)."""

    rates: Array
    momenta: Array
    gaps: Array  # (M, R) loss above the minimum at the last step, or what is left of it; inf where it diverged
    steps: Array  # (M, R) after which it stays below ARRIVED of the start's gap; NaN where it does not
    diverged: Array  # (M, R) bool: not finite, or at the end above the start's loss and still growing

    @property
    def best(self) -> tuple[int, int]:
        """Row and column of the pair that arrives first, of those the one that ends lowest; else the lowest of all."""
        steps = np.where(np.isnan(self.steps), np.inf, self.steps)
        row, column = np.unravel_index(np.lexsort((self.gaps.ravel(), steps.ravel()))[0], steps.shape)
        return int(row), int(column)


def momentum_map(
    surface: Surface, start: Array, optimizer: str, rates: Array, momenta: Array, steps: int
) -> MomentumMap:
    """Run ``optimizer`` ("momentum" or "nesterov") from ``start`` (2,) at each of rates (R,) x momenta (M,).

    A quadratic is run on its own numbers, without the loop that all optimizers share; the ends are those of
    ``descend``, to rounding. Raises ValueError for another optimizer and a surface whose lowest value is not known.
    """
    if optimizer not in ("momentum", "nesterov"):
        raise ValueError(f"there is no such map of {optimizer!r}; there are: momentum, nesterov")
    if not np.isfinite(surface.lowest):
        raise ValueError("the surface has no known lowest value, so there is no gap to measure")
    rate, momentum = (axis.ravel() for axis in np.meshgrid(rates, momenta))
    shape = quadratic(surface)
    if shape is None:
        stream = _descended(surface, start, optimizer, rate, momentum, steps)
    else:
        stream = _on_a_quadratic(shape, start, optimizer == "nesterov", rate, momentum, steps)
    gaps, arrived, diverged = (each.reshape(len(momenta), -1) for each in _measured(stream, steps))
    return MomentumMap(rates, momenta, gaps, arrived, diverged)


def _measured(stream: Iterator[Array], steps: int) -> tuple[Array, Array, Array]:
    """Gap at the end, steps to arrive, and whether it diverged, from the gaps (N,) of each step in turn."""
    half = steps // 2
    third = half + (steps + 1 - half) // 2
    with np.errstate(all="ignore"):
        first = gap = next(stream).copy()
        target, last_above = ARRIVED * first, np.zeros_like(first)
        early, late = np.zeros_like(first), np.zeros_like(first)
        above = first > target
        for count, gap in enumerate(stream, 1):
            np.greater(gap, target, out=above)
            np.copyto(last_above, count, where=above)
            if count >= half:
                largest = early if count < third else late
                np.maximum(largest, gap, out=largest)  # NaN stays
        diverged = growing(early, late, first)
        arrived = np.where(diverged | above | ~np.isfinite(gap), np.nan, last_above + (first > target))
        return np.where(diverged, np.inf, np.maximum(gap, FLOOR * first)), arrived, diverged


def _descended(
    surface: Surface, start: Array, optimizer: str, rate: Array, momentum: Array, steps: int
) -> Iterator[Array]:
    """Gaps (N,) at every step of the loop that all optimizers share; inf where frozen, to the end."""
    update = OPTIMIZERS[optimizer].factory(learning_rate=rate[:, None], momentum=momentum[:, None])
    params = np.broadcast_to(np.asarray(start, float), (len(rate), 2))
    gap, count = np.full(len(rate), np.inf), -1
    for step in descend(surface.objective, update, params, steps):
        count = int(step.count)
        gap = np.where(np.isnan(step.updates[:, 0]), np.inf, step.loss - surface.lowest)
        yield gap
    for _ in range(count, steps):
        yield gap


def _on_a_quadratic(
    shape: Quadratic, start: Array, ahead: bool, rate: Array, momentum: Array, steps: int
) -> Iterator[Array]:
    """The same on a quadratic, in place: the array yielded is overwritten by the next step."""
    (xx, xy), (_, yy) = shape.hessian.tolist()
    x, y = (np.full_like(rate, offset) for offset in np.asarray(start, float) - shape.centre)
    vx, vy = np.zeros_like(x), np.zeros_like(x)
    gx, gy, spare, gap = (np.empty_like(x) for _ in range(4))
    for _ in range(steps + 1):
        with np.errstate(all="ignore"):  # not round the yield, where it would leak to the caller
            for g, a, b in ((gx, xx, xy), (gy, xy, yy)):
                np.multiply(x, a, out=g)
                np.multiply(y, b, out=spare)
                g += spare
            np.multiply(x, gx, out=gap)
            np.multiply(y, gy, out=spare)
            gap += spare
            gap *= 0.5
        yield gap
        with np.errstate(all="ignore"):
            for w, v, g in ((x, vx, gx), (y, vy, gy)):
                v *= momentum
                v += g
                if ahead:
                    np.multiply(v, momentum, out=spare)
                    spare += g
                    spare *= rate
                else:
                    np.multiply(v, rate, out=spare)
                w -= spare
