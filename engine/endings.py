"""How each of many runs ended, told while they run: what ``engine.descent.outcome`` says, without keeping the paths."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from engine import Array
from engine.curvature import eigen
from engine.descent import Step, outcome

# one set of thresholds: those that `outcome` uses unless told otherwise
THRESHOLDS: dict[str, float] = outcome.__kwdefaults__ or {}


class Endings(NamedTuple):
    """Where R replicas stood at the end, and why."""

    last: Step
    kinds: Array  # (R,) of str: "converged", "out of steps", "diverged" or "stationary"
    steps: Array  # (R,) of int: the step at which it did


def endings(steps: Iterable[Step], hessian: Callable[[Array], Array]) -> Endings:
    """The ends of a stream of R replicas, params (R, D); for each the same as ``outcome`` of its whole path.

    Raises ValueError where there are no steps.
    """
    fold: _Fold | None = None
    for step in steps:
        fold = fold or _Fold(step)
        fold.see(step)
    if fold is None:
        raise ValueError("there are no steps")
    return fold.judged(hessian)


class _Fold:
    """What has to be remembered of the steps so far."""

    def __init__(self, first: Step) -> None:
        self.first = self.last = first
        replicas = len(first.loss)
        # counts from which it has held without a break, and whether a replica is frozen and since when
        self.resting_since, self.beyond_since, self.frozen_at = np.zeros((3, replicas), np.int64)
        self.frozen, self.resting, self.beyond = (np.zeros(replicas, bool) for _ in range(3))
        with np.errstate(all="ignore"):
            self.limit = THRESHOLDS["escape"] * (1 + np.abs(first.loss))

    def see(self, step: Step) -> None:
        """One step more."""
        self.last = step
        frozen: Array = np.asarray(np.isnan(step.updates).any(-1))
        self.frozen_at[frozen & ~self.frozen] = step.count
        self.frozen = frozen
        with np.errstate(all="ignore"):
            slow: Array = (_largest(step.grads) <= THRESHOLDS["slope"]) & (_largest(step.updates) <= THRESHOLDS["rest"])
            far: Array = np.abs(step.loss - self.first.loss) > self.limit
        self.resting_since[slow & ~self.resting] = step.count
        self.beyond_since[far & ~self.beyond] = step.count
        self.resting, self.beyond = slow, far

    def judged(self, hessian: Callable[[Array], Array]) -> Endings:
        """All that is known at the end."""
        last = self.last
        with np.errstate(all="ignore"):  # a run may have stopped far outside the view
            bends = eigen(hessian(last.params))[0]
            level = (bends[:, -1] <= THRESHOLDS["flat"]) & (_largest(last.grads) >= THRESHOLDS["near"] * bends[:, -1])
        unmoved = (self.first.params == last.params).all(-1)
        no_bottom = unmoved | (bends[:, 0] < -THRESHOLDS["flat"]) | level
        cases: list[tuple[Any, str, Any]] = [
            (self.frozen, "diverged", self.frozen_at),
            (self.resting & no_bottom, "stationary", self.resting_since),
            (self.resting, "converged", self.resting_since),
            (self.beyond, "diverged", self.beyond_since),
        ]
        masks, kinds, steps = zip(*cases, strict=True)
        return Endings(last, np.select(masks, kinds, "out of steps"), np.select(masks, steps, last.count))


def _largest(vectors: Array) -> Array:
    """Size (R,) of the largest component; NumPy's own reduction over a short last axis is slow."""
    largest = np.abs(vectors[:, 0])
    for column in range(1, vectors.shape[1]):
        largest = np.maximum(largest, np.abs(vectors[:, column]))
    return largest
