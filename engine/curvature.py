"""How a loss bends: the eigenvalues of its Hessian, the rates they allow, and where they say a minimum is."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engine import Array
from engine.optimizers import Optimizer, Rate
from engine.schedules import Value, checked
from engine.surfaces import Surface

REFINEMENTS = 50  # Newton steps from a grid cell to its minimum; it takes three or four unless the valley is curved
MOST_MINIMA = 32


def eigen(hessian: Array) -> tuple[Array, Array]:
    """Eigenvalues (..., D), ascending, and unit eigenvectors (..., D, D) in the columns, of symmetric (..., D, D).

    All NaN for a matrix that is not finite, as where a run overflows. Only the lower triangle is read.
    """
    hessian = np.asarray(hessian)
    finite: Array = np.asarray(np.isfinite(hessian).all(axis=(-2, -1), keepdims=True))
    # LAPACK may refuse NaN with an error, for the whole batch
    values, vectors = np.linalg.eigh(np.where(finite, hessian, 0))
    return np.where(finite[..., 0], values, np.nan), np.where(finite, vectors, np.nan)


def sharpness(hessian: Array) -> Array:
    """The largest eigenvalue (...,) of a Hessian (..., D, D): the curvature in the steepest-bending direction."""
    largest: Array = eigen(hessian)[0][..., -1]
    return largest


def largest_stable_rate(hessian: Array) -> Array:
    """2/sharpness (...,): above it gradient descent on this quadratic diverges; inf where nothing bends upwards."""
    return stable_rate("sgd", sharpness(hessian))


def stable_rate(optimizer: str, sharpness: Value, momentum: Value = 0.9) -> Array:
    """The largest learning rate (...,) at which an optimizer is stable on a quadratic of this sharpness.

    ``optimizer`` is a key of OPTIMIZERS: "sgd" 2/λ, "momentum" 2(1+β)/λ, "nesterov" (2+2β)/((1+2β)λ), from the roots
    of the characteristic polynomial (Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the
    edge of stability"), without dampening or weight decay. NaN for the others, whose limit the sharpness alone
    does not tell. Inf where the sharpness is not positive.
    """
    sharpness, momentum = np.asarray(sharpness, float), np.asarray(momentum, float)
    limits = {"sgd": 2.0, "momentum": 2 * (1 + momentum), "nesterov": (2 + 2 * momentum) / (1 + 2 * momentum)}
    limit = limits.get(optimizer, np.nan)
    bends = ~(sharpness <= 0)  # true for NaN, which is not flat but unknown
    return np.where(bends | np.isnan(limit), limit / np.where(bends, sharpness, 1), np.inf)


def hessian_vector_product(gradient: Callable[[Array], Array], params: Array, vector: Array) -> Array:
    """H v (..., D) at ``params`` (..., D) for ``vector`` (..., D), by a central difference of ``gradient``.

    The points are h v/|v| to either side, with h = ∛eps·max(1, |params|) and eps that of the params' dtype: truncation
    and rounding errors are then about equal, and the relative error about eps^(2/3), 4e-11 in float64, times the size
    of the third derivative. Zero for a zero vector. Two gradients.
    """
    params, vector = np.asarray(params), np.asarray(vector)
    length = _norm(vector)
    unit = vector / np.where(length > 0, length, 1)
    h = np.cbrt(np.finfo(params.dtype).eps) * np.maximum(1, _norm(params))
    product: Array = (gradient(params + h * unit) - gradient(params - h * unit)) * (length / (2 * h))
    return product


def _norm(vectors: Array) -> Array:
    """Euclidean norm along the last axis, which is kept."""
    norm: Array = np.sqrt(np.sum(vectors * vectors, axis=-1, keepdims=True))
    return norm


class NewtonState(NamedTuple):
    count: Any


def newton(hessian: Callable[[Array], Array], learning_rate: Rate = 1.0, damping: Value = 1e-3) -> Optimizer:
    """Newton's method, damped and saddle-free: the update is -η (|H| + damping·I)⁻¹ g.

    |H| has the absolute eigenvalues of H, so that directions that bend downwards are left as quickly as the others are
    entered, where Newton's own step would go up to the saddle (Dauphin et al. 2014, "Identifying and attacking the
    saddle point problem in high-dimensional non-convex optimization"). ``damping`` has the unit of a curvature; an
    array (R, 1) sweeps it, as it does the rate. A direction with neither curvature nor damping is not moved along;
    where H is not finite the update is -η g. ``hessian`` maps params (..., D) to (..., D, D).
    """
    rate = None if callable(learning_rate) else checked("learning_rate", learning_rate)
    damping = checked("damping", damping)

    def update(grads: Array, state: NewtonState, params: Array) -> tuple[Array, NewtonState]:
        now = learning_rate(state.count) if callable(learning_rate) else rate
        step = _saddle_free_step(hessian(params), grads, np.asarray(damping, params.dtype))
        return -np.asarray(now, params.dtype) * step, NewtonState(state.count + 1)

    return Optimizer(lambda params: NewtonState(0), update)


def _saddle_free_step(hessian: Array, grads: Array, damping: Array) -> Array:
    """(|H| + damping·I)⁻¹ g (..., D); g itself where H is not finite."""
    values, vectors = eigen(hessian)
    bend = np.abs(values) + damping
    along = np.sum(vectors * grads[..., :, None], axis=-2)  # g in the basis of the eigenvectors
    along = np.where(bend > 0, along / np.where(bend > 0, bend, 1), 0)
    step = np.sum(vectors * along[..., None, :], axis=-1)
    return np.where(np.isnan(values), grads, step)


def find_minima(surface: Surface, grid: int = 81) -> Array:
    """The local minima (K, 2) of a surface inside its view, lowest first, at most 32.

    From a ``grid`` x ``grid`` net every cell that is not above its neighbours is refined with the Hessian, and kept
    where the gradient vanishes and the Hessian is positive definite. So a kink, a flat bottom (x⁴), a curve of minima
    or a hollow narrower than two cells is not found. Values that are not finite count as high.
    """
    (x0, x1), (y0, y1) = surface.domain
    low, high = np.array((x0, y0)), np.array((x1, y1))
    x, y = np.meshgrid(np.linspace(x0, x1, grid), np.linspace(y0, y1, grid))
    with np.errstate(all="ignore"):
        points = np.stack((x, y), axis=-1)
        points = _refine(surface, points[_is_hollow(surface.value(points))])
        values, _ = eigen(surface.hessian(points))
        left = _saddle_free_step(surface.hessian(points), surface.gradient(points), np.zeros(1))
        # a Newton step that is almost nothing: the gradient vanishes on the scale of the curvature
        minimal = (np.abs(left) <= 1e-8 * (high - low)).all(-1) & (values[..., 0] > 1e-9 * values[..., 1])
        points = points[minimal & ((low <= points) & (points <= high)).all(-1)]
        points = points[np.argsort(surface.value(points), kind="stable")]
    kept: list[Array] = []
    for point in points:
        if len(kept) < MOST_MINIMA and all((np.abs(point - other) > 1e-6 * (high - low)).any() for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)


def _is_hollow(heights: Array) -> Array:
    """Which cells of (n, m) are finite and not above any of their eight neighbours; beyond the edge all is high."""
    rows, columns = heights.shape
    high = np.where(np.isfinite(heights), heights, np.inf)
    padded = np.pad(high, 1, constant_values=np.inf)
    around = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    hollow: Array = np.isfinite(heights) & (high <= np.min(around, axis=0))
    return hollow


def _refine(surface: Surface, points: Array) -> Array:
    """Saddle-free Newton steps from each of (K, 2), without damping."""
    for _ in range(REFINEMENTS):
        step = _saddle_free_step(surface.hessian(points), surface.gradient(points), np.zeros(1))
        if not step.any():
            break
        points = points - step
    return points
