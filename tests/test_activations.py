"""Activations against PyTorch's recorded values and finite differences; and the properties that every entry has."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.activations import ACTIVATIONS

with np.load(Path(__file__).parent / "golden" / "networks.npz") as file:
    GOLDEN = {name: file[name] for name in file.files if name == "points" or name.startswith("activation.")}

every_entry = pytest.mark.parametrize("key", ACTIVATIONS)
STEP = 1e-5


@every_entry
def test_function_and_derivative_are_pytorchs(key):
    z = GOLDEN["points"]
    h = ACTIVATIONS[key].function(z)
    # far below 0, GELU is a difference of nearly equal numbers in either library
    np.testing.assert_allclose(h, GOLDEN[f"activation.{key}"], rtol=1e-12, atol=1e-15 if key == "gelu" else 0)
    np.testing.assert_allclose(ACTIVATIONS[key].derivative(z, h), GOLDEN[f"activation.{key}.slope"], 1e-12, 1e-15)


def test_every_activation_is_recorded_at_zero_and_on_both_sides():
    recorded = {name.split(".")[1] for name in GOLDEN if name.startswith("activation.")}
    assert recorded == set(ACTIVATIONS) and len(recorded) == 10
    assert 0 in GOLDEN["points"] and GOLDEN["points"].min() < -20 and GOLDEN["points"].max() > 20


@settings(max_examples=200, deadline=None)
@given(st.floats(-20, 20).filter(lambda z: abs(z) > 2 * STEP))  # at 0, three of them have a kink or a jump in curvature
@example(-20.0)
@example(-0.75)
@example(1e-3)
@example(20.0)
def test_derivatives_are_the_slopes_of_the_functions(at):
    z = np.array([at])
    for key, entry in ACTIVATIONS.items():
        slope = (entry.function(z + STEP) - entry.function(z - STEP)) / ((z + STEP) - (z - STEP))
        found = entry.derivative(z, entry.function(z))
        assert abs(found - slope).item() < 1e-9, f"{key} at {at}: derivative {found.item()}, differences {slope.item()}"


@every_entry
def test_slopes_far_below_zero_keep_their_relative_accuracy(key):
    # exp(-700) is still a number, and so must be the slope of whatever decays as slowly as that
    z = np.array([-30.0, -700.0])
    slope = ACTIVATIONS[key].derivative(z, ACTIVATIONS[key].function(z))
    decays = {"sigmoid": np.exp(z), "elu": np.exp(z), "softplus": np.exp(z), "silu": np.exp(z) * (1 + z)}
    if key in decays:
        np.testing.assert_allclose(slope, decays[key], rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_entry
def test_precision_and_shape_stay_and_nothing_given_is_changed(key, dtype):
    z = np.random.default_rng(0).standard_normal((3, 4, 5)).astype(dtype)
    entry, before = ACTIVATIONS[key], z.copy()
    h = entry.function(z)
    kept = h.copy()
    slope = entry.derivative(z, h)
    assert h.dtype == slope.dtype == dtype and h.shape == slope.shape == z.shape
    assert (z == before).all() and (h == kept).all()
    assert not np.shares_memory(slope, h) and not np.shares_memory(slope, z)
    h[:] = 7
    assert (z == before).all()


@every_entry
def test_float32_is_close_to_float64(key):
    z = np.linspace(-8, 8, 401)
    wide, narrow = (ACTIVATIONS[key].function(z.astype(dtype)) for dtype in (np.float64, np.float32))
    np.testing.assert_allclose(narrow, wide, rtol=1e-5, atol=1e-6)
    slopes = (ACTIVATIONS[key].derivative(a, h) for a, h in ((z, wide), (z.astype(np.float32), narrow)))
    np.testing.assert_allclose(*slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_entry
def test_huge_arguments_and_both_zeros_give_finite_numbers_without_a_warning(key, dtype):
    z = np.array([-1e30, -1e3, -100, -0.0, 0.0, 100, 1e3, 1e30], dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        h = ACTIVATIONS[key].function(z)
        slope = ACTIVATIONS[key].derivative(z, h)
    assert np.isfinite(h).all() and np.isfinite(slope).all()
    assert h[3] == h[4] and slope[3] == slope[4]


@pytest.mark.parametrize(
    ("key", "far_below", "far_above"),
    [
        ("identity", (-50, 1), (50, 1)),
        ("sigmoid", (0, 0), (1, 0)),
        ("tanh", (-1, 0), (1, 0)),
        ("relu", (0, 0), (50, 1)),
        ("leaky_relu", (-0.5, 0.01), (50, 1)),
        ("elu", (-1, 0), (50, 1)),
        ("gelu", (0, 0), (50, 1)),
        ("silu", (0, 0), (50, 1)),
        ("softplus", (0, 0), (50, 1)),
    ],
)
def test_far_from_zero_value_and_slope_are_their_limits(key, far_below, far_above):
    z = np.array([-50.0, 50.0])
    h = ACTIVATIONS[key].function(z)
    slope = ACTIVATIONS[key].derivative(z, h)
    np.testing.assert_allclose(np.stack([h, slope], -1), [far_below, far_above], rtol=1e-14, atol=1e-14)


def test_the_steepest_slopes_are_those_the_lessons_name():
    steepest = {key: entry.steepest for key, entry in ACTIVATIONS.items()}
    assert steepest["sigmoid"] == 0.25
    assert {key for key, slope in steepest.items() if slope == 1} >= {"identity", "tanh", "relu", "leaky_relu", "elu"}
    assert steepest["sin"] == 1
    # beyond 1: the soft switches overshoot; softplus comes up to 1 from below
    assert steepest["gelu"] == pytest.approx(1.128904145, abs=1e-7)
    assert steepest["silu"] == pytest.approx(1.099839320, abs=1e-7)
    assert steepest["softplus"] == pytest.approx(1, abs=1e-4)


@every_entry
def test_entries_say_what_the_pages_show(key):
    entry = ACTIVATIONS[key]
    assert entry.label and entry.teaches.endswith(".")
    for formula in (entry.formula, entry.derivative_formula):
        assert formula and formula.count("{") == formula.count("}")


def test_labels_are_distinct():
    assert len({entry.label for entry in ACTIVATIONS.values()}) == len(ACTIVATIONS)
