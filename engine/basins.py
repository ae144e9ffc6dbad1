"""Where every start of a grid ends: the minimum that it reaches, and how soon; or why it reaches none."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.descent import ESCAPE, REST, SLOPE, Step, descend
from engine.experiment import Run, objective_of, optimizer_of, surface_of
from engine.surface import View, columns
from engine.surfaces import Surface

DIVERGED, MOVING, ELSEWHERE, UNDEFINED = -1, -2, -3, -4
STAY = 10  # steps at the end that a run must spend in its minimum's circle: one that flies through has not arrived
BLOCK = 8000  # starts that descend together: their arrays fit a processor's cache
STRETCH = 25  # steps between two looks at which minimum is nearest


class Basins(NamedTuple):
    """What became of every start of a grid; row i of each array is at the i-th y, from low to high.

    A label is an index into the surface's ``minima``: the run entered the circle of radius ``reach`` round it and was
    inside from step ``steps`` to the last (for ten steps at least, unless it came to rest). Or it is

    - DIVERGED: a loss, gradient or update that is not finite, at step ``steps``; or, not at rest, a loss out of all
      proportion to the first, as in ``engine.descent.outcome``;
    - ELSEWHERE: at rest, as there, but at no minimum of the list: a saddle, a plateau, a minimum outside the view;
    - UNDEFINED: the loss or its gradient at the start is not a finite number;
    - MOVING: none of these after all steps.
    """

    labels: Array  # (H, W) int16
    steps: Array  # (H, W) int32; all the run's steps where there is no such step
    ends: Array  # (H, W, 2) the last finite points


def axes(box: View, size: tuple[int, int]) -> tuple[Array, Array]:
    """x (W,) and y (H,) of the starts, which are the centres of H × W pixels (``size``) that fill ``box``.

    Rounded to a ten thousandth of a pixel's decade, so that a start is a number which a reader can type.
    """
    (x0, x1), (y0, y1) = box
    return _centres(x0, x1, size[1]), _centres(y0, y1, size[0])


def _centres(low: float, high: float, count: int) -> Array:
    pixel = (high - low) / count
    digits = 4 - int(np.floor(np.log10(pixel)))
    return np.asarray(np.round(low + pixel * (np.arange(count) + 0.5), digits))


def reach(surface: Surface) -> float:
    """Radius of the circle round each minimum: a fiftieth of the view, or a quarter of the way to the next minimum.

    Not zero, since at a constant rate Adam, Lion and the like keep on circling a minimum, about a rate away from it.
    """
    radius = min(high - low for low, high in surface.domain) / 50
    gaps = np.hypot(*np.moveaxis(surface.minima[:, None] - surface.minima, -1, 0))
    gaps = gaps[gaps > 0]
    return float(min(radius, gaps.min() / 4)) if gaps.size else radius


def basins(run: Run, box: View, size: tuple[int, int], rows: tuple[int, int] | None = None) -> Basins:
    """Let ``run`` descend from each of H × W starts in ``box``, whatever its own start; or from ``rows`` (from, to).

    Each start ends where it would end alone, to the last bit. Paths are not kept. Raises ValueError where the box is
    empty.
    """
    (x0, x1), (y0, y1) = box
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"the box must have a width and a height, not x {x0} to {x1}, y {y0} to {y1}")
    x, y = axes(box, size)
    y = y if rows is None else y[slice(*rows)]
    starts = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    parts = [settle(run, starts[first : first + BLOCK]) for first in range(0, len(starts), BLOCK)]
    labels, steps, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
    shape = (len(y), len(x))
    return Basins(labels.reshape(shape), steps.reshape(shape), ends.reshape(*shape, 2))


def band(block: tuple[Run, View, tuple[int, int], tuple[int, int]]) -> Basins:
    """``basins(*block)``: some rows of a map, as a block of work for ``engine.parallel.spread``."""
    return basins(*block)


def join(bands: Iterable[Basins]) -> Basins:
    """Bands of rows, from the lowest up, as one."""
    return Basins(*(np.concatenate(column) for column in zip(*bands, strict=True)))


def uncertainty(labels: Array, distances: tuple[int, ...] = (1,)) -> Array:
    """For each distance in pixels the share of starts whose fate differs from that of the start so far to the right or
    above, of labels (H, W); the starts are the same for all distances.
    """
    rows, columns = (side - max(distances) for side in labels.shape)
    here = labels[:rows, :columns]
    shares = [
        (np.mean(here != labels[:rows, far : columns + far]) + np.mean(here != labels[far : rows + far, :columns])) / 2
        for far in distances
    ]
    return np.array(shares)


def border_dimension(labels: Array, distances: tuple[int, ...] = (1, 2, 4, 8)) -> float:
    """Dimension of the border between the regions of labels (H, W): 1 for a smooth line, up to 2; NaN without a border.

    Two less the exponent with which ``uncertainty`` grows with distance, fitted over ``distances`` in pixels (McDonald,
    Grebogi, Ott and Yorke 1985, "Fractal basin boundaries"). Detail finer than a pixel is not seen.
    """
    shares = uncertainty(labels, distances)
    if not (shares > 0).all():
        return np.nan
    return float(2 - np.polyfit(np.log(distances), np.log(shares), 1)[0])


def settle(run: Run, starts: Array) -> Basins:
    """What becomes of starts (N, 2), in any order: labels (N,), steps (N,) and ends (N, 2)."""
    surface = surface_of(run)
    since = _Since(surface, len(starts))
    alive = np.zeros(len(starts), np.int32)
    first = step = None
    for step in descend(objective_of(run), optimizer_of(run), starts, run.steps):
        first = first or step
        alive += ~np.isnan(step.updates[:, 0])
        since.see(step.params)
    assert first is not None and step is not None
    nearest, entered = since.told()
    labels = _judged(first, step, alive, nearest, entered, run.steps)
    steps = np.where(labels >= 0, entered, np.where(labels == DIVERGED, np.minimum(alive, run.steps), run.steps))
    steps[labels == UNDEFINED] = 0
    return Basins(labels, steps.astype(np.int32), step.params)


def _judged(first: Step, last: Step, alive: Array, nearest: Array, entered: Array, steps: int) -> Array:
    frozen = np.isnan(last.updates[:, 0])
    with np.errstate(all="ignore"):
        resting = (np.abs(last.grads).max(-1) <= SLOPE) & (np.abs(last.updates).max(-1) <= REST)
        beyond = np.abs(last.loss - first.loss) > ESCAPE * (1 + np.abs(first.loss))
    arrived = (entered <= max(steps - STAY, 0)) | ((entered <= steps) & resting)
    kinds = [alive == 0, frozen, arrived, resting, beyond]
    return np.select(kinds, [UNDEFINED, DIVERGED, nearest, ELSEWHERE, DIVERGED], MOVING).astype(np.int16)


class _Since:
    """The step from which each replica has been inside the circle of the minimum that is nearest to it now.

    Which one that is, is asked once for a stretch of steps: who is in a circle is nearest to its minimum, so a minimum
    that was not the nearest at the end of the stretch before has been entered in this one.
    """

    def __init__(self, surface: Surface, count: int) -> None:
        self.minima = surface.minima if len(surface.minima) else np.full((1, 2), np.inf)  # inf: nobody is inside
        self.curve = surface.distance_to_curve
        self.reach = reach(surface)
        self.count = 0
        self.recent: list[Array] = []
        self.nearest = np.zeros(count, np.int16)
        self.since = np.zeros(count, np.int32)

    def see(self, params: Array) -> None:
        """Where all of them stand at the next step."""
        self.recent.append(params)
        if len(self.recent) == STRETCH:
            self._look()

    def told(self) -> tuple[Array, Array]:
        """Index of the nearest minimum, and the step; one past the last step where it is not inside at the end."""
        if self.recent:
            self._look()
        return self.nearest, self.since

    def _look(self) -> None:
        with np.errstate(all="ignore"):  # a replica may stand where squares overflow
            last = self.recent[-1]
            nearest = self._nearest(last)
            self.since[nearest != self.nearest] = self.count
            inside = self._in_circle(nearest) if self.curve is None else self._by_curve(self.curve, last, nearest)
            for params in self.recent:
                self.count += 1
                np.copyto(self.since, self.count, where=~inside(params))
        self.nearest = nearest
        self.recent = []

    def _in_circle(self, nearest: Array) -> Callable[[Array], Array]:
        centre = self.minima[nearest]

        def inside(params: Array) -> Array:
            away = params - centre
            away *= away
            return np.asarray(away[:, 0] + away[:, 1] <= self.reach * self.reach)

        return inside

    def _by_curve(self, distance: Callable[[Array], Array], last: Array, nearest: Array) -> Callable[[Array], Array]:
        """The distance to a curve is slow, and seldom needed: it changes by no more than the point moves."""
        at_last = distance(last)

        def inside(params: Array) -> Array:
            moved = np.hypot(*(params - last).T)
            within = at_last + moved <= self.reach
            unsure = np.flatnonzero(~within & (at_last - moved <= self.reach))
            some = params[unsure]
            within[unsure] = (distance(some) <= self.reach) & (self._nearest(some) == nearest[unsure])
            return np.asarray(within)

        return inside

    def _nearest(self, params: Array) -> Array:
        x, y = columns(params)
        nearest, least = np.zeros(len(params), np.int16), np.full(len(params), np.inf)
        for index, (mx, my) in enumerate(self.minima.tolist()):
            squares = (x - mx) * (x - mx) + (y - my) * (y - my)
            closer = squares < least
            np.copyto(least, squares, where=closer)
            np.copyto(nearest, index, where=closer)
        return nearest
