"""The loss surfaces made of sines and exponentials, each with its exact slope and curvature written beside it.

Arguments and results are those of engine.polynomials.
"""

from math import e, pi, sqrt

import numpy as np

from engine.polynomials import Column, Pair, Triple


def rastrigin(x: Column, y: Column) -> Column:
    """Rastrigin 1974."""
    return 20 + (x * x - 10 * np.cos(2 * pi * x)) + (y * y - 10 * np.cos(2 * pi * y))


def rastrigin_gradient(x: Column, y: Column) -> Pair:
    return 2 * x + 20 * pi * np.sin(2 * pi * x), 2 * y + 20 * pi * np.sin(2 * pi * y)


def rastrigin_hessian(x: Column, y: Column) -> Triple:
    return 2 + 40 * pi * pi * np.cos(2 * pi * x), 0.0, 2 + 40 * pi * pi * np.cos(2 * pi * y)


def ackley(x: Column, y: Column) -> Column:
    """Ackley 1987, in the form that is exactly 0 at 0: as usually written it leaves 4e-16 there.

    20 - 20 exp(-.2 r) is -20 expm1(-.2 r), and the mean of the two cosines is 1 - sin²(pi x) - sin²(pi y).
    """
    r = np.sqrt((x * x + y * y) / 2)
    a, b = np.sin(pi * x), np.sin(pi * y)
    return -20 * np.expm1(-0.2 * r) - e * np.expm1(-(a * a + b * b))


def ackley_gradient(x: Column, y: Column) -> Pair:
    """Zero at 0, where the surface comes to a point and has no gradient."""
    return ackley_both(x, y)[1]


def ackley_both(x: Column, y: Column) -> tuple[Column, Pair]:
    """Value and gradient together, for they share the sines."""
    r = np.sqrt((x * x + y * y) / 2)
    a, b = np.sin(pi * x), np.sin(pi * y)
    dip = -(a * a + b * b)
    cone = 2 * np.exp(-0.2 * r) / np.where(r > 0, r, 1.0)
    waves = 2 * pi * e * np.exp(dip)
    value = -20 * np.expm1(-0.2 * r) - e * np.expm1(dip)
    return value, (cone * x + waves * a * np.cos(pi * x), cone * y + waves * b * np.cos(pi * y))


def ackley_hessian(x: Column, y: Column) -> Triple:
    """NaN at 0, where the curvature is infinite."""
    r = np.sqrt((x * x + y * y) / 2)
    r = np.where(r == 0, np.nan, r)
    cone, bend = 2 * np.exp(-0.2 * r) / r, 0.5 / (r * r) + 0.1 / r
    cx, cy, sx, sy = np.cos(2 * pi * x), np.cos(2 * pi * y), np.sin(2 * pi * x), np.sin(2 * pi * y)
    waves = pi * pi * np.exp((cx + cy) / 2)
    return (
        cone * (1 - bend * x * x) + waves * (2 * cx - sx * sx),
        -cone * bend * x * y - waves * sx * sy,
        cone * (1 - bend * y * y) + waves * (2 * cy - sy * sy),
    )


def griewank(x: Column, y: Column) -> Column:
    """Griewank 1981."""
    return 1 + (x * x + y * y) / 4000 - np.cos(x) * np.cos(y / sqrt(2))


def griewank_gradient(x: Column, y: Column) -> Pair:
    return griewank_both(x, y)[1]


def griewank_both(x: Column, y: Column) -> tuple[Column, Pair]:
    """Value and gradient together, for they share the cosines."""
    v = y / sqrt(2)
    cx, cy = np.cos(x), np.cos(v)
    value = 1 + (x * x + y * y) / 4000 - cx * cy
    return value, (x / 2000 + np.sin(x) * cy, y / 2000 + cx * np.sin(v) / sqrt(2))


def griewank_hessian(x: Column, y: Column) -> Triple:
    v = y / sqrt(2)
    waves = np.cos(x) * np.cos(v)
    return 1 / 2000 + waves, -np.sin(x) * np.sin(v) / sqrt(2), 1 / 2000 + waves / 2


def mccormick(x: Column, y: Column) -> Column:
    """McCormick 1976."""
    return np.sin(x + y) + (x - y) * (x - y) - 1.5 * x + 2.5 * y + 1


def mccormick_gradient(x: Column, y: Column) -> Pair:
    wave, slope = np.cos(x + y), 2 * (x - y)
    return wave + slope - 1.5, wave - slope + 2.5


def mccormick_hessian(x: Column, y: Column) -> Triple:
    wave = np.sin(x + y)
    return 2 - wave, -2 - wave, 2 - wave


def easom(x: Column, y: Column) -> Column:
    """Easom 1990."""
    u, v = x - pi, y - pi
    return -np.cos(x) * np.cos(y) * np.exp(-u * u - v * v)


def easom_gradient(x: Column, y: Column) -> Pair:
    return easom_both(x, y)[1]


def easom_both(x: Column, y: Column) -> tuple[Column, Pair]:
    """Value and gradient together, for they share the cosines."""
    u, v = x - pi, y - pi
    cx, cy, hill = np.cos(x), np.cos(y), np.exp(-u * u - v * v)
    value = -cx * cy * hill
    return value, ((np.sin(x) + 2 * u * cx) * cy * hill, (np.sin(y) + 2 * v * cy) * cx * hill)


def easom_hessian(x: Column, y: Column) -> Triple:
    u, v = x - pi, y - pi
    cx, cy, sx, sy = np.cos(x), np.cos(y), np.sin(x), np.sin(y)
    hill = np.exp(-u * u - v * v)
    return (
        ((3 - 4 * u * u) * cx - 4 * u * sx) * cy * hill,
        -(sx + 2 * u * cx) * (sy + 2 * v * cy) * hill,
        ((3 - 4 * v * v) * cy - 4 * v * sy) * cx * hill,
    )


def twin_wells(x: Column, y: Column) -> Column:
    a, b = _wells(x, y)
    return x * x + y * y - a - b


def twin_wells_gradient(x: Column, y: Column) -> Pair:
    a, b = _wells(x, y)
    return 2 * x + 10 * ((x - 1) * a + (x + 1) * b), 2 * y + 10 * y * (a + b)


def twin_wells_hessian(x: Column, y: Column) -> Triple:
    a, b = _wells(x, y)
    left, right = x - 1, x + 1
    return (
        2 + 10 * (a * (1 - 10 * left * left) + b * (1 - 10 * right * right)),
        -100 * y * (left * a + right * b),
        2 + 10 * (a + b) * (1 - 10 * y * y),
    )


def _wells(x: Column, y: Column) -> Pair:
    """The shallow well at x = 1 and the deep one at x = -1, as depths."""
    return (
        2 * np.exp(-5 * ((x - 1) * (x - 1) + y * y)),
        3 * np.exp(-5 * ((x + 1) * (x + 1) + y * y)),
    )
