"""Every loss of one run at many learning rates at once, on a surface or a network, and which of the rates are good."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.descent import Step, descend
from engine.experiment import Run, objective_of, round_rate, start_of, surface_of
from engine.experiment import optimizer_of as surface_optimizer
from engine.optimizers import OPTIMIZERS, Optimizer
from engine.schedules import SCHEDULES, Schedule
from engine.sweeps import FLOOR, RateSweep, judged
from engine.training import Learner, Training, data_of, network_of
from engine.training import objective_of as network_objective
from engine.training import start_of as network_start

GROWTH = 2.0  # a loss that still grows by this factor from the third quarter of a run to the last is not turning back
CRAWL, FAR = 4.0, 16.0  # times shorter than the shortest good rate, and times longer than the longest
DIGITS = 3  # of the rates of a grid, so that a label says exactly what was run
TOO_SMALL, GOOD, TOO_LARGE, DIVERGENT = "too small", "good", "too large", "divergent"


class Curves(NamedTuple):
    """What R runs that differ in their rates alone went through: the last axis is that of the runs."""

    rates: Array  # (R,) base rates
    losses: Array  # (T+1, R), of the step's batch on a network; inf from the step at which a run ceased to be finite
    final: Array  # (R,) at the end, on a network over all training data; inf where it ceased to be finite


class Judgement(NamedTuple):
    """Which rates are good and which diverge."""

    sweep: RateSweep
    diverged: Array  # (R,) bool: not finite, or at the end above the start's loss and still growing
    edge: tuple[float, float]  # the last rate below the divergent ones and the first of them; nan where none diverges

    def verdict(self, rate: float) -> str:
        """What ``rate`` is: "too small", "good", "too large" (worse than good, or near divergence) or "divergent"."""
        rates, (low, high) = self.sweep.rates, self.sweep.window
        if rate >= self.edge[1] and self.diverged[np.argmin(np.abs(np.log(rates / rate)))]:
            return DIVERGENT
        return TOO_SMALL if rate < low else GOOD if rate <= high else TOO_LARGE


def rate_grid(low: float, high: float, count: int) -> Array:
    """``count`` rates at even distances on a log axis, to three digits; fewer where two would be the same."""
    return np.unique([round_rate(rate, DIGITS) for rate in np.geomspace(low, high, count).tolist()])


def surface_curves(run: Run, rates: Array) -> Curves:
    """``run`` at each of ``rates`` (R,), as one batch: bit for bit what single runs give."""
    params = np.broadcast_to(start_of(run), (len(rates), 2))
    steps = descend(objective_of(run), surface_optimizer(run, rates[:, None]), params, run.steps)
    losses, last = _losses(steps, run.steps)
    return Curves(rates, losses, np.where(_frozen(last), np.inf, last.loss))


def network_curves(training: Training, learner: Learner, rates: Sequence[float] | Array) -> Curves:
    """``learner`` at each of ``rates`` (R,) for its steps, on the same start and batches, as one batch of networks."""
    rates = np.asarray(rates, float)
    return _trained(training, learner, rates, SCHEDULES[learner.schedule](rates[:, None], learner.steps))


def network_block(block: tuple[Training, Learner, Sequence[float]]) -> Curves:
    """``network_curves`` of one block of a sweep, as ``engine.parallel.spread`` calls it."""
    return network_curves(*block)


def network_schedules(training: Training, learner: Learner, names: Sequence[str]) -> Curves:
    """``learner`` under each of the schedules named, all with its own base rate, as one batch of networks."""
    return _trained(training, learner, np.full(len(names), learner.learning_rate), side_by_side(learner, names))


def side_by_side(learner: Learner, names: Sequence[str]) -> Schedule:
    """Several schedules over the learner's steps as one: count -> rates (len(names), 1)."""
    each = [SCHEDULES[name](learner.learning_rate, learner.steps) for name in names]
    return lambda count: np.array([[float(schedule(count))] for schedule in each])


def _trained(training: Training, learner: Learner, rates: Array, schedule: Schedule) -> Curves:
    """Networks that differ in their rates alone, and their loss at the end over all the training data."""
    network, data, start = network_of(training), data_of(training), network_start(training)
    optimizer = learner_optimizer(learner, schedule)
    params = np.broadcast_to(start, (len(rates), len(start)))
    losses, last = _losses(descend(network_objective(training), optimizer, params, learner.steps), learner.steps)
    with np.errstate(all="ignore"):
        final = network.loss(last.params, data.X, data.y, training.loss).astype(float)
    return Curves(rates, losses, np.where(_frozen(last) | ~np.isfinite(final), np.inf, final))


def learner_optimizer(learner: Learner, schedule: Schedule) -> Optimizer:
    """The learner's optimizer under another schedule, which may be one a replica."""
    return OPTIMIZERS[learner.optimizer].factory(**dict(learner.hyperparameters) | {"learning_rate": schedule})


def _frozen(step: Step) -> Array:
    return np.asarray(np.isnan(step.updates).any(-1))


def _losses(stream: Iterable[Step], steps: int) -> tuple[Array, Step]:
    """Losses (steps + 1, R), inf where frozen, also after the stream has ended because all are; and the last Step."""
    rows = []
    step = None
    for step in stream:
        rows.append(np.where(_frozen(step), np.inf, step.loss))
    assert step is not None  # descend yields the start at least
    losses = np.full((steps + 1, len(rows[0])), np.inf)
    losses[: len(rows)] = rows
    return losses, step


def join(parts: Sequence[Curves]) -> Curves:
    """Blocks of one sweep put together, in the order of their rates."""
    rates, losses, final = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
    order = np.argsort(rates)
    return Curves(rates[order], losses[:, order], final[order])


def lowest_of(run: Run, curves: Curves) -> float:
    """What losses are measured from: the surface's lowest known value, else the lowest that any of the runs reached."""
    lowest = surface_of(run).lowest
    finite = curves.losses[np.isfinite(curves.losses)]
    return lowest if np.isfinite(lowest) or not finite.size else float(finite.min())


def growing(early: Array, late: Array, start: Array) -> Array:
    """Whether runs diverge, from their largest gap in the third and in the last quarter, and the gap they began with.

    Measured, not predicted: at the end a run is further from the minimum than it began, and twice as far as a quarter
    earlier; or it is not finite. A loss that swings back after a long way down is not above its start, one that hovers
    does not double, and one near the edge of stability may need more steps to show which side it is on.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(~np.isfinite(late) | ((late > GROWTH * early) & (late > start)))


def judge(curves: Curves, lowest: float = 0.0) -> Judgement:
    """Judge the rates by their last loss above ``lowest``, as ``sweeps.RateSweep`` says; diverged ones have no gap."""
    steps = len(curves.losses) - 1
    gaps = curves.losses - lowest
    half = steps // 2
    third = half + (steps + 1 - half) // 2
    late = np.where(np.isfinite(curves.final), gaps[third:].max(0), np.inf)
    diverged = growing(gaps[half:third].max(0), late, gaps[0])
    start = float(gaps[0].min())
    floor = FLOOR * max(start, FLOOR)
    left = np.where(diverged, np.inf, np.maximum(curves.final - lowest, floor))
    decades = np.log10(curves.rates[-1] / curves.rates[0])
    reach = max(1, round((len(left) - 1) / decades / 8)) if decades else 0
    sweep = judged(curves.rates, left, start, min(reach, len(left) - 1))
    return Judgement(sweep, diverged, _edge(curves.rates, diverged, sweep.best))


def _edge(rates: Array, diverged: Array, best: float) -> tuple[float, float]:
    """The first rate above the best (or of all, where none is best) that diverges, and the one before it."""
    beyond = np.flatnonzero(diverged & ~(rates <= best))
    if not beyond.size:
        return np.nan, np.nan
    first = int(beyond[0])
    return float(rates[first - 1]) if first else 0.0, float(rates[first])


def three_rates(judgement: Judgement) -> tuple[float, float, float]:
    """Rates of the sweep that show its regions: one that crawls, the best, and one that diverges, or is far too large.

    Where no rate is best they are the first, the middle and the last.
    """
    rates, (low, high) = judgement.sweep.rates, judgement.sweep.window
    if not np.isfinite(judgement.sweep.best):
        return float(rates[0]), float(rates[len(rates) // 2]), float(rates[-1])
    small, large = (float(rates[np.argmin(np.abs(np.log(rates / rate)))]) for rate in (low / CRAWL, high * FAR))
    if np.isfinite(judgement.edge[1]):  # the second of them, which leaves quickly, where the first may take its time
        first = int(np.searchsorted(rates, judgement.edge[1]))
        large = float(rates[first + 1 if judgement.diverged[first + 1 : first + 2].any() else first])
    return small, judgement.sweep.best, large
