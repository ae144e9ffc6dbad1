"""The loss surfaces to choose from, each a formula with a view, a start and its minima; SURFACES is the menu."""

from collections.abc import Sequence
from itertools import product
from math import cos, inf, pi, sin, sqrt
from typing import Any

import numpy as np

from engine import Array, waves
from engine import polynomials as poly
from engine.polynomials import Column, Pair, Triple
from engine.surface import Parameter, Surface, View, columns, on_points

__all__ = ["SURFACES", "Parameter", "Surface", "View", "ravine"]


def _square(reach: float) -> View:
    return (-reach, reach), (-reach, reach)


def _mirrored(*points: tuple[float, float]) -> Array:
    """Each point and its reflection in the origin."""
    return np.array([(sign * x, sign * y) for x, y in points for sign in (1, -1)])


def _settled(functions: dict[str, Any], lattice: Sequence[tuple[float, float]]) -> Array:
    """The origin, and the minima to which Newton's method leads from a lattice of points round it, deepest first."""
    points = np.array(lattice)
    for _ in range(20):
        slope = functions["gradient"](points)[..., None]
        points = points - np.linalg.solve(functions["hessian"](points), slope)[..., 0]
    order = np.argsort(functions["value"](points), kind="stable")
    return np.vstack([np.zeros((1, 2)), points[order]])


def ravine(condition: float = 50.0, angle: float = 0.0) -> Surface:
    """A quadratic with curvature 1 along ``angle`` (radians from the x-axis) and ``condition`` across it.

    H = R diag(1, condition) Rᵀ with R the rotation by ``angle``; the loss is ½ pᵀHp. Raises ValueError unless
    ``condition`` is positive and both are finite.
    """
    condition, angle = float(condition), float(angle)
    if not (0 < condition < inf and -inf < angle < inf):
        raise ValueError(f"a ravine needs a positive condition and a finite angle, not {condition} and {angle}")
    c, s = cos(angle), sin(angle)
    a, b, d = c * c + condition * s * s, (1 - condition) * c * s, s * s + condition * c * c

    def value(x: Column, y: Column) -> Column:
        along, across = c * x + s * y, c * y - s * x
        return (along * along + condition * across * across) / 2

    def gradient(x: Column, y: Column) -> Pair:
        along, across = c * x + s * y, condition * (c * y - s * x)
        return c * along - s * across, s * along + c * across

    def hessian(x: Column, y: Column) -> Triple:
        return a, b, d

    # as in the books where the axes are those of the ravine; turned by 90°, b is not quite 0
    one = "" if a == 1 else f"{a:.6g}"
    tex, words = rf"{one}x^2 + {d:.6g}y^2", f"{one and one + '*'}x**2 + {d:.6g}*y**2"
    if abs(b) > 1e-12 * condition:
        tex, words = f"{a:.6g}x^2 {2 * b:+.6g}xy + {d:.6g}y^2", f"{a:.6g}*x**2 {2 * b:+.6g}*x*y + {d:.6g}*y**2"
    return Surface(
        label="Ravine",
        formula=rf"\tfrac12\left({tex}\right)",
        words=f"({words})/2",
        teaches="Too long a step zig-zags between the walls, too short a one creeps along the floor.",
        **on_points(value, gradient, hessian),
        domain=_square(5.0),
        start=np.array((-4.0, 3.0)),
        minima=np.zeros((1, 2)),
        rate=1.5 / max(condition, 1.0),
        parameters=(Parameter("condition", 50.0, 1.0, 1000.0, True), Parameter("angle", 0.0, 0.0, pi, False)),
    )


def _two_weight_net_distance(points: Array) -> Column:
    return poly.two_weight_net_distance(*columns(points))


_RASTRIGIN = on_points(waves.rastrigin, waves.rastrigin_gradient, waves.rastrigin_hessian)
_ACKLEY = on_points(waves.ackley, waves.ackley_gradient, waves.ackley_hessian, waves.ackley_both)
_GRIEWANK = on_points(waves.griewank, waves.griewank_gradient, waves.griewank_hessian, waves.griewank_both)

_INTEGERS = [(float(i), float(j)) for i, j in product(range(-5, 6), repeat=2) if i or j]
_CHESSBOARD = [
    (i * pi, j * pi * sqrt(2)) for i, j in product(range(-3, 4), range(-2, 3)) if (i + j) % 2 == 0 and (i or j)
]

SURFACES: dict[str, Surface] = {
    "bowl": Surface(
        label="Bowl",
        formula=r"x^2 + y^2",
        words="x**2 + y**2",
        teaches="Every direction is alike: at rate 0.5 you arrive in one step.",
        **on_points(poly.bowl, poly.bowl_gradient, poly.bowl_hessian),
        domain=_square(5.0),
        start=np.array((4.0, 3.0)),
        minima=np.zeros((1, 2)),
        rate=0.1,
    ),
    "ravine": ravine(),
    "rosenbrock": Surface(
        label="Rosenbrock",
        formula=r"(1 - x)^2 + 100\,(y - x^2)^2",
        words="(1 - x)**2 + 100*(y - x**2)**2",
        teaches="You find the curved valley at once, and then its floor hardly slopes.",
        **on_points(poly.rosenbrock, poly.rosenbrock_gradient, poly.rosenbrock_hessian),
        domain=((-2.0, 2.0), (-1.0, 3.0)),
        start=np.array((-1.2, 1.0)),
        minima=np.array([(1.0, 1.0)]),
        rate=0.001,
    ),
    "beale": Surface(
        label="Beale",
        formula=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
        words="(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
        teaches="A rate that crosses the plateau throws you off the cliffs.",
        **on_points(poly.beale, poly.beale_gradient, poly.beale_hessian),
        domain=_square(4.5),
        start=np.array((-1.0, -1.5)),
        minima=np.array([(3.0, 0.5)]),
        rate=0.005,
    ),
    "himmelblau": Surface(
        label="Himmelblau",
        formula=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        words="(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
        teaches="Four minima are equally good: your start decides which one you reach.",
        **on_points(poly.himmelblau, poly.himmelblau_gradient, poly.himmelblau_hessian),
        domain=_square(6.0),
        start=np.array((0.0, -0.5)),
        minima=np.array(
            [
                (3.0, 2.0),
                (-2.805118086952745, 3.131312518250573),
                (-3.779310253377747, -3.283185991286170),
                (3.584428340330492, -1.848126526964403),
            ]
        ),
        rate=0.01,
    ),
    "booth": Surface(
        label="Booth",
        formula=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
        words="(x + 2*y - 7)**2 + (2*x + y - 5)**2",
        teaches="In a tilted bowl you can't set one weight without the other.",
        **on_points(poly.booth, poly.booth_gradient, poly.booth_hessian),
        domain=_square(10.0),
        start=np.array((-8.0, 6.0)),
        minima=np.array([(1.0, 3.0)]),
        rate=0.05,
    ),
    "matyas": Surface(
        label="Matyas",
        formula=r"0.26\,(x^2 + y^2) - 0.48\,xy",
        words="0.26*(x**2 + y**2) - 0.48*x*y",
        teaches="You drop to the diagonal quickly and crawl along it slowly.",
        **on_points(poly.matyas, poly.matyas_gradient, poly.matyas_hessian),
        domain=_square(10.0),
        start=np.array((-8.0, 3.0)),
        minima=np.zeros((1, 2)),
        rate=1.0,
    ),
    "six_hump_camel": Surface(
        label="Six-hump camel",
        formula=r"\left(4 - 2.1x^2 + \tfrac13 x^4\right)x^2 + xy + (4y^2 - 4)\,y^2",
        words="(4 - 2.1*x**2 + x**4/3)*x**2 + x*y + (4*y**2 - 4)*y**2",
        teaches="You stop in the nearest of six hollows, and only two of them are the deepest.",
        **on_points(poly.six_hump_camel, poly.six_hump_camel_gradient, poly.six_hump_camel_hessian),
        domain=((-2.0, 2.0), (-1.0, 1.0)),
        start=np.array((-1.5, 0.1)),
        minima=_mirrored(
            (0.08984201310031807, -0.7126564030207396),
            (1.703606714969981, -0.7960835686726251),
            (1.607104752920197, 0.5686514548841314),
        ),
        rate=0.04,
    ),
    "three_hump_camel": Surface(
        label="Three-hump camel",
        formula=r"2x^2 - 1.05x^4 + \tfrac16 x^6 + xy + y^2",
        words="2*x**2 - 1.05*x**4 + x**6/6 + x*y + y**2",
        teaches="Plain descent stays in the side hollow; momentum can carry you out.",
        **on_points(poly.three_hump_camel, poly.three_hump_camel_gradient, poly.three_hump_camel_hessian),
        domain=_square(2.5),
        start=np.array((2.2, 1.0)),
        minima=np.vstack([np.zeros((1, 2)), _mirrored((1.747552345830289, -0.8737761729151445))]),
        rate=0.02,
    ),
    "styblinski_tang": Surface(
        label="Styblinski-Tang",
        formula=r"\tfrac12\left(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y\right)",
        words="(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)/2",
        teaches="Four hollows look much alike, and you can't see from yours which is the deepest.",
        **on_points(poly.styblinski_tang, poly.styblinski_tang_gradient, poly.styblinski_tang_hessian),
        domain=_square(5.0),
        start=np.array((1.0, -0.5)),
        minima=np.array(list(product((-2.903534027771177, 2.746802770990837), repeat=2))),
        rate=0.02,
    ),
    "rastrigin": Surface(
        label="Rastrigin",
        formula=r"20 + x^2 + y^2 - 10\cos 2\pi x - 10\cos 2\pi y",
        words="20 + x**2 + y**2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)",
        teaches="You fall into the nearest of 121 traps; noise can shake you out.",
        **_RASTRIGIN,
        domain=_square(5.12),
        start=np.array((2.3, -1.6)),
        minima=_settled(_RASTRIGIN, _INTEGERS),
        rate=0.002,
    ),
    "ackley": Surface(
        label="Ackley",
        formula=r"-20\,e^{-0.2\sqrt{(x^2 + y^2)/2}} - e^{(\cos 2\pi x + \cos 2\pi y)/2} + e + 20",
        words="-20*exp(-0.2*sqrt((x**2 + y**2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2) + e + 20",
        teaches="The best point is a needle's tip: at a constant rate you never settle on it.",
        **_ACKLEY,
        domain=_square(5.0),
        start=np.array((-1.7, 2.6)),
        minima=_settled(_ACKLEY, _INTEGERS),
        rate=0.02,
    ),
    "goldstein_price": Surface(
        label="Goldstein-Price",
        formula=r"\begin{aligned}&\left(1 + (x + y + 1)^2(19 - 14x + 3x^2 - 14y + 6xy + 3y^2)\right)\\"
        r" &\cdot\left(30 + (2x - 3y)^2(18 - 32x + 12x^2 + 48y - 36xy + 27y^2)\right)\end{aligned}",
        words="(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2))"
        "*(30 + (2*x - 3*y)**2*(18 - 32*x + 12*x**2 + 48*y - 36*x*y + 27*y**2))",
        teaches="Heights run from 3 to a million: you see the bottom only on a log scale.",
        **on_points(poly.goldstein_price, poly.goldstein_price_gradient, poly.goldstein_price_hessian),
        domain=_square(2.0),
        start=np.array((0.5, -0.2)),
        minima=np.array([(0.0, -1.0), (-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)]),
        rate=5e-5,
    ),
    "griewank": Surface(
        label="Griewank",
        formula=r"1 + \tfrac{1}{4000}(x^2 + y^2) - \cos x\,\cos\tfrac{y}{\sqrt2}",
        words="1 + (x**2 + y**2)/4000 - cos(x)*cos(y/sqrt(2))",
        teaches="Close up you see only hollows; zoom out and they fade into a bowl.",
        **_GRIEWANK,
        domain=_square(10.0),
        start=np.array((4.5, 6.0)),
        minima=_settled(_GRIEWANK, _CHESSBOARD),
        rate=0.5,
    ),
    "mccormick": Surface(
        label="McCormick",
        formula=r"\sin(x + y) + (x - y)^2 - 1.5x + 2.5y + 1",
        words="sin(x + y) + (x - y)**2 - 1.5*x + 2.5*y + 1",
        teaches="You find the lowest point of the view, but outside it the trough falls without end.",
        **on_points(waves.mccormick, waves.mccormick_gradient, waves.mccormick_hessian),
        domain=((-1.5, 4.0), (-3.0, 4.0)),
        start=np.array((-1.0, 3.0)),
        minima=np.array([(-0.5471975511965977, -1.547197551196598), (2.594395102393195, 1.594395102393195)]),
        rate=0.1,
        bounded=False,
    ),
    "easom": Surface(
        label="Easom",
        formula=r"-\cos x\,\cos y\;e^{-(x - \pi)^2 - (y - \pi)^2}",
        words="-cos(x)*cos(y)*exp(-(x - pi)**2 - (y - pi)**2)",
        teaches="Where nothing slopes you can't move, however near the hole is.",
        **on_points(waves.easom, waves.easom_gradient, waves.easom_hessian, waves.easom_both),
        domain=((-2.0, 8.0), (-2.0, 8.0)),
        start=np.array((1.5, 4.0)),
        minima=np.array([(pi, pi)]),
        rate=0.3,
    ),
    "saddle": Surface(
        label="Saddle",
        formula=r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4",
        words="x**2/2 - y**2/2 + y**4/4",
        teaches="On the ridge you wait, then leave ever faster; a little noise saves the wait.",
        **on_points(poly.saddle, poly.saddle_gradient, poly.saddle_hessian),
        domain=_square(2.0),
        start=np.array((1.5, 0.001)),
        minima=np.array([(0.0, 1.0), (0.0, -1.0)]),
        rate=0.1,
    ),
    "monkey_saddle": Surface(
        label="Monkey saddle",
        formula=r"x^3 - 3xy^2",
        words="x**3 - 3*x*y**2",
        teaches="Here even the curvature vanishes, and you leave far more slowly than a plain saddle.",
        **on_points(poly.monkey_saddle, poly.monkey_saddle_gradient, poly.monkey_saddle_hessian),
        domain=_square(1.5),
        start=np.array((1.2, 0.001)),
        minima=np.empty((0, 2)),
        rate=0.02,
        bounded=False,
    ),
    "double_well": Surface(
        label="Double well",
        formula=r"(x^2 - 1)^2 + y^2",
        words="(x**2 - 1)**2 + y**2",
        teaches="Plain descent keeps to your side of the ridge; momentum can carry you across.",
        **on_points(poly.double_well, poly.double_well_gradient, poly.double_well_hessian),
        domain=_square(2.0),
        start=np.array((1.6, 1.2)),
        minima=np.array([(1.0, 0.0), (-1.0, 0.0)]),
        rate=0.05,
    ),
    "two_weight_net": Surface(
        label="Two-weight network",
        formula=r"\tfrac12(1 - w_1 w_2)^2",
        words="(1 - x*y)**2/2",
        teaches="A rate too high for the sharp end of the curve throws you to a flatter part.",
        **on_points(poly.two_weight_net, poly.two_weight_net_gradient, poly.two_weight_net_hessian),
        domain=_square(3.0),
        start=np.array((2.2, 0.5)),
        minima=np.array([(1.0, 1.0), (-1.0, -1.0)]),
        rate=0.2,
        distance_to_curve=_two_weight_net_distance,
    ),
    "twin_wells": Surface(
        label="Twin wells",
        formula=r"x^2 + y^2 - 2e^{-((x - 1)^2 + y^2)/0.2} - 3e^{-((x + 1)^2 + y^2)/0.2}",
        words="x**2 + y**2 - 2*exp(-((x - 1)**2 + y**2)/0.2) - 3*exp(-((x + 1)**2 + y**2)/0.2)",
        teaches="You roll into the shallow well on your side and never learn of the deep one.",
        **on_points(waves.twin_wells, waves.twin_wells_gradient, waves.twin_wells_hessian),
        domain=_square(2.0),
        start=np.array((0.5, 1.5)),
        minima=np.array([(-0.9363006340109187, 0.0), (0.905317899160115, 0.0)]),
        rate=0.03,
    ),
}
"""Every surface, in the order of the menu. All minima in the view are listed, but for the dimples on Easom's plateau,
at most 8e-5 deep; the two flattest points of the two-weight network's curve of minima stand for all of it."""
