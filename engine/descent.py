"""The one loop of the project: an objective, an optimizer and a start become a stream of steps."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from engine import Array, Objective
from engine.optimizers import Optimizer


class Step(NamedTuple):
    """Everything known at one point of a run, before the update that leaves it; also a checkpoint to resume from.

    A replica that has become non-finite stays at its last finite ``params``, ``loss`` and ``grads``; its ``updates``
    and state are NaN from then on, since no update leads anywhere finite.
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
    passing both from a Step, with its params, goes on exactly where that Step stood.

    A replica that becomes non-finite is frozen at its last finite point while the others go on; when all are frozen
    the stream ends with the first Step at which they are. Raises ValueError for ``steps < 0``.
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
            finite = (loss * 0 + grads @ zeros) == 0
            if not np.all(finite):
                # NaN updates make the next params NaN, so a frozen replica lands here again at every later step
                frozen = ~finite[..., None]
                updates = np.where(frozen, np.nan, updates)
                state, next_state = (_where(frozen, np.nan, tree) for tree in (state, next_state))
                if last is not None:
                    params = np.where(frozen, last.params, params)
                    grads = np.where(frozen, last.grads, grads)
                    loss = np.where(finite, loss, last.loss)
            last = Step(count, params, loss, grads, updates, state)
            params, state = params + updates, next_state
        yield last
        if not np.any(finite):
            return


def _where(mask: Array, value: float, state: Any) -> Any:
    """A state with ``value`` in the masked rows of its arrays; its clock is common to all replicas and goes on."""
    return type(state)(*(np.where(mask, value, leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in state))


def stack(steps: Iterable[Step], every: int = 1) -> Trajectory:
    """Join Steps along a leading time axis, keeping each ``every``-th and always the last."""
    kept: list[Step] = []
    step = None
    for index, step in enumerate(steps):
        if index % every == 0:
            kept.append(step)
    if step is None:
        raise ValueError("there are no steps to stack")
    if kept[-1] is not step:
        kept.append(step)
    count, params, loss, grads, updates, states = zip(*kept, strict=True)
    state = type(states[0])(*(np.array(leaves) for leaves in zip(*states, strict=True)))
    return Trajectory(*map(np.array, (count, params, loss, grads, updates)), state)  # type: ignore[arg-type]


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
    slope: float = 1e-4,
    flat: float = 1e-6,
    escape: float = 1e3,
) -> list[Outcome]:
    """Say how each replica ended, in the order of the flattened replica axes (one entry for a single run).

    - ``diverged``: it became non-finite, or its last loss is further than ``escape * (1 + |first loss|)`` from its
      first; the step is the first that is frozen, or the first beyond that distance.
    - ``stationary``: the gradient's norm is at most ``slope`` where it ended, but it never moved, or it stands where
      ``hessian`` has an eigenvalue below ``-flat`` (a saddle or a top) or none above ``flat`` (a plateau).
    - ``converged``: the same small gradient with curvature that goes up. Without ``hessian`` the slope alone counts.
    - ``out of steps``: none of these.

    ``slope`` is in loss per unit of the parameters, ``flat`` in loss per unit squared.
    """
    rows = len(trajectory.count)
    size = trajectory.params.shape[-1]
    params, grads, updates = (
        a.reshape(rows, -1, size) for a in (trajectory.params, trajectory.grads, trajectory.updates)
    )
    loss = trajectory.loss.reshape(rows, -1)
    return [
        _outcome(trajectory.count, params[:, r], loss[:, r], grads[:, r], updates[:, r], hessian, slope, flat, escape)
        for r in range(loss.shape[1])
    ]


def _outcome(
    count: Array,
    params: Array,
    loss: Array,
    grads: Array,
    updates: Array,
    hessian: Callable[[Array], Array] | None,
    slope: float,
    flat: float,
    escape: float,
) -> Outcome:
    # a frozen row repeats the point before it; NaN updates alone may also be an overflow in the last step taken
    repeats = np.concatenate([[not np.isfinite(loss[0])], (params[1:] == params[:-1]).all(-1)])
    frozen = np.isnan(updates).any(-1) & repeats
    if frozen.any():
        return Outcome("diverged", int(count[np.argmax(frozen)]))
    beyond = np.abs(loss - loss[0]) > escape * (1 + np.abs(loss[0]))
    if beyond[-1]:
        return Outcome("diverged", int(count[_first_of_last_stretch(beyond)]))
    small = np.linalg.norm(grads, axis=-1) <= slope
    if not small[-1]:
        return Outcome("out of steps", int(count[-1]))
    arrival = int(count[_first_of_last_stretch(small)])
    if (params[0] == params[-1]).all():
        return Outcome("stationary", arrival)
    if hessian is not None:
        curvature = np.linalg.eigvalsh(hessian(params[-1]))
        if curvature[0] < -flat or curvature[-1] <= flat:
            return Outcome("stationary", arrival)
    return Outcome("converged", arrival)


def _first_of_last_stretch(mask: Array) -> int:
    """Index from which ``mask`` holds to the end; its last entry is known to hold."""
    gaps = np.flatnonzero(~mask)
    return int(gaps[-1]) + 1 if gaps.size else 0
