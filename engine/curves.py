"""Losses of a single weight: height, slope and curvature, where to look at each and where to start.

With one weight all of gradient descent fits under a curve: near a minimum with curvature λ = L″ a step multiplies the
distance to it by 1 − αλ, so descent settles there for α < 2/λ and not above (Goodfellow, Bengio and Courville, Deep
Learning, 2016, section 4.3).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from engine import Array

SEARCHED = np.linspace(-12.0, 12.0, 2402)  # where minima are sought; an even count keeps 0, a likely root, off the net

ROUNDING = 1e-12  # a root as near to 0 as this is 0


@dataclass(frozen=True, eq=False)
class Curve:
    """A loss L(w) with its derivatives, element by element, float64 or float32; far outside the view they overflow."""

    label: str
    formula: str  # LaTeX, of L
    slope_formula: str  # LaTeX, of ∂L/∂w
    teaches: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]  # loss per unit of the weight
    curvature: Callable[[Array], Array]  # loss per unit of the weight squared
    view: tuple[float, float]  # the weights worth looking at; runs may leave them
    start: float
    quadratic: bool = False  # the curvature is the same everywhere, so 1 − αλ holds far from the minimum too
    minima: Array = field(init=False)  # (K,), ascending

    def __post_init__(self) -> None:
        slopes = self.slope(SEARCHED)
        rises = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] > 0))
        roots = [brentq(self.slope, SEARCHED[i], SEARCHED[i + 1], xtol=1e-15) for i in rises]
        minima = np.where(np.abs(roots) < ROUNDING, 0.0, roots)
        minima.flags.writeable = False
        object.__setattr__(self, "minima", minima)

    def objective(self, params: Array, count: int) -> tuple[Array, Array]:
        """The curve as an Objective over params (..., 1), the same at every ``count``."""
        w = params[..., 0]
        return self.value(w), self.slope(w)[..., None]

    def hessian(self, params: Array) -> Array:
        """The curvature at params (..., 1) as a matrix (..., 1, 1)."""
        return self.curvature(params[..., 0])[..., None, None]

    def valley(self, w: float) -> float:
        """The minimum to which the ground leads down from ``w``; on a top, or beyond the last, the nearest."""
        slope = float(self.slope(np.array(w)))
        downhill = self.minima[(self.minima - w) * slope < 0]
        candidates = downhill if downhill.size else self.minima
        return float(candidates[np.argmin(np.abs(candidates - w))])

    def largest_stable_rate(self, w: float) -> float:
        """2/L″ at the minimum of the valley in which ``w`` lies: above it descent doesn't settle there."""
        return float(2 / self.curvature(np.array(self.valley(w))))


def _log_cosh(w: Array) -> Array:
    """log cosh w without the overflow of cosh."""
    size = np.abs(w)
    loss: Array = size + np.log1p(np.exp(-2 * size)) - np.log(2).astype(size.dtype)
    return loss


TILT = 0.3  # of the double well, so that one of its minima is the lower
DEPTH = 0.1  # curvature of the bowl under the waves, halved: the smaller, the more local minima

CURVES: dict[str, Curve] = {
    "parabola": Curve(
        label="Parabola",
        formula="w^2",
        slope_formula="2w",
        teaches="The curvature is the same everywhere, so every step multiplies the distance to the minimum by one "
        "and the same factor, 1 − αλ.",
        value=np.square,
        slope=lambda w: 2 * w,
        curvature=lambda w: np.full_like(w, 2),
        view=(-2.0, 2.0),
        start=1.2,
        quadratic=True,
    ),
    "double_well": Curve(
        label="Two valleys",
        formula=f"(w^2 - 1)^2 + {TILT}w",
        slope_formula=f"4w(w^2 - 1) + {TILT}",
        teaches="The slope knows nothing of the other valley, which is deeper. A step that is too long may leap the "
        "ridge, and land there by luck.",
        value=lambda w: np.square(np.square(w) - 1) + TILT * w,
        slope=lambda w: 4 * w * (np.square(w) - 1) + TILT,
        curvature=lambda w: 12 * np.square(w) - 4,
        view=(-1.8, 1.8),
        start=1.7,
    ),
    "steep_wall": Curve(
        label="One steep wall",
        formula="e^w - w - 1",
        slope_formula="e^w - 1",
        teaches="On the left the slope is hardly more than 1 and descent is slow; on the right it grows without bound, "
        "and a rate that is good at the bottom throws the ball far out.",
        value=lambda w: np.expm1(w) - w,
        slope=np.expm1,
        curvature=np.exp,
        view=(-5.0, 2.2),
        start=1.0,
    ),
    "log_cosh": Curve(
        label="Round bottom, straight walls",
        formula=r"\log\cosh w",
        slope_formula=r"\tanh w",
        teaches="The slope is never more than 1, so no step is longer than α: too large a rate bounces for ever, but "
        "does not diverge.",
        value=_log_cosh,
        slope=np.tanh,
        curvature=lambda w: 1 - np.square(np.tanh(w)),
        view=(-4.0, 4.0),
        start=3.0,
    ),
    "waves": Curve(
        label="Waves",
        formula=rf"{DEPTH}w^2 + 1 - \cos 2w",
        slope_formula=rf"{2 * DEPTH}w + 2\sin 2w",
        teaches="The first hollow on the way holds a small step for good; a longer one hops from hollow to hollow.",
        value=lambda w: DEPTH * np.square(w) + 1 - np.cos(2 * w),
        slope=lambda w: 2 * DEPTH * w + 2 * np.sin(2 * w),
        curvature=lambda w: 2 * DEPTH + 4 * np.cos(2 * w),
        view=(-5.0, 5.0),
        start=4.4,
    ),
}
"""Losses of one weight, in the order of the menu."""
