"""How the learning rate changes over a run: a schedule maps the optimizer's count (from 0) to a rate.

Every factory takes the peak ``rate`` (a number, or an array ``(R, 1)`` for a sweep) and ``steps``, the length of the
run; the further arguments are fractions of one or the other, so that a schedule keeps its form when the run grows.
Counts past the end stay at the last value. The first update is made at ``schedule(0)``, as in PyTorch. Every factory
raises ValueError for values without meaning.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from engine import Array

Value: TypeAlias = float | Array
"""A number, or one number a replica: an array ``(R, 1)``."""

Schedule: TypeAlias = Callable[[int], Value]
"""``count -> rate``; ``count`` is 0 at the first update."""


def checked(name: str, value: Value, below: float = math.inf) -> Array:
    """A float64 copy of a hyper-parameter, shape ``()`` or ``(..., 1)``; ValueError unless 0 <= value < ``below``."""
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be a number or an array of numbers, not {value!r}.")
    if numbers.ndim and numbers.shape[-1] != 1:
        # A shape (R,) would be taken for one value a weight, silently so where R = D.
        raise ValueError(f"{name} as an array must have a last axis of length 1, as (R, 1), not shape {numbers.shape}.")
    legal = (numbers >= 0) & (numbers < below)
    if not legal.all():
        limit = "finite" if below == math.inf else f"below {below:g}"
        raise ValueError(f"{name} must be at least 0 and {limit}, not {numbers[~legal][0]}.")
    return np.array(numbers, np.float64)


def _scaled(rate: Value, last: int, factor: Callable[[int], float]) -> Schedule:
    """``rate * factor(count)``, which stays as it is from the count ``last`` on."""
    rates = checked("rate", rate)
    return lambda count: rates * factor(min(count, last))


def _check_steps(steps: int) -> None:
    if not isinstance(steps, int | np.integer) or steps < 1:
        raise ValueError(f"steps must be a whole number of at least 1, not {steps!r}.")


def _cosine_between(first: float, last: float, progress: float) -> float:
    """Half a cosine wave from ``first`` (progress 0) to ``last`` (progress 1)."""
    return last + (first - last) * (1 + math.cos(math.pi * progress)) / 2


def constant(rate: Value, steps: int) -> Schedule:
    """The same rate at every step."""
    _check_steps(steps)
    return _scaled(rate, steps, lambda count: 1.0)


def step(rate: Value, steps: int, drop: float = 0.5, every: float = 0.25) -> Schedule:
    """Multiply the rate by ``drop`` each time another ``every * steps`` steps are done (PyTorch's StepLR)."""
    _check_steps(steps)
    checked("drop", drop)
    checked("every", every)
    interval = max(1, round(every * steps))
    return _scaled(rate, steps, lambda count: drop ** (count // interval))


def exponential(rate: Value, steps: int, final: float = 0.01) -> Schedule:
    """Multiply the rate by one and the same factor at each step, to ``final * rate`` after ``steps`` (ExponentialLR).

    A ``final`` above 1 makes the growing rate of a learning-rate range test (Smith, 2017).
    """
    _check_steps(steps)
    checked("final", final)
    return _scaled(rate, steps, lambda count: final ** (count / steps))


def cosine(rate: Value, steps: int, floor: float = 0.0) -> Schedule:
    """Half a cosine wave from ``rate`` to ``floor * rate`` after ``steps`` (Loshchilov and Hutter, 2017).

    PyTorch's CosineAnnealingLR, which goes up again past the end; this one stays down.
    """
    _check_steps(steps)
    checked("floor", floor)
    return _scaled(rate, steps, lambda count: _cosine_between(1.0, floor, count / steps))


def warmup(rate: Value, steps: int, fraction: float = 0.1) -> Schedule:
    """A straight ramp over the first ``fraction * steps`` steps, then ``rate`` (Goyal et al., 2017; LinearLR).

    The ramp's first rate is its first rung, not 0: a step at rate 0 would be a gradient paid for and thrown away.
    """
    _check_steps(steps)
    checked("fraction", fraction)
    ramp = max(1, round(fraction * steps))
    return _scaled(rate, steps, lambda count: min(1.0, (count + 1) / ramp))


def one_cycle(rate: Value, steps: int, peak: float = 0.3, start: float = 0.04, floor: float = 4e-6) -> Schedule:
    """From ``start * rate`` up to ``rate`` at ``peak * steps``, then down to ``floor * rate`` (Smith, 2018).

    Both ways are half cosine waves. PyTorch's OneCycleLR, which also cycles the momentum the other way; this one leaves
    it alone.
    """
    _check_steps(steps)
    checked("peak", peak, below=1)
    checked("start", start)
    checked("floor", floor)
    top, last = max(0.0, peak * steps - 1), steps - 1

    def factor(count: int) -> float:
        if count < top:
            return _cosine_between(start, 1.0, count / top)
        return _cosine_between(1.0, floor, (count - top) / (last - top) if last > top else 0.0)

    return _scaled(rate, last, factor)


@dataclass(frozen=True)
class ScheduleEntry:
    """A schedule in the menu; call it with ``(rate, steps, …)``."""

    label: str
    description: str
    factory: Callable[..., Schedule]

    def __call__(self, rate: Value, steps: int, *args: Any, **options: Any) -> Schedule:
        return self.factory(rate, steps, *args, **options)


SCHEDULES: dict[str, ScheduleEntry] = {
    "constant": ScheduleEntry("Constant", "The same rate at every step.", constant),
    "step": ScheduleEntry("Step", "The rate drops by a factor at even intervals.", step),
    "exponential": ScheduleEntry("Exponential", "The rate shrinks by the same factor at every step.", exponential),
    "cosine": ScheduleEntry("Cosine", "The rate falls along half a cosine wave: slowly, fast, slowly.", cosine),
    "warmup": ScheduleEntry("Warm-up", "The rate climbs in a straight line at first, then stays.", warmup),
    "one_cycle": ScheduleEntry("One cycle", "The rate climbs to its peak, then falls to almost nothing.", one_cycle),
}
