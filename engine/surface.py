"""What a loss surface over two weights is: its height, slope and curvature, where to look at it and where to start."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from engine import Array
from engine.polynomials import Column, Pair, Triple

View: TypeAlias = tuple[tuple[float, float], tuple[float, float]]


class Parameter(NamedTuple):
    """A number that shapes a surface, with its legal interval; ``log`` where a slider should move in decades."""

    name: str
    default: float
    low: float
    high: float
    log: bool


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss over two weights. Points are (..., 2), float64 or float32, and so are the results.

    Everything is computed point by point: bit for bit the same alone and in a batch. Far outside the view a value may
    overflow to inf or NaN, with NumPy's warnings unless the caller silences them.
    """

    label: str
    formula: str  # LaTeX
    words: str  # the same as plain text, in x and y
    teaches: str
    value: Callable[[Array], Array]  # (..., 2) -> (...,)
    gradient: Callable[[Array], Array]  # (..., 2) -> (..., 2)
    hessian: Callable[[Array], Array]  # (..., 2) -> (..., 2, 2)
    domain: View  # the part worth looking at; runs may leave it
    start: Array  # (2,)
    minima: Array  # (K, 2): the minima in the view, a global one first; K may be 0
    rate: float = 0.01  # a learning rate at which plain gradient descent gets somewhere from the start
    parameters: tuple[Parameter, ...] = ()
    bounded: bool = True  # False: outside the view the loss falls below every minimum, without end
    value_and_gradient: Callable[[Array], tuple[Array, Array]] | None = None  # where that is quicker than one by one
    distance_to_curve: Callable[[Array], Array] | None = None  # where minima form a curve; ``minima`` lie on it then

    def __post_init__(self) -> None:
        for name, shape in (("start", (2,)), ("minima", (-1, 2))):
            points = np.array(getattr(self, name), dtype=float).reshape(shape)
            points.flags.writeable = False
            object.__setattr__(self, name, points)

    def objective(self, params: Array, count: int) -> tuple[Array, Array]:
        """The surface as an Objective: loss (...,) and gradient (..., 2), the same at every ``count``."""
        if self.value_and_gradient is None:
            return self.value(params), self.gradient(params)
        return self.value_and_gradient(params)

    def distance(self, points: Array) -> Array:
        """Euclidean distance (...,) from each point to the nearest minimum, local ones too; NaN where there is none."""
        if self.distance_to_curve is not None:
            return self.distance_to_curve(points)
        x, y = columns(points)
        nearest = np.full_like(x, inf if len(self.minima) else nan)
        for mx, my in self.minima.tolist():
            nearest = np.minimum(nearest, (x - mx) * (x - mx) + (y - my) * (y - my))
        distance: Array = np.sqrt(nearest)
        return distance

    @property
    def lowest(self) -> float:
        """The loss at the global minimum; NaN where there is no minimum or the loss is unbounded below."""
        if not self.bounded or not len(self.minima):
            return nan
        return float(np.min(self.value(self.minima)))


def columns(points: Array) -> Pair:
    """x and y: contiguous, as NumPy's vector loops like them, and scalars, not slow 0-d arrays, for a single point."""
    points = np.asarray(points)
    if points.dtype.kind != "f":
        points = points.astype(float)
    return +points[..., 0], +points[..., 1]


def on_points(
    value: Callable[[Column, Column], Column],
    gradient: Callable[[Column, Column], Pair],
    hessian: Callable[[Column, Column], Triple],
    both: Callable[[Column, Column], tuple[Column, Pair]] | None = None,
) -> dict[str, Any]:
    """Surface's functions of points (..., 2), by field name, made from functions of x and y.

    ``both`` gives value and gradient together, bit for bit what they give apart, where it is quicker.
    """
    together = both or (lambda x, y: (value(x, y), gradient(x, y)))

    def value_at(points: Array) -> Column:
        return value(*columns(points))

    def gradient_at(points: Array) -> Array:
        x, y = columns(points)
        return _vector(x, gradient(x, y))

    def hessian_at(points: Array) -> Array:
        x, y = columns(points)
        out = np.empty((*x.shape, 2, 2), x.dtype)
        xx, xy, yy = hessian(x, y)
        out[..., 0, 0], out[..., 0, 1], out[..., 1, 0], out[..., 1, 1] = xx, xy, xy, yy
        return out

    def both_at(points: Array) -> tuple[Array, Array]:
        x, y = columns(points)
        loss, slope = together(x, y)
        return loss, _vector(x, slope)

    return {"value": value_at, "gradient": gradient_at, "hessian": hessian_at, "value_and_gradient": both_at}


def _vector(x: Column, gradient: Pair) -> Array:
    out = np.empty((*x.shape, 2), x.dtype)  # filled, which is quicker than np.stack
    out[..., 0], out[..., 1] = gradient
    return out
