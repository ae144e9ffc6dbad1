"""One run at many learning rates at once, and what may be called its best."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.descent import descend, last_step, outcome
from engine.experiment import Run, objective_of, optimizer_of, round_rate, simulate, start_of, surface_of
from engine.limits import LEARNING_RATE, RATES_PER_DECADE

FLOOR = 1e-8  # gaps below this share of the start's gap count as arrived, all alike: beyond, luck and rounding decide


class RateSweep(NamedTuple):
    """Where one run ends at each of many rates, and the rate that does best without luck."""

    rates: Array  # (R,) each to two digits, so that the best is a rate that was tried, and a slider's stop
    gaps: Array  # (R,) loss above the surface's lowest known value at the last step; inf where it diverged
    smooth: Array  # (R,) geometric mean of the gaps within about an eighth of a decade on each side
    best: float  # the rate whose larger of gap and smooth gap is lowest; nan where every rate or a neighbour diverged
    good: float  # the smooth gap up to which a rate is good: ten times the best's, but at most half the start's gap
    window: tuple[float, float]  # the good rates round the best

    @property
    def decades(self) -> float:
        """Width of the window of good rates in decades."""
        return float(np.log10(self.window[1] / self.window[0]))


def rate_sweep(run: Run) -> RateSweep:
    """Run ``run`` at every rate of a log grid over the legal interval, as one batch.

    A surface without a known minimum is measured from the lowest loss that any rate reached.
    """
    low, high = np.log10(LEARNING_RATE)
    grid = np.logspace(low, high, round((high - low) * RATES_PER_DECADE) + 1)
    rates = np.array([round_rate(rate) for rate in grid.tolist()])
    start = start_of(run)
    objective = objective_of(run)
    params = np.broadcast_to(start, (len(rates), 2))
    step = last_step(descend(objective, optimizer_of(run, rates[:, None]), params, run.steps))
    diverged = np.isnan(step.updates).any(-1)
    loss = np.where(diverged, np.inf, step.loss)
    with np.errstate(all="ignore"):
        first = float(objective(start, 0)[0])
    lowest = surface_of(run).lowest
    if not np.isfinite(lowest):
        lowest = min(first, float(loss.min()))
    with np.errstate(invalid="ignore"):  # infinite less infinite, where every rate diverged
        gaps = np.where(diverged, np.inf, np.maximum(loss - lowest, FLOOR * max(first - lowest, FLOOR)))
    return judged(rates, gaps, first - lowest)


def judged(rates: Array, gaps: Array, start: float = np.inf, reach: int = RATES_PER_DECADE // 8) -> RateSweep:
    """The best of the rates, and how wide the window of good ones round it is.

    One rate may win by luck, so the best is judged by the geometric mean over its ``reach`` neighbours on each side,
    which should be those within an eighth of a decade, or by its own gap where that is larger, lest it win by a
    neighbour's luck. ``start`` is the gap at the start: a rate that leaves more than half of it is not good, however
    bad the best is.
    """
    smooth = _geometric_mean(gaps, reach)
    if not np.isfinite(smooth).any():
        return RateSweep(rates, gaps, smooth, np.nan, np.nan, (np.nan, np.nan))
    best = _middle_of_lowest(np.maximum(smooth, gaps))
    limit = max(min(10 * float(smooth[best]), start / 2), float(smooth[best]))
    good = smooth <= limit
    left = best - int(np.argmin(good[best::-1])) + 1 if not good[: best + 1].all() else 0
    right = best + int(np.argmin(good[best:])) - 1 if not good[best:].all() else len(rates) - 1
    return RateSweep(rates, gaps, smooth, float(rates[best]), limit, (float(rates[left]), float(rates[right])))


def _geometric_mean(gaps: Array, reach: int) -> Array:
    """Mean of the logarithms over a window of ``reach`` on each side; inf wherever the window holds an inf."""
    padded = np.pad(np.log(gaps), reach, mode="reflect")  # the rate itself counts once, at the ends too
    return np.asarray(np.exp(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).mean(-1)))


def _middle_of_lowest(values: Array) -> int:
    """Index of the minimum; where a stretch of neighbours ties, its middle, which is the safest of them."""
    first = int(np.argmin(values))
    ties = values[first:] <= values[first] * (1 + 1e-9)
    stretch = len(ties) if ties.all() else int(np.argmin(ties))
    return first + (stretch - 1) // 2


def recommended_rate(run: Run, steps: int = 200) -> float:
    """A rate that shows something from the surface's own start: the sweep's best.

    Where none is best, as on a surface without a bottom, the surface's own rate, halved until the run does not diverge.
    """
    run = replace(run, start=None, steps=steps, noise=0.0, schedule="constant", rate_change=None)
    surface = surface_of(run)
    if np.isfinite(surface.lowest):
        best = rate_sweep(run).best
        if np.isfinite(best):
            return best
    rate = surface.rate
    while rate > LEARNING_RATE.low and outcome(simulate(run.with_rate(rate)))[0].kind == "diverged":
        rate = round_rate(rate / 2)
    return LEARNING_RATE.clamp(rate)


if __name__ == "__main__":
    import sys

    from engine.sweep_table import main

    sys.exit(main())
