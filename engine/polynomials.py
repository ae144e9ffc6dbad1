"""The loss surfaces that are polynomials, each with its exact slope and curvature written beside it.

Every function takes the two weights ``x`` and ``y``, floats of one shape. A value has that shape, a gradient is the
pair (d/dx, d/dy), a hessian the triple (d²/dx², d²/dxdy, d²/dy²), in which an entry may be a plain constant.
Powers are written as products: a scalar's and an array's ``**`` differ in the last bit.
"""

from math import sqrt
from typing import Any, TypeAlias

import numpy as np

Column: TypeAlias = Any
"""One coordinate of the points, or a result for each: an array, or a NumPy scalar for a single point."""

Pair: TypeAlias = tuple[Column, Column]
Triple: TypeAlias = tuple[Column, Column, Column]


def bowl(x: Column, y: Column) -> Column:
    return x * x + y * y


def bowl_gradient(x: Column, y: Column) -> Pair:
    return 2 * x, 2 * y


def bowl_hessian(x: Column, y: Column) -> Triple:
    return 2.0, 0.0, 2.0


def rosenbrock(x: Column, y: Column) -> Column:
    """Rosenbrock 1960."""
    valley = y - x * x
    return (1 - x) * (1 - x) + 100 * valley * valley


def rosenbrock_gradient(x: Column, y: Column) -> Pair:
    valley = y - x * x
    return -2 * (1 - x) - 400 * x * valley, 200 * valley


def rosenbrock_hessian(x: Column, y: Column) -> Triple:
    return 2 + 1200 * x * x - 400 * y, -400 * x, 200.0


def beale(x: Column, y: Column) -> Column:
    """Beale 1958."""
    y2 = y * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y2 * y
    return a * a + b * b + c * c


def beale_gradient(x: Column, y: Column) -> Pair:
    y2 = y * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y2 * y
    return 2 * (a * (y - 1) + b * (y2 - 1) + c * (y2 * y - 1)), 2 * x * (a + 2 * b * y + 3 * c * y2)


def beale_hessian(x: Column, y: Column) -> Triple:
    y2 = y * y
    y3 = y2 * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y3
    xx = 2 * ((y - 1) * (y - 1) + (y2 - 1) * (y2 - 1) + (y3 - 1) * (y3 - 1))
    xy = 2 * (a + 2 * b * y + 3 * c * y2) + 2 * x * ((y - 1) + 2 * y * (y2 - 1) + 3 * y2 * (y3 - 1))
    yy = 2 * x * (x + 4 * x * y2 + 9 * x * y2 * y2 + 2 * b + 6 * c * y)
    return xx, xy, yy


def himmelblau(x: Column, y: Column) -> Column:
    """Himmelblau 1972."""
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def himmelblau_gradient(x: Column, y: Column) -> Pair:
    a, b = x * x + y - 11, x + y * y - 7
    return 4 * x * a + 2 * b, 2 * a + 4 * y * b


def himmelblau_hessian(x: Column, y: Column) -> Triple:
    return 12 * x * x + 4 * y - 42, 4 * (x + y), 12 * y * y + 4 * x - 26


def booth(x: Column, y: Column) -> Column:
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return a * a + b * b


def booth_gradient(x: Column, y: Column) -> Pair:
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return 2 * a + 4 * b, 4 * a + 2 * b


def booth_hessian(x: Column, y: Column) -> Triple:
    return 10.0, 8.0, 10.0


def matyas(x: Column, y: Column) -> Column:
    return 0.26 * (x * x + y * y) - 0.48 * x * y


def matyas_gradient(x: Column, y: Column) -> Pair:
    return 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x


def matyas_hessian(x: Column, y: Column) -> Triple:
    return 0.52, -0.48, 0.52


def six_hump_camel(x: Column, y: Column) -> Column:
    """Dixon and Szegö 1978."""
    x2, y2 = x * x, y * y
    return (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2


def six_hump_camel_gradient(x: Column, y: Column) -> Pair:
    x2, y2 = x * x, y * y
    return (8 - 8.4 * x2 + 2 * x2 * x2) * x + y, x + (16 * y2 - 8) * y


def six_hump_camel_hessian(x: Column, y: Column) -> Triple:
    x2 = x * x
    return 8 - 25.2 * x2 + 10 * x2 * x2, 1.0, 48 * y * y - 8


def three_hump_camel(x: Column, y: Column) -> Column:
    x2 = x * x
    return (2 - 1.05 * x2 + x2 * x2 / 6) * x2 + x * y + y * y


def three_hump_camel_gradient(x: Column, y: Column) -> Pair:
    x2 = x * x
    return (4 - 4.2 * x2 + x2 * x2) * x + y, x + 2 * y


def three_hump_camel_hessian(x: Column, y: Column) -> Triple:
    x2 = x * x
    return 4 - 12.6 * x2 + 5 * x2 * x2, 1.0, 2.0


def styblinski_tang(x: Column, y: Column) -> Column:
    """Styblinski and Tang 1990."""
    x2, y2 = x * x, y * y
    return ((x2 - 16) * x2 + 5 * x + (y2 - 16) * y2 + 5 * y) / 2


def styblinski_tang_gradient(x: Column, y: Column) -> Pair:
    return (2 * x * x - 16) * x + 2.5, (2 * y * y - 16) * y + 2.5


def styblinski_tang_hessian(x: Column, y: Column) -> Triple:
    return 6 * x * x - 16, 0.0, 6 * y * y - 16


def goldstein_price(x: Column, y: Column) -> Column:
    """Goldstein and Price 1971, a product A(s) B(t) with s = x + y and t = 2x - 3y.

    The usual form hides it: 19 - 14x + 3x² - 14y + 6xy + 3y² is 19 - 14s + 3s², and likewise for B.
    """
    s, t = x + y, 2 * x - 3 * y
    return (1 + (s + 1) * (s + 1) * ((3 * s - 14) * s + 19)) * (30 + t * t * ((3 * t - 16) * t + 18))


def goldstein_price_gradient(x: Column, y: Column) -> Pair:
    a, da, _, b, db, _ = _goldstein_price_factors(x + y, 2 * x - 3 * y)
    return da * b + 2 * a * db, da * b - 3 * a * db


def goldstein_price_hessian(x: Column, y: Column) -> Triple:
    a, da, dda, b, db, ddb = _goldstein_price_factors(x + y, 2 * x - 3 * y)
    return (
        dda * b + 4 * da * db + 4 * a * ddb,
        dda * b - da * db - 6 * a * ddb,
        dda * b - 6 * da * db + 9 * a * ddb,
    )


def _goldstein_price_factors(s: Column, t: Column) -> tuple[Column, Column, Column, Column, Column, Column]:
    """A, A', A'' at ``s`` and B, B', B'' at ``t``; the slopes factor, so the minima are at small fractions."""
    a, b = 1 + (s + 1) * (s + 1) * ((3 * s - 14) * s + 19), 30 + t * t * ((3 * t - 16) * t + 18)
    da, db = 12 * (s - 2) * (s - 1) * (s + 1), 12 * t * (t - 1) * (t - 3)
    return a, da, 12 * ((3 * s - 4) * s - 1), b, db, 12 * ((3 * t - 8) * t + 3)


def saddle(x: Column, y: Column) -> Column:
    y2 = y * y
    return x * x / 2 - y2 / 2 + y2 * y2 / 4


def saddle_gradient(x: Column, y: Column) -> Pair:
    return 1 * x, (y * y - 1) * y


def saddle_hessian(x: Column, y: Column) -> Triple:
    return 1.0, 0.0, 3 * y * y - 1


def monkey_saddle(x: Column, y: Column) -> Column:
    return (x * x - 3 * y * y) * x


def monkey_saddle_gradient(x: Column, y: Column) -> Pair:
    return 3 * (x * x - y * y), -6 * x * y


def monkey_saddle_hessian(x: Column, y: Column) -> Triple:
    return 6 * x, -6 * y, -6 * x


def double_well(x: Column, y: Column) -> Column:
    a = x * x - 1
    return a * a + y * y


def double_well_gradient(x: Column, y: Column) -> Pair:
    return 4 * x * (x * x - 1), 2 * y


def double_well_hessian(x: Column, y: Column) -> Triple:
    return 12 * x * x - 4, 0.0, 2.0


def two_weight_net(x: Column, y: Column) -> Column:
    """A linear network of two layers, one weight each, trained on the single example 1 -> 1."""
    error = 1 - x * y
    return error * error / 2


def two_weight_net_gradient(x: Column, y: Column) -> Pair:
    error = 1 - x * y
    return -error * y, -error * x


def two_weight_net_hessian(x: Column, y: Column) -> Triple:
    return y * y, 2 * x * y - 1, x * x


def two_weight_net_distance(x: Column, y: Column) -> Column:
    """Distance to the curve of minima, xy = 1, to rounding.

    With u = (x + y)/√2 and v = (x - y)/√2 the curve is U² - V² = 2. The nearest point of it to one with u, v >= 0 is
    U = u/(1 + m), V = v/(1 - m) for the one m in (-1, 1) that puts it on the curve, found by bisection.
    """
    u, v = np.abs(x + y) / sqrt(2), np.abs(x - y) / sqrt(2)
    low, high = np.full_like(x, -1.0), np.full_like(x, 1.0)
    for _ in range(60):
        m = (low + high) / 2
        a, b = u * (1 - m), v * (1 + m)
        above = a * a - b * b > 2 * (1 - m * m) * (1 - m * m)
        low, high = np.where(above, m, low), np.where(above, high, m)
    m = (low + high) / 2
    # each of the two forms where it does not divide by nearly nothing
    foot_u = u / (1 + np.maximum(m, 0))
    foot_v = np.where(m < 0, v / (1 - np.minimum(m, 0)), np.sqrt(np.maximum(foot_u * foot_u - 2, 0)))
    du, dv = u - np.sqrt(2 + foot_v * foot_v), v - foot_v
    return np.sqrt(du * du + dv * dv)
