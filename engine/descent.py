"""The one loop of the project: an objective, an optimizer and a start become a stream of steps."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from engine import Array, Objective
from engine.curvature import eigen
from engine.optimizers import Optimizer

# at rest: no component of the gradient (loss per unit) and none of the update (units) is larger
SLOPE, REST = 1e-4, 1e-3
ESCAPE = 1e3  # a run not at rest whose loss has moved by more than this times 1 + |first loss| has diverged


class Step(NamedTuple):
    """Everything known at one point of a run, before the update that leaves it; also a checkpoint to resume from.

    A replica whose loss, gradient or update is not finite is frozen: it stays at its last finite ``params``, ``loss``
    and ``grads``, and its ``updates`` and state are NaN from then on. NaN updates are the mark of a frozen replica.
    """

    count: Any  # int; typed loosely because every tuple already has a method of that name
    params: Array  # (..., D)
    loss: Array  # (...,)
    grads: Array  # (..., D)
    updates: Array  # (..., D); the next params are params + updates
    state: Any  # the optimizer's, as before this update


class Trajectory(NamedTuple):
    """The fields of ``Step`` stacked along a leading time axis: T+1 rows, or fewer where every replica diverged."""

    count: Any  # (T+1,)
    params: Array  # (T+1, ..., D)
    loss: Array  # (T+1, ...)
    grads: Array  # (T+1, ..., D)
    updates: Array  # (T+1, ..., D)
    state: Any


class Outcome(NamedTuple):
    """How one replica's run ended, and the count of the step at which it did."""

    kind: str  # "converged", "out of steps", "diverged" or "stationary"
    step: int


def descend(
    objective: Objective, optimizer: Optimizer, params: Array, steps: int, state: Any = None, start: int = 0
) -> Iterator[Step]:
    """Yield ``steps + 1`` Steps, the first at ``params`` itself.

    ``start`` numbers the Steps (and so the batches and the noise) and ``state`` carries the optimizer's clock:
    passing both from a Step, with its params, goes on exactly where that Step stood. (But a frozen replica is evaluated
    anew, and so shows that step's batch or noise; and SGD and Newton, whose states remember nothing, try its last
    update once more.)

    A replica that becomes non-finite is frozen at its last finite point while the others go on; when all are frozen
    the stream ends with the first Step at which they are. A start that is not finite stays as it is. Raises ValueError
    at the first Step for ``steps < 0``.
    """
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, not {steps}")
    params = np.asarray(params)
    zeros = np.zeros(params.shape[-1], params.dtype)
    state = optimizer.init(params) if state is None else state
    last: Step | None = None
    for count in range(start, start + steps + 1):
        # errstate must not be open at the yield: it would leak into the caller
        with np.errstate(all="ignore"):
            loss, grads = objective(params, count)
            updates, next_state = optimizer.update(grads, state, params)
            # inf * 0 and nan * 0 are nan: one pass instead of a reduction over a short last axis, which is slow
            here = (loss * 0 + (params + grads) @ zeros) == 0
            finite = here & (updates @ zeros == 0)
            all_finite = finite.all()
            if not all_finite:
                # NaN updates make the next params NaN, so a frozen replica lands here again at every later step
                frozen = ~finite[..., None]
                updates = np.where(frozen, np.nan, updates)
                state, next_state = (_where(frozen, np.nan, tree) for tree in (state, next_state))
                if last is not None:
                    params = np.where(here[..., None], params, last.params)
                    grads = np.where(here[..., None], grads, last.grads)
                    loss = np.where(here, loss, last.loss)
            last = Step(count, params, loss, grads, updates, state)
            params, state = params + updates, next_state
        yield last
        if not (all_finite or finite.any()):
            return


def _where(mask: Array, value: float, state: Any) -> Any:
    """A state with ``value`` in the masked rows of its arrays; its clock is common to all replicas and goes on."""
    return type(state)(*(np.where(mask, value, leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in state))


def stack(steps: Iterable[Step], every: int = 1) -> Trajectory:
    """Join Steps along a leading time axis, keeping each ``every``-th and always the last.

    Raises ValueError for ``every < 1`` and where there are no Steps.
    """
    if every < 1:
        raise ValueError(f"every must be 1 or more, not {every}")
    kept: list[Step] = []
    step = None
    for index, step in enumerate(steps):
        if index % every == 0:
            kept.append(step)
    if step is None:
        raise ValueError("there are no steps to stack")
    if kept[-1] is not step:
        kept.append(step)
    *columns, states = zip(*kept, strict=True)
    state = type(states[0])(*(np.array(leaves) for leaves in zip(*states, strict=True)))
    count, params, loss, grads, updates = (np.array(column) for column in columns)
    return Trajectory(count, params, loss, grads, updates, state)


def last_step(steps: Iterable[Step]) -> Step:
    """Run a stream to its end and keep only where it ended."""
    step = None
    for step in steps:  # noqa: B007
        pass
    if step is None:
        raise ValueError("there are no steps")
    return step


def outcome(
    trajectory: Trajectory,
    hessian: Callable[[Array], Array] | None = None,
    *,
    slope: float = SLOPE,
    rest: float = REST,
    flat: float = 1e-4,
    near: float = 1e-2,
    escape: float = ESCAPE,
) -> list[Outcome]:
    """Say how each replica ended, in the order of the flattened replica axes (one entry for a single run).

    At rest is a replica whose gradient has no component above ``slope`` in size, and whose update none above ``rest``.

    - ``diverged``: it is frozen, or it is not at rest and its last loss is further than ``escape * (1 + |first loss|)``
      from its first; the step is the first (of the rows kept) that is frozen, or the first beyond that distance.
    - ``stationary``: it is at rest, but it never moved, or ``hessian`` has an eigenvalue below ``-flat`` where it
      stands (a saddle or a top), or none above ``flat`` and no bottom nearer than ``near`` (a plateau).
    - ``converged``: it is at rest elsewhere; without ``hessian`` wherever it has moved to.
    - ``out of steps``: none of these.

    At rest, the step is the first from which it is so to the end. ``slope`` is in loss per unit of the parameters,
    ``rest`` and ``near`` in that unit, ``flat`` in loss per unit squared.
    """
    rows = len(trajectory.count)
    size = trajectory.params.shape[-1]
    params, grads, updates = (
        a.reshape(rows, -1, size) for a in (trajectory.params, trajectory.grads, trajectory.updates)
    )
    loss = trajectory.loss.reshape(rows, -1)
    singles = [
        Trajectory(trajectory.count, params[:, r], loss[:, r], grads[:, r], updates[:, r], None)
        for r in range(loss.shape[1])
    ]
    return [_outcome(single, hessian, slope, rest, flat, near, escape) for single in singles]


def _outcome(
    run: Trajectory,
    hessian: Callable[[Array], Array] | None,
    slope: float,
    rest: float,
    flat: float,
    near: float,
    escape: float,
) -> Outcome:
    frozen = np.isnan(run.updates).any(-1)
    if frozen.any():
        return Outcome("diverged", int(run.count[np.argmax(frozen)]))
    with np.errstate(over="ignore"):
        beyond = np.abs(run.loss - run.loss[0]) > escape * (1 + np.abs(run.loss[0]))
    # the largest component, not the norm: squares of 1e-170 or 1e170 would be lost
    slopes, lengths = (np.abs(vectors).max(-1) for vectors in (run.grads, run.updates))
    resting = (slopes <= slope) & (lengths <= rest)
    if not resting[-1]:
        if beyond[-1]:
            return Outcome("diverged", int(run.count[_first_of_last_stretch(beyond)]))
        return Outcome("out of steps", int(run.count[-1]))
    kind = "converged"
    if (run.params[0] == run.params[-1]).all():
        kind = "stationary"
    elif hessian is not None:
        with np.errstate(all="ignore"):  # a run may have stopped far outside the view
            bends = eigen(hessian(run.params[-1]))[0]
        # slope over curvature is the distance to the bottom: short even near the flat bottom of x⁴
        if bends[0] < -flat or (bends[-1] <= flat and slopes[-1] >= near * bends[-1]):
            kind = "stationary"
    return Outcome(kind, int(run.count[_first_of_last_stretch(resting)]))


def _first_of_last_stretch(mask: Array) -> int:
    """Index from which ``mask`` holds to the end; its last entry is known to hold."""
    gaps = np.flatnonzero(~mask)
    return int(gaps[-1]) + 1 if gaps.size else 0
