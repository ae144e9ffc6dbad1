"""The learning-rate range test (Smith 2017): one run whose rate grows by the same factor at every step."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.descent import Step, descend
from engine.experiment import Run, objective_of, start_of, surface_of
from engine.optimizers import OPTIMIZERS
from engine.schedules import Schedule, exponential
from engine.sweeps import FLOOR
from engine.training import Learner, Training
from engine.training import objective_of as network_objective
from engine.training import start_of as network_start

SMOOTHED = 0.05  # share of the steps over which the curve is averaged before its slope is taken
BLOWN = 2.0  # times its lowest so far: a loss that passes this, and stays above, has blown up


class RangeTest(NamedTuple):
    """One loss for every rate on the way, and the two rates that it is read for."""

    rates: Array  # (T+1,) of the update that leaves each point
    losses: Array  # (T+1,) of the step's batch on a network; inf where the run has ceased to be finite
    smooth: Array  # (T+1,) geometric mean over the neighbouring steps
    steepest: float  # the rate at which the loss falls fastest, by its logarithm; nan where it never falls
    blow_up: float  # the rate from which the loss is BLOWN times its lowest or more, to the end; nan where it is not


def surface_range(run: Run, low: float, high: float) -> RangeTest:
    """``run``'s optimizer with a rate that grows from ``low`` to ``high`` over its steps; its schedule is left out."""
    schedule = growing_rate(low, high, run.steps)
    optimizer = OPTIMIZERS[run.optimizer].factory(**dict(run.hyperparameters) | {"learning_rate": schedule})
    losses = _losses(descend(objective_of(run), optimizer, start_of(run), run.steps), run.steps)
    lowest = surface_of(run).lowest
    return _read(schedule, losses, lowest if np.isfinite(lowest) else float(losses.min()))


def network_range(training: Training, learner: Learner, low: float, high: float) -> RangeTest:
    """The same for a network, whose loss is that of each step's batch."""
    schedule = growing_rate(low, high, learner.steps)
    optimizer = OPTIMIZERS[learner.optimizer].factory(**dict(learner.hyperparameters) | {"learning_rate": schedule})
    stream = descend(network_objective(training), optimizer, network_start(training), learner.steps)
    return _read(schedule, _losses(stream, learner.steps), 0.0)


def growing_rate(low: float, high: float, steps: int) -> Schedule:
    """From ``low`` at the first update to ``high`` at the count ``steps``, by one factor a step."""
    return exponential(low, steps, high / low)


def _losses(stream: Iterable[Step], steps: int) -> Array:
    """(steps + 1,), inf from where the run ceases to be finite."""
    losses = np.full(steps + 1, np.inf)
    for row, step in enumerate(stream):
        losses[row] = np.inf if np.isnan(step.updates).any() else step.loss
    return losses


def _read(schedule: Schedule, losses: Array, lowest: float) -> RangeTest:
    rates = np.array([float(schedule(count)) for count in range(len(losses))])
    gaps = losses - lowest
    known = len(gaps) if np.isfinite(gaps).all() else int(np.argmin(np.isfinite(gaps)))
    smooth = np.full(len(gaps), np.inf)
    if not known:
        return RangeTest(rates, losses, smooth, np.nan, np.nan)
    floor = FLOOR * max(float(gaps[0]), FLOOR)
    smooth[:known] = _smoothed(np.maximum(gaps[:known], floor), round(SMOOTHED * len(gaps) / 2))
    slopes = np.diff(np.log(smooth[: int(smooth.argmin()) + 1]))
    steepest = float(rates[slopes.argmin()]) if slopes.size and slopes.min() < 0 else np.nan
    blown = smooth > BLOWN * np.minimum.accumulate(smooth)
    blown[known:] = True
    back = np.flatnonzero(~blown)
    first = int(back[-1]) + 1 if back.size else 0
    return RangeTest(rates, losses, smooth, steepest, float(rates[first]) if first < len(rates) else np.nan)


def _smoothed(gaps: Array, reach: int) -> Array:
    """Geometric mean over ``reach`` neighbours on each side, fewer at the ends."""
    sums = np.concatenate(
        ([0.0], np.cumsum(np.log(gaps / gaps[0])))
    )  # a loss that stays leaves zeros, without rounding
    index = np.arange(len(gaps))
    left, right = np.maximum(index - reach, 0), np.minimum(index + reach + 1, len(gaps))
    mean: Array = gaps[0] * np.exp((sums[right] - sums[left]) / (right - left))
    return mean
