"""Quadratic surfaces: what a rate and a momentum must do there, and the curvature that limits the rate elsewhere.

On a quadratic each eigenvalue λ of the Hessian makes a recursion of its own. For heavy ball its roots are those of
z² − (1 + β − αλ) z + β, for Nesterov of z² − (1 + β)(1 − αλ) z + β(1 − αλ); the error shrinks, in the long run, by the
largest of their sizes at every step (Polyak 1964; Goh 2017, "Why momentum really works").
"""

from typing import NamedTuple

import numpy as np

from engine import Array
from engine.curvature import eigen, sharpness, stable_rate
from engine.experiment import Run, surface_of
from engine.surface import Surface

PROBES = 5  # Hessians compared along each axis of the view
FINE = 2001  # momenta tried to find Nesterov's best for a rate


class Quadratic(NamedTuple):
    """½ (x − centre)ᵀ H (x − centre) and a constant."""

    hessian: Array  # (2, 2)
    centre: Array  # (2,)

    @property
    def eigenvalues(self) -> Array:
        """(2,), ascending."""
        return eigen(self.hessian)[0]


def quadratic(surface: Surface) -> Quadratic | None:
    """The surface as a quadratic with one minimum; None where its Hessian is not one and the same, or not positive."""
    x, y = (np.linspace(low, high, PROBES) for low, high in surface.domain)
    points = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        hessians = surface.hessian(points)
    size = np.abs(hessians).max()
    if not np.isfinite(hessians).all() or np.ptp(hessians, axis=0).max() > 1e-9 * size:
        return None
    if eigen(hessians[0])[0][0] <= 1e-9 * size:
        return None
    centre = points[0] - np.linalg.solve(hessians[0], surface.gradient(points[0]))
    return Quadratic(hessians[0], centre)


class Limit(NamedTuple):
    """The largest stable rate of an optimizer, and the curvature that sets it."""

    rate: float
    sharpness: float  # λmax, the largest eigenvalue of the Hessian
    at: Array  # (2,) where that was taken
    exact: bool  # the surface is a quadratic, so that the curvature is the same everywhere


def stability_limit(run: Run, end: Array) -> Limit | None:
    """The rate above which ``run``'s optimizer is unstable near the minimum nearest to ``end`` (2,).

    None where there is no closed form for the optimizer or its settings, no minimum, or no curvature. Where minima form
    a curve, the curvature is that at ``end``.
    """
    surface, values = surface_of(run), dict(run.hyperparameters)
    whole = quadratic(surface)
    if whole is not None:
        at, bend = whole.centre, float(whole.eigenvalues[-1])
    else:
        at = _nearest(surface, np.asarray(end, float))
        with np.errstate(all="ignore"):
            bend = float(sharpness(surface.hessian(at)))
    # coupled weight decay bends the loss by as much in every direction
    bend += values.get("weight_decay", 0.0)
    rate = float(stable_rate(run.optimizer, bend, values.get("momentum", 0.9)))
    if not 0 < rate < np.inf or values.get("dampening"):
        return None
    return Limit(rate, bend, at, whole is not None)


def _nearest(surface: Surface, end: Array) -> Array:
    if surface.distance_to_curve is not None:
        return end
    if not len(surface.minima):
        return np.full(2, np.nan)
    distance = np.nan_to_num(np.square(surface.minima - end).sum(-1), nan=np.inf)
    nearest: Array = surface.minima[distance.argmin()]
    return nearest


def spectral_radius(optimizer: str, rates: Array, momenta: Array, eigenvalues: Array) -> Array:
    """The factor (...,) by which the error shrinks in the long run, for rates and momenta that broadcast to (...,).

    Below 1 the runs converge, above they diverge.
    """
    bend = np.asarray(rates, float)[..., None] * eigenvalues
    beta = np.asarray(momenta, float)[..., None]
    if optimizer == "nesterov":
        trace, product = (1 + beta) * (1 - bend), beta * (1 - bend)
    else:
        trace, product = 1 + beta - bend, beta + 0 * bend
    discriminant = trace * trace - 4 * product
    real = (np.abs(trace) + np.sqrt(np.maximum(discriminant, 0))) / 2
    radius: Array = np.where(discriminant < 0, np.sqrt(np.maximum(product, 0)), real).max(-1)
    return radius


def best_momentum(optimizer: str, rates: Array, eigenvalues: Array) -> Array:
    """The momentum (R,) that shrinks the error fastest at each rate (R,); NaN where none below 1 is stable.

    For heavy ball the critical damping of the slower eigenvalue, (1 − √(αλ))² at its largest; for Nesterov, whose
    largest root need not be a complex one, the lowest point of the spectral radius, found on a fine net.
    """
    rates = np.asarray(rates, float)
    if optimizer == "momentum":
        critical = np.square(1 - np.sqrt(rates[:, None] * eigenvalues)).max(-1)
        return np.where(critical < 1, critical, np.nan)
    candidates = np.linspace(0, 1, FINE, endpoint=False)
    radius = spectral_radius(optimizer, rates[:, None], candidates, eigenvalues)
    best = radius.argmin(-1)
    return np.where(radius.min(-1) < 1, candidates[best], np.nan)


def best_pair(eigenvalues: Array) -> tuple[float, float]:
    """Heavy ball's best rate and momentum: (2/(√λ₁ + √λₙ))², ((√κ − 1)/(√κ + 1))² (Polyak 1964)."""
    low, high = np.sqrt(eigenvalues[[0, -1]])
    return float((2 / (low + high)) ** 2), float(((high - low) / (high + low)) ** 2)
