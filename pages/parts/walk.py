"""A walk by hand as plain values: what its link holds, where a step leads, and what can be said at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from engine import Array
from engine.descent import Trajectory
from engine.limits import RATES_PER_DECADE
from engine.optimizers import SGDState
from engine.surfaces import SURFACES, Surface, View
from pages.parts.link import NUMBER
from pages.parts.words import number, point

Point: TypeAlias = tuple[float, float]

BUDGET = 15
"""Steps that a walker may take."""

LANDSCAPES = (
    "himmelblau", "styblinski_tang", "rosenbrock", "booth", "twin_wells", "three_hump_camel", "beale", "griewank",
)  # fmt: skip
"""Where one can walk, numbered from 1: square views with a slope nearly everywhere and a lowest point."""

LONGEST = 80  # characters that a link may spend on one point
DIGITS = 4  # significant digits of a position: what the link holds is where the walker stands


@dataclass(frozen=True)
class Walk:
    """A link's rule for a walk: at most BUDGET points ``x,y`` after the start, with ``;`` between them, in a view."""

    view: View

    def read(self, text: str) -> tuple[str | None, str | None]:
        """See ``link.Rule.read``."""
        points = parse(text)
        if points is None:
            return None, "is not a list of points like 1,2;1.5,2; the walk begins again"
        inside = tuple(confine(self.view, p) for p in points[:BUDGET])
        if len(points) > BUDGET:
            return spell(inside), f"has more than {BUDGET} steps; the first {BUDGET} are used"
        if inside != points:
            return spell(inside), "leaves the map; those points were moved to its edge"
        return text, None


def parse(text: str) -> tuple[Point, ...] | None:
    """The points that a link spells, or None where it spells none."""
    if len(text) > LONGEST * (BUDGET + 1):
        return None
    pairs = [pair.split(",") for pair in text.split(";")]
    if not all(len(pair) == 2 and all(NUMBER.fullmatch(part) for part in pair) for pair in pairs):
        return None
    points = tuple((float(x), float(y)) for x, y in pairs)
    return points if np.isfinite(points).all() else None


def spell(points: Sequence[Point]) -> str:
    """The points as a link holds them.

    >>> spell([(1.5, -2.0), (0.3333, 1e-05)])
    '1.5,-2;0.3333,1e-05'
    """
    return ";".join(f"{x:.{DIGITS}g},{y:.{DIGITS}g}" for x, y in points)


def confine(view: View, p: Point) -> Point:
    """The point of the view nearest to ``p``."""
    x, y = (min(max(value, low), high) for value, (low, high) in zip(p, view, strict=True))
    return x, y


def landscape(index: int) -> tuple[str, Surface]:
    """Key and Surface of the landscape numbered ``index``, from 1; the numbers go round."""
    key = LANDSCAPES[(index - 1) % len(LANDSCAPES)]
    return key, SURFACES[key]


def usual_length(surface: Surface) -> float:
    """A step with which a walk can cross the view and stop near any point of it: about a twelfth of its width.

    It is one of the values at which a slider in decades stops.
    """
    (low, high), _ = surface.domain
    stop = round(RATES_PER_DECADE * np.log10((high - low) / 12)) / RATES_PER_DECADE
    return float(f"{10**stop:.2g}")


def step(surface: Surface, here: Point, direction: Sequence[float], length: float) -> Point | None:
    """Where ``length`` in ``direction`` leads, cut short at the edge of the view; None where it leads nowhere new."""
    towards = np.asarray(direction, dtype=float)
    size = float(np.hypot(*towards))
    if not 0 < size < np.inf:
        return None
    move = length * (towards / size)
    low, high = np.array(surface.domain).T
    with np.errstate(all="ignore"):
        room = np.where(move > 0, (high - here) / move, np.where(move < 0, (low - here) / move, np.inf))
    reached = here + min(1.0, float(room.min())) * move
    x, y = (float(f"{value:.{DIGITS}g}") for value in reached)
    there = confine(surface.domain, (x, y))
    return None if there == here else there


def downhill(surface: Surface, here: Point) -> Array:
    """The direction (2,) against the slope at ``here``; zeros where the ground is level."""
    return -surface.gradient(np.array(here))


def trajectory(surface: Surface, points: Sequence[Point]) -> Trajectory:
    """The walk over ``points``, its start first, as the loop of ``descend`` would have recorded it."""
    params = np.array(points, dtype=float)
    loss, grads = surface.objective(params, 0)
    updates = np.diff(params, axis=0, append=params[-1:])
    count = np.arange(len(params))
    return Trajectory(count, params, loss, grads, updates, SGDState(count))


def verdict(surface: Surface, hand: Trajectory, descent: Trajectory) -> list[str]:
    """Who ended lower and by how much, how far from a minimum each is, and what each could know: a sentence each."""
    return [_lower(hand, descent), *_distances(surface, hand, descent), _known(hand, descent)]


def _lower(hand: Trajectory, descent: Trajectory) -> str:
    yours, its = float(hand.loss[-1]), float(descent.loss[-1])
    if number(yours) == number(its):
        return f"You and gradient descent ended at the same height, {number(its)}."
    who = "You ended lower than gradient descent" if yours < its else "Gradient descent ended lower than you"
    lower, higher = sorted((yours, its))
    return f"{who}, by {number(higher - lower)}: height {number(lower)} against {number(higher)}."


def _distances(surface: Surface, hand: Trajectory, descent: Trajectory) -> list[str]:
    ends = np.stack([hand.params[-1], descent.params[-1]])
    yours, its = (number(float(d)) for d in surface.distance(ends))
    sentences = [f"You stand {yours} from the nearest minimum, gradient descent {its}."]
    heights = surface.value(surface.minima)
    nearest = np.linalg.norm(ends[:, None] - surface.minima, axis=-1).argmin(-1)
    # minima that differ by rounding alone are equally deep
    if (heights[nearest] > heights.min() + 1e-6 * (1 + abs(heights.min()))).any():
        lowest = surface.minima[heights.argmin()]
        sentences.append(
            f"The lowest point of all is at {point(lowest)}, height {number(float(heights.min()))}: "
            "in the fog no valley shows that another one is deeper."
        )
    return sentences


def _known(hand: Trajectory, descent: Trajectory) -> str:
    yours, its = len(hand.count), len(descent.count)
    each = f"Each of you felt {yours}" if yours == its else f"You felt {yours} and gradient descent {its}"
    return f"{each} heights and slopes, one at each point stood on, and knew nothing of the ground between them."
