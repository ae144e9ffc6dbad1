"""Eigenvalues and stability limits against closed forms and real runs; minima and Newton against known surfaces."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.curvature import (
    eigen,
    find_minima,
    hessian_vector_product,
    largest_stable_rate,
    newton,
    sharpness,
    stable_rate,
)
from engine.optimizers import OPTIMIZERS
from engine.surfaces import SURFACES, ravine

pytestmark = pytest.mark.filterwarnings("error")


def random_hessians(count: int, size: int = 2) -> np.ndarray:
    a = np.random.default_rng(0).normal(size=(count, size, size))
    return a + np.swapaxes(a, -1, -2)


def walk(optimizer, gradient, start, steps):
    params = np.array(start, dtype=float)
    state = optimizer.init(params)
    path = [params]
    for _ in range(steps):
        updates, state = optimizer.update(gradient(params), state, params)
        params = params + updates
        path.append(params)
    return np.array(path)


def test_eigen_of_two_by_two_has_a_closed_form():
    hessians = random_hessians(50).reshape(5, 10, 2, 2)
    values, vectors = eigen(hessians)
    a, b, d = hessians[..., 0, 0], hessians[..., 0, 1], hessians[..., 1, 1]
    middle, radius = (a + d) / 2, np.sqrt(((a - d) / 2) ** 2 + b * b)
    np.testing.assert_allclose(values, np.stack([middle - radius, middle + radius], -1), atol=1e-14)
    np.testing.assert_allclose(hessians @ vectors, vectors * values[..., None, :], atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-2), 1, rtol=1e-14)
    np.testing.assert_array_equal(sharpness(hessians), values[..., 1])


@settings(max_examples=50, deadline=None)
@given(condition=st.floats(1, 1000), angle=st.floats(-7, 7))
def test_eigen_of_the_ravine(condition, angle):
    values, vectors = eigen(ravine(condition, angle).hessian(np.ones(2)))
    np.testing.assert_allclose(values, [1, condition], rtol=1e-12 * condition)
    if condition > 1.01:
        assert abs(vectors[:, 0] @ [math.cos(angle), math.sin(angle)]) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [2, 40])
def test_eigen_of_what_is_not_finite_is_nan_there_only(hole, size):
    hessians = random_hessians(3, size)
    whole = eigen(hessians)
    hessians[1, 0, 1] = hole
    for with_hole, without in zip(eigen(hessians), whole, strict=True):
        assert np.isnan(with_hole[1]).all()
        np.testing.assert_array_equal(with_hole[[0, 2]], without[[0, 2]])
    assert np.isnan(largest_stable_rate(hessians)[1])


def test_largest_stable_rate():
    hessians = np.array([np.diag([1.0, 50.0]), np.diag([-3.0, 4.0]), np.diag([-1.0, -2.0]), np.zeros((2, 2))])
    np.testing.assert_allclose(largest_stable_rate(hessians), [0.04, 0.5, np.inf, np.inf])


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("key", ["sgd", "momentum", "nesterov"])
def test_stable_rate_is_where_runs_begin_to_diverge(key, momentum):
    curvature = 7.0
    limit = float(stable_rate(key, curvature, momentum))
    extra = {} if key == "sgd" else {"momentum": momentum}
    for factor, grows in ((0.99, False), (1.01, True)):
        optimizer = OPTIMIZERS[key].factory(learning_rate=factor * limit, **extra)
        path = np.abs(walk(optimizer, lambda p: curvature * p, [1.0], 3000))
        assert (path[-50:].max() > 1e3) if grows else (path[-50:].max() < 1e-3)


def test_stable_rate_values_and_shapes():
    assert stable_rate("momentum", 1.0) == pytest.approx(3.8)
    assert stable_rate("nesterov", 1.0) == pytest.approx(1.357, abs=1e-3)
    np.testing.assert_array_equal(stable_rate("sgd", [4.0, 0.0, -1.0, np.nan]), [0.5, np.inf, np.inf, np.nan])
    for key in set(OPTIMIZERS) - {"sgd", "momentum", "nesterov"}:
        assert np.isnan(stable_rate(key, [1.0, -1.0])).all()


@pytest.mark.parametrize("key", SURFACES)
def test_hessian_vector_product_against_the_hessian(key):
    surface = SURFACES[key]
    low, high = np.array(surface.domain).T
    rng = np.random.default_rng(3)
    points = (low + (high - low) * rng.uniform(size=(20, 2))).reshape(4, 5, 2)
    vectors = rng.normal(size=points.shape) * 10.0 ** rng.integers(-3, 4, (4, 5, 1))
    hessians = surface.hessian(points)
    exact = np.sum(hessians * vectors[..., None, :], axis=-1)
    error = np.linalg.norm(hessian_vector_product(surface.gradient, points, vectors) - exact, axis=-1)
    assert (error <= 1e-6 * np.linalg.norm(vectors, axis=-1) * (1 + np.abs(hessians).max(axis=(-2, -1)))).all()


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 3e-3)])
def test_hessian_vector_product_in_many_dimensions(dtype, tolerance):
    hessian = random_hessians(1, 30)[0].astype(dtype)
    rng = np.random.default_rng(1)
    params, vectors = (rng.normal(size=(6, 30)).astype(dtype) for _ in range(2))
    vectors[2] = 0
    product = hessian_vector_product(lambda p: p @ hessian, params, vectors)
    assert product.dtype == dtype
    assert np.abs(product - vectors @ hessian).max() <= tolerance * np.abs(vectors @ hessian).max()
    np.testing.assert_array_equal(product[2], 0)


# easom's plateau has dimples that the menu leaves out; the net's minima are a curve; the lattices are beyond the limit
LISTED = sorted(set(SURFACES) - {"easom", "two_weight_net", "rastrigin", "ackley"})


@pytest.mark.parametrize("key", LISTED)
def test_find_minima_finds_the_listed_ones(key):
    surface = SURFACES[key]
    found = find_minima(surface)
    assert found.shape == surface.minima.shape
    values = surface.value(found)
    assert (np.diff(values) >= 0).all()
    for minimum in surface.minima:
        assert np.abs(found - minimum).max(-1).min() < 1e-8


@pytest.mark.parametrize("key", ["himmelblau", "styblinski_tang"])
def test_find_minima_finds_four(key):
    assert find_minima(SURFACES[key]).shape == (4, 2)


def test_find_minima_stops_at_32_of_the_deepest():
    surface = SURFACES["rastrigin"]
    found = find_minima(surface)
    assert found.shape == (32, 2)
    np.testing.assert_array_equal(found[0], 0)
    np.testing.assert_allclose(surface.value(found), np.sort(surface.value(surface.minima))[:32], atol=1e-10)


def test_find_minima_where_there_are_none():
    assert find_minima(SURFACES["two_weight_net"]).shape == (0, 2)
    flat = replace(
        SURFACES["bowl"],
        value=lambda p: 0 * p[..., 0],
        gradient=lambda p: 0 * p,
        hessian=lambda p: np.zeros((*p.shape, 2)),
    )
    assert find_minima(flat).shape == (0, 2)
    bowl = SURFACES["bowl"]
    nowhere = replace(bowl, value=lambda p: np.nan * p[..., 0])
    assert find_minima(nowhere).shape == (0, 2)
    assert find_minima(replace(bowl, domain=((1.0, 3.0), (-1.0, 1.0)))).shape == (0, 2)


def test_find_minima_looks_past_what_is_not_finite():
    himmelblau = SURFACES["himmelblau"]
    half = replace(himmelblau, value=lambda p: np.where(p[..., 0] > 0, himmelblau.value(p), np.nan))
    found = find_minima(half)
    assert found.shape == (2, 2)
    assert (found[:, 0] > 0).all()


@pytest.mark.parametrize("angle", [0.0, 0.6, math.pi / 4])
def test_newton_needs_one_step_on_a_ravine(angle):
    surface = ravine(200.0, angle)
    path = walk(newton(surface.hessian, damping=0.0), surface.gradient, surface.start, 1)
    np.testing.assert_allclose(path[-1], 0, atol=1e-11)


def test_newton_is_damped():
    hessian = np.diag([1.0, 50.0])
    path = walk(newton(lambda p: hessian, 0.5, damping=4.0), lambda p: p @ hessian, [3.0, 2.0], 1)
    np.testing.assert_allclose(path[1], [3 - 0.5 * 3 / 5, 2 - 0.5 * 100 / 54], rtol=1e-14)


def test_newton_leaves_the_saddle_and_turns_from_the_top():
    saddle = SURFACES["saddle"]
    path = walk(newton(saddle.hessian), saddle.gradient, [1.5, 1e-3], 30)
    np.testing.assert_allclose(path[-1], [0, 1], atol=1e-6)
    # Newton's own step would lead up to himmelblau's maximum
    himmelblau = SURFACES["himmelblau"]
    path = walk(newton(himmelblau.hessian), himmelblau.gradient, [-0.3, -1.0], 60)
    assert himmelblau.distance(path[-1]) < 1e-6


def test_newton_replicas_and_sweeps_are_single_runs_bit_for_bit():
    surface = SURFACES["himmelblau"]
    starts = np.random.default_rng(2).uniform(-6, 6, (9, 2))
    together = walk(newton(surface.hessian, 0.3), surface.gradient, starts, 20)
    alone = [walk(newton(surface.hessian, 0.3), surface.gradient, start, 20) for start in starts]
    assert together.tobytes() == np.stack(alone, axis=1).tobytes()
    rates, dampings = np.array([[0.1], [0.5], [1.0]]), np.array([[0.0], [1e-3], [10.0]])
    swept = walk(newton(surface.hessian, rates, dampings), surface.gradient, np.tile(starts[0], (3, 1)), 20)
    for r in range(3):
        alone = walk(newton(surface.hessian, rates[r, 0], dampings[r, 0]), surface.gradient, starts[0], 20)
        assert swept[:, r].tobytes() == alone.tobytes()


def test_newton_follows_a_schedule_and_counts():
    surface = SURFACES["bowl"]
    optimizer = newton(surface.hessian, lambda count: 0.5 if count == 0 else 0.0, damping=0.0)
    state = optimizer.init(surface.start)
    assert state.count == 0
    updates, state = optimizer.update(surface.gradient(surface.start), state, surface.start)
    np.testing.assert_allclose(updates, -surface.start / 2)
    updates, state = optimizer.update(surface.gradient(surface.start), state, surface.start)
    assert state.count == 2 and not updates.any()


def test_newton_without_curvature():
    flat, nowhere = np.zeros((2, 2)), np.full((2, 2), np.nan)
    np.testing.assert_array_equal(walk(newton(lambda p: flat, damping=0.0), lambda p: p, [1.0, 2.0], 1)[1], [1, 2])
    np.testing.assert_array_equal(walk(newton(lambda p: nowhere, 0.5), lambda p: p, [1.0, 2.0], 1)[1], [0.5, 1])
    tip = SURFACES["ackley"]
    np.testing.assert_array_equal(walk(newton(tip.hessian), tip.gradient, [0.0, 0.0], 3), 0)


@pytest.mark.parametrize("bad", [{"damping": -1.0}, {"damping": math.nan}, {"learning_rate": -1.0}])
def test_newton_refuses(bad):
    with pytest.raises(ValueError, match="must be at least 0"):
        newton(SURFACES["bowl"].hessian, **bad)
