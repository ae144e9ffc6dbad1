"""Losses of one weight: derivatives by finite differences, minima, valleys, and the rates at which descent settles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import limits
from engine.curves import CURVES
from engine.descent import descend, last_step, outcome, stack
from engine.optimizers import OPTIMIZERS

every_curve = pytest.mark.parametrize("key", CURVES)
WEIGHTS = np.linspace(*limits.CURVE_WEIGHT, 41)


def walk(curve, start, rate, steps):
    start, rate = np.broadcast_arrays(np.atleast_1d(np.asarray(start, float)), rate)
    sgd = OPTIMIZERS["sgd"].factory(learning_rate=rate[:, None])
    return stack(descend(curve.objective, sgd, start[:, None], steps))


@every_curve
def test_slope_and_curvature_are_the_derivatives(key):
    curve, h = CURVES[key], 1e-5
    numeric = (curve.value(WEIGHTS + h) - curve.value(WEIGHTS - h)) / (2 * h)
    np.testing.assert_allclose(curve.slope(WEIGHTS), numeric, rtol=1e-6, atol=1e-8)
    numeric = (curve.slope(WEIGHTS + h) - curve.slope(WEIGHTS - h)) / (2 * h)
    np.testing.assert_allclose(curve.curvature(WEIGHTS), numeric, rtol=1e-6, atol=1e-8)
    assert (np.ptp(curve.curvature(WEIGHTS)) == 0) == curve.quadratic


@every_curve
def test_minima_are_all_there(key):
    curve = CURVES[key]
    assert (np.abs(curve.slope(curve.minima)) < 1e-12).all() and (curve.curvature(curve.minima) > 0).all()
    assert (np.diff(curve.minima) > 0).all()
    low, high = curve.view
    assert low < curve.start < high and ((low < curve.minima) & (curve.minima < high)).any()
    grid = np.linspace(-11.9, 11.9, 7001)
    heights = curve.value(grid)
    hollows = (heights[1:-1] < heights[:-2]) & (heights[1:-1] < heights[2:])
    assert hollows.sum() == len(curve.minima)


@every_curve
def test_a_valley_is_where_the_smallest_steps_lead(key):
    curve = CURVES[key]
    starts = WEIGHTS[np.abs(curve.slope(WEIGHTS)) > 1e-3]
    ends = last_step(
        descend(curve.objective, OPTIMIZERS["sgd"].factory(learning_rate=0.002), starts[:, None], 20_000)
    ).params[:, 0]
    np.testing.assert_allclose(ends, [curve.valley(w) for w in starts], atol=1e-6)
    assert curve.valley(curve.minima[0]) == curve.minima[0]


def test_a_top_belongs_to_the_nearest_minimum():
    assert CURVES["waves"].valley(np.pi * 4) in CURVES["waves"].minima
    assert CURVES["parabola"].valley(1e30) == 0


@every_curve
def test_descent_settles_below_the_edge_and_not_above(key):
    curve = CURVES[key]
    minimum = curve.valley(curve.start)
    edge = curve.largest_stable_rate(curve.start)
    path = walk(curve, minimum + 1e-3, edge * np.array([0.3, 0.98, 1.02]), 400)
    away = np.abs(path.params[-1, :, 0] - minimum)
    assert (away[:2] < 1e-6).all() and not away[2] < 1e-3
    assert outcome(path, curve.hessian)[0].kind == "converged"


@given(st.floats(-2, 2), st.floats(0.001, 1.2), st.integers(0, 40))
def test_a_parabola_has_its_closed_form(start, rate, steps):
    path = walk(CURVES["parabola"], start, rate, steps)
    np.testing.assert_allclose(
        path.params[:, 0, 0], start * (1 - 2 * rate) ** np.arange(steps + 1), rtol=1e-9, atol=1e-14
    )


@every_curve
def test_a_batch_is_bit_for_bit_what_each_is_alone_in_both_widths(key):
    curve = CURVES[key]
    for dtype in (np.float64, np.float32):
        w = WEIGHTS.astype(dtype)
        for function in (curve.value, curve.slope, curve.curvature):
            batch = function(w)
            assert batch.dtype == dtype
            np.testing.assert_array_equal(batch, [function(one) for one in w])
    loss, grads = curve.objective(WEIGHTS.reshape(-1, 1), 3)
    assert loss.shape == (41,) and grads.shape == (41, 1)
    assert curve.hessian(WEIGHTS.reshape(-1, 1)).shape == (41, 1, 1)


def test_log_cosh_does_not_overflow_and_never_diverges():
    curve = CURVES["log_cosh"]
    np.testing.assert_allclose(curve.value(np.array([1e4, -1e4])), 1e4 - np.log(2))
    path = walk(curve, 3.0, limits.LEARNING_RATE.high, 100)
    assert outcome(path, curve.hessian)[0].kind == "out of steps"
    assert (np.abs(path.updates) <= limits.LEARNING_RATE.high).all()


def test_the_double_wells_valleys_differ():
    curve = CURVES["double_well"]
    left, right = curve.value(curve.minima)
    assert left < right and curve.valley(-0.1) < 0 < curve.valley(0.5)


@every_curve
def test_the_largest_rate_from_anywhere_ends_in_a_named_way(key):
    curve = CURVES[key]
    path = walk(curve, WEIGHTS, limits.LEARNING_RATE.high, int(limits.CURVE_STEPS.high))
    kinds = {ended.kind for ended in outcome(path, curve.hessian)}
    assert kinds <= {"converged", "out of steps", "diverged", "stationary"}
    assert np.isfinite(path.params).all() and np.isfinite(path.loss).all()
