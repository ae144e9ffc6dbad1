"""Every surface against its formula, its finite differences and the known facts about it."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import Array
from engine.surfaces import SURFACES, Parameter, Surface, ravine

pytestmark = pytest.mark.filterwarnings("error")

every_surface = pytest.mark.parametrize("key", SURFACES)

# the minima of the published table: point and value
MINIMA: dict[str, list[tuple[float, float, float]]] = {
    "bowl": [(0, 0, 0)],
    "ravine": [(0, 0, 0)],
    "rosenbrock": [(1, 1, 0)],
    "beale": [(3, 0.5, 0)],
    "himmelblau": [(3, 2, 0), (-2.805118, 3.131312, 0), (-3.779310, -3.283186, 0), (3.584428, -1.848126, 0)],
    "booth": [(1, 3, 0)],
    "matyas": [(0, 0, 0)],
    "six_hump_camel": [
        (sign * x, sign * y, value)
        for x, y, value in ((0.0898, -0.7126, -1.0316), (1.7036, -0.7961, -0.2155), (1.6071, 0.5687, 2.1043))
        for sign in (1, -1)
    ],
    "three_hump_camel": [(0, 0, 0), (1.7476, -0.8738, 0.2986), (-1.7476, 0.8738, 0.2986)],
    "styblinski_tang": [
        (-2.903534, -2.903534, -78.33233),
        (-2.903534, 2.746803, -64.19561),
        (2.746803, -2.903534, -64.19561),
        (2.746803, 2.746803, -50.05889),
    ],
    "rastrigin": [(0, 0, 0), (0.99496, 0, 0.99496), (-1.98991, 0.99496, 4.97479)],
    "ackley": [(0, 0, 0), (0.95217, 0, 2.57993), (0.96848, 0.96848, 3.57445)],
    "goldstein_price": [(0, -1, 3), (-0.6, -0.4, 30), (1.8, 0.2, 84), (1.2, 0.8, 840)],
    "griewank": [(0, 0, 0), (3.14002, 4.43844, 0.00740), (-3.14002, 4.43844, 0.00740)],
    "mccormick": [(-0.5472, -1.5472, -1.9132), (2.5944, 1.5944, 1.2284)],
    "easom": [(math.pi, math.pi, -1)],
    "saddle": [(0, 1, -0.25), (0, -1, -0.25)],
    "monkey_saddle": [],
    "double_well": [(1, 0, 0), (-1, 0, 0)],
    "two_weight_net": [(1, 1, 0), (-1, -1, 0)],
    "twin_wells": [(-0.9363, 0, -2.0631), (0.9053, 0, -1.0927)],
}
MANY = {"rastrigin": 121, "ackley": 121, "griewank": 17}

# 2/L, the largest stable rate, and the condition number at the first minimum
CURVATURE = {
    "bowl": (1, 1),
    "ravine": (0.04, 50),
    "rosenbrock": (0.0020, 2508),
    "beale": (0.041, 163),
    "himmelblau": (0.0243, 3.2),
    "booth": (0.111, 9),
    "matyas": (2, 25),
    "six_hump_camel": (0.121, 2.15),
    "three_hump_camel": (0.453, 2.784),
    "styblinski_tang": (0.058, 1),
    "rastrigin": (0.0050, 1),
    "goldstein_price": (0.0021, 2.4),
    "griewank": (2.0, 2.0),
    "mccormick": (0.5, 2.31),
    "easom": (0.667, 1),
    "saddle": (1, 2),
    "double_well": (0.25, 4),
    "twin_wells": (0.064, 1.04),
}

NAMES = {name: getattr(np, name) for name in ("exp", "cos", "sin", "sqrt", "pi", "e")}


def from_words(words: str, points: Array) -> Array:
    return eval(words, {"__builtins__": {}}, NAMES | {"x": points[..., 0], "y": points[..., 1]})


def scatter(surface: Surface, count: int, seed: int = 0, widen: float = 1.0) -> Array:
    low, high = np.array(surface.domain).T
    middle, half = (low + high) / 2, (high - low) / 2
    return middle + widen * half * np.random.default_rng(seed).uniform(-1, 1, (count, 2))


def central(function, points: Array, h: float = 1e-3) -> Array:
    """Five-point central differences along x and y, on a new last axis; error h⁴ f⁽⁵⁾/30."""
    columns = []
    for axis in np.eye(2) * h:
        near, far = (function(points + k * axis) - function(points - k * axis) for k in (1, 2))
        columns.append((8 * near - far) / (12 * h))
    return np.stack(columns, axis=-1)


def points_in(key: str):
    (x0, x1), (y0, y1) = SURFACES[key].domain
    return st.builds(lambda x, y: np.array([x, y]), st.floats(x0, x1), st.floats(y0, y1))


def test_menu_has_the_published_surfaces_in_order():
    assert list(SURFACES) == list(MINIMA)


@every_surface
def test_entry_is_complete(key):
    surface = SURFACES[key]
    assert surface.label and surface.formula and surface.teaches.endswith(".")
    assert surface.words.isascii()
    (x0, x1), (y0, y1) = surface.domain
    assert all(type(end) is float for end in (x0, x1, y0, y1)) and x0 < x1 and y0 < y1
    assert surface.start.shape == (2,) and surface.minima.shape[1:] == (2,)
    assert x0 < surface.start[0] < x1 and y0 < surface.start[1] < y1
    assert not surface.start.flags.writeable and not surface.minima.flags.writeable
    assert len({s.label for s in SURFACES.values()}) == len({s.teaches for s in SURFACES.values()}) == len(SURFACES)


@every_surface
def test_value_is_what_the_words_say(key):
    surface = SURFACES[key]
    points = scatter(surface, 500, widen=1.3)
    np.testing.assert_allclose(surface.value(points), from_words(surface.words, points), rtol=1e-12, atol=1e-12)


def test_x_comes_first():
    rosenbrock = SURFACES["rosenbrock"]
    assert rosenbrock.value(np.array([1.0, 2.0])) == 100
    assert rosenbrock.value(np.array([2.0, 1.0])) == 901
    np.testing.assert_array_equal(rosenbrock.gradient(np.array([2.0, 1.0])), [2402, -600])
    np.testing.assert_array_equal(rosenbrock.hessian(np.array([2.0, 1.0])), [[4402, -800], [-800, 200]])


@every_surface
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_derivatives_are_those_of_the_value(key, data):
    surface = SURFACES[key]
    point = data.draw(points_in(key))
    assume(key != "ackley" or np.hypot(*point) > 0.1)
    gradient, hessian = surface.gradient(point), surface.hessian(point)
    slope, bend = central(surface.value, point), central(surface.gradient, point)
    assert np.abs(gradient - slope).max() <= 1e-6 * (1 + np.abs(gradient).max()), f"{gradient} against {slope}"
    assert np.abs(hessian - bend).max() <= 1e-6 * (1 + np.abs(hessian).max()), f"{hessian} against {bend}"


@every_surface
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_a_batch_is_its_points_bit_for_bit(key, count, dtype):
    surface = SURFACES[key]
    points = scatter(surface, count, seed=count, widen=1.5).astype(dtype)
    functions = [surface.value, surface.gradient, surface.hessian, surface.distance]
    functions += [lambda p, part=part: surface.objective(p, 0)[part] for part in (0, 1)]
    for function in functions:
        batch = function(points)
        assert batch.dtype == dtype
        assert batch.tobytes() == np.array([function(point) for point in points]).tobytes()


@every_surface
def test_axes_layout_and_type_of_the_points_do_not_matter(key):
    surface = SURFACES[key]
    points = scatter(surface, 24)
    grid = points.reshape(2, 3, 4, 2)
    strided = np.repeat(points, 3, axis=0)[::3]
    fortran = np.asfortranarray(points)
    for function, tail in ((surface.value, ()), (surface.gradient, (2,)), (surface.hessian, (2, 2))):
        expected = function(points)
        assert expected.shape == (24, *tail)
        np.testing.assert_array_equal(function(grid), expected.reshape(2, 3, 4, *tail))
        np.testing.assert_array_equal(function(strided), expected)
        np.testing.assert_array_equal(function(fortran), expected)
        np.testing.assert_array_equal(function(np.array([1, 2])), function(np.array([1.0, 2.0])))
        assert np.shape(function(points[0])) == tail


@every_surface
def test_objective_is_value_and_gradient(key):
    surface = SURFACES[key]
    points = scatter(surface, 100)
    loss, grads = surface.objective(points, 3)
    assert loss.tobytes() == surface.value(points).tobytes()
    assert grads.tobytes() == surface.gradient(points).tobytes()


@every_surface
def test_far_outside_warns_unless_silenced(key):
    surface = SURFACES[key]
    with np.errstate(all="ignore"):
        for function in (surface.value, surface.gradient, surface.hessian, surface.distance):
            function(np.full((3, 2), 1e200))
            function(np.full(2, np.inf))
            function(np.full(2, np.nan))
    with np.errstate(over="raise", invalid="raise"), pytest.raises(FloatingPointError):
        surface.value(np.full(2, 1e300) * [1, -1])


@every_surface
def test_published_minima_are_listed(key):
    surface = SURFACES[key]
    assert len(surface.minima) == MANY.get(key, len(MINIMA[key]))
    for x, y, value in MINIMA[key]:
        nearest = surface.minima[np.argmin(np.abs(surface.minima - (x, y)).max(-1))]
        np.testing.assert_allclose(nearest, (x, y), atol=1e-4)
        assert surface.value(nearest) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("key", [key for key, minima in MINIMA.items() if minima])
def test_listed_minima_are_minima(key):
    surface = SURFACES[key]
    low, high = np.array(surface.domain).T
    assert ((low <= surface.minima) & (surface.minima <= high)).all()
    assert len(np.unique(surface.minima.round(6) + 0.0, axis=0)) == len(surface.minima)
    curvature = np.linalg.eigvalsh(surface.hessian(surface.minima[1 if key == "ackley" else 0 :]))
    assert np.abs(surface.gradient(surface.minima)).max() <= 1e-11 * max(1, curvature.max())
    assert (curvature[:, 1] > 0).all()
    assert (curvature[:, 0] >= 0).all() if key == "two_weight_net" else (curvature[:, 0] > 0).all()
    values = surface.value(surface.minima)
    assert values[0] <= values.min() + 1e-12
    assert surface.value(scatter(surface, 3000)).min() >= values.min()
    for angle in np.arange(8) * math.pi / 4:
        around = surface.value(surface.minima + 1e-2 * np.array([math.cos(angle), math.sin(angle)]))
        assert (around > values).all() or key == "two_weight_net"


@every_surface
def test_lowest_is_the_global_minimum_where_there_is_one(key):
    surface = SURFACES[key]
    if key in ("monkey_saddle", "mccormick"):
        assert math.isnan(surface.lowest)
        assert surface.value(np.array([-1e3, -1e3 if key == "mccormick" else 0])) < -900
    else:
        assert surface.lowest == pytest.approx(MINIMA[key][0][2], abs=1e-4)
        assert surface.bounded


@pytest.mark.parametrize("key", CURVATURE)
def test_curvature_at_the_minimum(key):
    rate, condition = CURVATURE[key]
    small, large = np.linalg.eigvalsh(SURFACES[key].hessian(SURFACES[key].minima[0]))
    assert 2 / large == pytest.approx(rate, rel=0.02)
    assert large / small == pytest.approx(condition, rel=0.01)


def test_himmelblau_top_and_saddles():
    surface = SURFACES["himmelblau"]
    top = np.array([-0.2708446, -0.9230386])
    passes = np.array(
        [(-3.0730258, -0.0813530), (-0.1279613, -1.9537150), (0.0866775, 2.8842547), (3.3851542, 0.0738519)]
    )
    assert np.abs(surface.gradient(top)).max() < 1e-4 and np.abs(surface.gradient(passes)).max() < 1e-4
    assert (np.linalg.eigvalsh(surface.hessian(top)) < 0).all()
    assert (np.sign(np.linalg.eigvalsh(surface.hessian(passes))) == [-1, 1]).all()


def test_lattices_of_minima_are_complete():
    # rastrigin's are the solutions of 2x + 20π sin 2πx = 0 in each cell, in both coordinates
    xs = np.arange(-5.0, 6.0)
    for _ in range(20):
        xs = xs - (2 * xs + 20 * np.pi * np.sin(2 * np.pi * xs)) / (2 + 40 * np.pi**2 * np.cos(2 * np.pi * xs))
    expected = np.array(sorted(product(xs, xs)))
    minima = np.array(sorted(SURFACES["rastrigin"].minima.tolist()))
    np.testing.assert_allclose(minima, expected, atol=1e-12)
    # ackley has one near each pair of integers
    assert {tuple(p) for p in SURFACES["ackley"].minima.round()} == set(product(range(-5, 6), repeat=2))


def test_ackley_comes_to_a_point():
    surface, origin = SURFACES["ackley"], np.zeros(2)
    assert surface.value(origin) == 0
    np.testing.assert_array_equal(surface.gradient(origin), 0)
    np.testing.assert_array_equal(surface.gradient(np.array([[0.0, 0.0], [1e-200, 0.0]]))[0], 0)
    assert np.isnan(surface.hessian(origin)).all()
    # the slope of the cone, 20·0.2/√2, holds down to the tip: no digits are lost there
    assert surface.value(np.array([1e-9, 0.0])) == pytest.approx(4e-9 / math.sqrt(2), rel=1e-7)
    assert surface.gradient(np.array([0.0, 1e-9]))[1] == pytest.approx(4 / math.sqrt(2), rel=1e-7)


def test_easom_plateau_is_flat_without_a_warning():
    surface = SURFACES["easom"]
    far = np.array([60.0, -60.0])
    assert surface.value(far) == 0
    np.testing.assert_array_equal(surface.gradient(far), 0)
    np.testing.assert_array_equal(surface.hessian(far), 0)


@every_surface
def test_distance(key):
    surface = SURFACES[key]
    points = scatter(surface, 50, seed=5).reshape(5, 10, 2)
    distance = surface.distance(points)
    assert distance.shape == (5, 10)
    if key == "monkey_saddle":
        assert np.isnan(distance).all()
        return
    np.testing.assert_allclose(surface.distance(surface.minima), 0, atol=1e-15)
    assert (distance > 0).all()
    assert np.isnan(surface.distance(np.full(2, np.nan)))
    if key != "two_weight_net":
        every = np.linalg.norm(points[..., None, :] - surface.minima, axis=-1)
        np.testing.assert_allclose(distance, every.min(-1), rtol=1e-12)


def test_distance_to_the_hyperbola():
    distance = SURFACES["two_weight_net"].distance
    points = np.vstack(
        [
            scatter(SURFACES["two_weight_net"], 30, seed=1),
            [(0, 0), (2, -2), (-0.3, 0.3), (3, 3), (1.9, 1.9), (-2, -2), (2, 2 + 1e-9), (0, 2), (5, 0.1), (40, -3)],
        ]
    )
    t = np.exp(np.linspace(-6, 6, 200_001))
    curve = np.vstack([np.column_stack([t, 1 / t]), -np.column_stack([t, 1 / t])])
    brute = np.array([np.sqrt(np.min(np.sum((curve - point) ** 2, axis=-1))) for point in points])
    # the curve is sampled every 6e-5 of its own length, so brute force is a little too long
    exact = distance(points)
    assert (exact <= brute + 1e-12).all()
    np.testing.assert_allclose(exact, brute, atol=1e-6)
    assert distance(np.zeros(2)) == pytest.approx(math.sqrt(2), rel=1e-15)
    assert distance(np.full(2, 3.0)) == pytest.approx(math.sqrt(7), rel=1e-15)
    on_curve = np.array([(t, 1 / t) for t in (0.3, -0.7, 1.0, 2.2, -5.0)])
    np.testing.assert_allclose(distance(on_curve), 0, atol=1e-15)


@every_surface
def test_descent_from_the_start_gets_somewhere(key):
    surface = SURFACES[key]
    params = surface.start
    assert np.linalg.norm(surface.gradient(params)) > 1e-3
    losses = []
    for _ in range(201):
        loss, grads = surface.objective(params, 0)
        losses.append(float(loss))
        params = params - surface.rate * grads
    assert np.isfinite(losses).all()
    assert losses[100] < losses[0] and losses[200] < losses[0]
    if len(surface.minima):
        assert surface.distance(params) < surface.distance(surface.start)


def test_twin_wells_start_leads_to_the_shallow_well():
    surface = SURFACES["twin_wells"]
    params = surface.start
    for _ in range(300):
        params = params - surface.rate * surface.gradient(params)
    np.testing.assert_allclose(params, surface.minima[1], atol=1e-6)


@pytest.mark.parametrize("key", ["three_hump_camel", "double_well"])
def test_momentum_carries_across_where_plain_descent_stays(key):
    surface = SURFACES[key]
    ends = []
    for momentum in (0.0, 0.9):
        params, velocity = surface.start, np.zeros(2)
        for _ in range(600):
            velocity = momentum * velocity + surface.gradient(params)
            params = params - surface.rate * velocity
        ends.append(np.argmin(np.abs(surface.minima - params).max(-1)))
        assert surface.distance(params) < 1e-6
    assert ends[0] != ends[1]


@pytest.mark.parametrize(("offset", "steps"), [(1e-1, 19), (1e-3, 67), (1e-6, 139), (1e-9, 212)])
def test_saddle_clock(offset, steps):
    params, count = np.array([1.5, offset]), 0
    while params[1] < 0.5:
        params, count = params - 0.1 * SURFACES["saddle"].gradient(params), count + 1
    assert count == steps


@pytest.mark.parametrize(("rate", "sharpness"), [(0.3, 5.0), (0.45, 3.84), (0.6, 2.0)])
def test_catapult(rate, sharpness):
    surface = SURFACES["two_weight_net"]
    params = np.array([2.2, 0.5])
    for _ in range(500):
        params = params - rate * surface.gradient(params)
    assert np.linalg.eigvalsh(surface.hessian(params))[-1] == pytest.approx(sharpness, abs=0.01)


@settings(max_examples=50, deadline=None)
@given(condition=st.floats(1, 1000), angle=st.floats(-10, 10), x=st.floats(-5, 5), y=st.floats(-5, 5))
def test_ravine_closed_forms(condition, angle, x, y):
    surface = ravine(condition, angle)
    point = np.array([x, y])
    hessian = surface.hessian(point)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), [1, condition], rtol=1e-12 * condition)
    along, across = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    np.testing.assert_allclose(surface.gradient(2 * along), 2 * along, atol=1e-12 * condition)
    np.testing.assert_allclose(surface.gradient(across), condition * across, rtol=1e-12, atol=1e-12 * condition)
    np.testing.assert_allclose(surface.gradient(point), hessian @ point, atol=1e-12 * condition)
    assert surface.value(point) == pytest.approx(point @ hessian @ point / 2, rel=1e-9, abs=1e-9)
    assert surface.value(point) == pytest.approx(from_words(surface.words, point), abs=1e-3 * condition)


def test_ravine_defaults_and_parameters():
    surface, listed = ravine(), SURFACES["ravine"]
    points = scatter(surface, 20)
    np.testing.assert_array_equal(surface.value(points), listed.value(points))
    np.testing.assert_array_equal(ravine(condition=50.0, angle=0.0).value(points), listed.value(points))
    assert [p.name for p in listed.parameters] == ["condition", "angle"]
    assert listed.parameters[0] == Parameter("condition", 50.0, 1.0, 1000.0, True)
    assert listed.words == "(x**2 + 50*y**2)/2"
    for parameter in listed.parameters:
        for end in (parameter.low, parameter.high):
            assert np.isfinite(ravine(**{parameter.name: end}).value(points)).all()


@pytest.mark.parametrize("bad", [{"condition": 0}, {"condition": -1}, {"condition": math.nan}, {"angle": math.inf}])
def test_ravine_refuses(bad):
    with pytest.raises(ValueError, match="positive condition and a finite angle"):
        ravine(**bad)
