"""Losses against PyTorch, scikit-learn and finite differences; and what labels become for each of them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import hinge_loss

from engine import Array
from engine.losses import LOSSES, encode, softmax

with np.load(Path(__file__).parent / "golden" / "networks.npz") as file:
    GOLDEN = {name: file[name] for name in file.files if name.startswith("loss.")}
RECORDED = sorted({name.rsplit(".", 1)[0].removeprefix("loss.") for name in GOLDEN})

every_entry = pytest.mark.parametrize("key", LOSSES)
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def some_targets(key: str, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Targets as ``encode`` gives them: hard ones where the loss has classes."""
    *_, outputs = shape
    if key == "categorical_cross_entropy":
        return np.eye(outputs)[random.integers(0, outputs, shape[:-1])]
    if LOSSES[key].targets == "values":
        return random.standard_normal(shape)
    hard = random.integers(0, 2, shape).astype(float)
    return 2 * hard - 1 if key == "hinge" else hard


# Values and slopes


@pytest.mark.parametrize("name", RECORDED)
def test_values_and_slopes_are_pytorchs(name):
    z, y, values, slopes = (GOLDEN[f"loss.{name}.{part}"] for part in ("z", "y", "values", "slopes"))
    entry = LOSSES[name.split(".")[0]]
    np.testing.assert_allclose(entry.function(z, y), values, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(entry.derivative(z, y), slopes, rtol=1e-12, atol=1e-15)


def test_every_loss_but_hinge_is_recorded_with_one_output_and_with_several():
    assert {name.split(".")[0] for name in RECORDED} == set(LOSSES) - {"hinge"}
    assert len(RECORDED) == 7  # categorical cross-entropy has no single output


def test_hinge_is_scikit_learns():
    random = np.random.default_rng(0)
    scores, labels = 2 * random.standard_normal(200), random.integers(0, 2, 200)
    found = LOSSES["hinge"].function(scores[:, None], encode(labels, 1, "hinge", np.float64))
    assert found.mean() == pytest.approx(hinge_loss(labels, scores), rel=1e-12)
    assert 0 < (found == 0).sum() < 200


@pytest.mark.parametrize("outputs", [1, 2, 5])
@every_entry
def test_derivatives_are_the_slopes_of_the_functions(key, outputs):
    random, step = np.random.default_rng(outputs), 1e-5
    entry = LOSSES[key]
    for size in (0.1, 1, 4):
        y = some_targets(key, (40, outputs), random)
        z = size * random.standard_normal(y.shape)
        clear = (np.abs(1 - y * z) > 2 * step) & (np.abs(np.abs(z - y) - 1) > 2 * step)  # of hinge's and Huber's edges
        for output in range(outputs):
            shift = step * np.eye(outputs)[output]
            slopes = (entry.function(z + shift, y) - entry.function(z - shift, y)) / (2 * step)
            found = entry.derivative(z, y)[:, output]
            np.testing.assert_allclose(found[clear[:, output]], slopes[clear[:, output]], rtol=1e-7, atol=1e-9)
            assert clear.mean() > 0.9


@settings(max_examples=100, deadline=None)
@given(st.floats(-50, 50), st.sampled_from([0.0, 1.0]), st.floats(1e-3, 10))
@example(0.0, 1.0, 1.0)
def test_losses_are_convex_in_one_logit_and_never_negative(z, y, gap):
    for key in set(LOSSES) - {"categorical_cross_entropy"}:
        target = np.array([[2 * y - 1 if key == "hinge" else y]])
        left, middle, right = (LOSSES[key].function(np.array([[z + g]]), target).item() for g in (-gap, 0, gap))
        assert middle >= 0 and middle <= (left + right) / 2 + 1e-12 * (1 + left + right)


@both_dtypes
@every_entry
def test_precision_stays_replicas_stay_apart_and_nothing_given_is_changed(key, dtype):
    random = np.random.default_rng(3)
    for outputs in (1, 4):
        z = random.standard_normal((3, 6, outputs)).astype(dtype)
        y = some_targets(key, (6, outputs), random).astype(dtype)
        z_before, y_before = z.copy(), y.copy()
        values, slopes = LOSSES[key].function(z, y), LOSSES[key].derivative(z, y)
        assert values.shape == (3, 6) and slopes.shape == z.shape and values.dtype == slopes.dtype == dtype
        assert LOSSES[key].predict(z).dtype == dtype and LOSSES[key].predict(z).shape == z.shape
        assert (z == z_before).all() and (y == y_before).all()
        for r in range(3):
            assert values[r].tobytes() == LOSSES[key].function(z[r], y).tobytes()
            assert slopes[r].tobytes() == LOSSES[key].derivative(z[r], y).tobytes()


# Far out


@both_dtypes
def test_cross_entropy_of_a_sure_mistake_is_the_logit_itself(dtype):
    z = np.array([[1e4], [-1e4], [1e4], [-1e4]], dtype)
    y = np.array([[0], [1], [1], [0]], dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        values = LOSSES["binary_cross_entropy"].function(z, y)
        slopes = LOSSES["binary_cross_entropy"].derivative(z, y)
    assert values.tolist() == [1e4, 1e4, 0, 0] and slopes.ravel().tolist() == [1, -1, 0, 0]


@both_dtypes
def test_cross_entropy_over_classes_of_a_sure_mistake_is_the_distance_of_the_logits(dtype):
    z = np.array([[1e4, -1e4, 0], [1e4, -1e4, 0], [1e4, -1e4, 0]], dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        values = LOSSES["categorical_cross_entropy"].function(z, np.eye(3, dtype=dtype))
        slopes = LOSSES["categorical_cross_entropy"].derivative(z, np.eye(3, dtype=dtype))
    assert values.tolist() == [0, 2e4, 1e4]
    assert slopes.tolist() == [[0, 0, 0], [1, -1, 0], [1, 0, -1]]


@both_dtypes
@every_entry
def test_no_loss_warns_or_overflows_at_ten_thousand(key, dtype):
    y = some_targets(key, (4, 2), np.random.default_rng(1)).astype(dtype)
    for z in (1e4, -1e4):
        logits = np.full((4, 2), z, dtype)
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            values = LOSSES[key].function(logits, y), LOSSES[key].derivative(logits, y), LOSSES[key].predict(logits)
        assert all(np.isfinite(array).all() for array in values)


def test_huber_bears_distances_whose_squares_are_no_numbers():
    z, y = np.array([[1e200], [-1e300]]), np.zeros((2, 1))
    with np.errstate(over="raise"):
        assert LOSSES["huber"].function(z, y).tolist() == [1e200, 1e300]


def test_cross_entropy_of_a_sure_right_answer_keeps_its_relative_accuracy():
    z, one = np.array([[20.0], [50.0], [300.0]]), np.ones((3, 1))
    for logits, y in ((z, one), (-z, 1 - one)):
        loss = LOSSES["binary_cross_entropy"].function(logits, y)
        np.testing.assert_allclose(loss, [math.log1p(math.exp(-20)), math.exp(-50), math.exp(-300)], rtol=1e-6)


def test_slope_of_a_sure_right_answer_keeps_its_relative_accuracy_below():
    z, zero = np.array([[-50.0], [-300.0]]), np.zeros((2, 1))
    slopes = LOSSES["binary_cross_entropy"].derivative(z, zero)
    np.testing.assert_allclose(slopes[:, 0], [math.exp(-50), math.exp(-300)], rtol=1e-6)


# Softmax


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.integers(-1000, 1000))
def test_softmax_sums_to_one_and_ignores_a_common_shift(logits, shift):
    z = np.array(logits)
    p = softmax(z)
    assert p.sum() == pytest.approx(1, abs=1e-12) and (p >= 0).all()
    np.testing.assert_allclose(softmax(z + shift), p, rtol=1e-9, atol=1e-12)
    assert p[z.argmax()] == p.max()


def test_two_classes_are_a_sigmoid_of_their_difference():
    z = np.random.default_rng(5).standard_normal((30, 2))
    y = np.random.default_rng(6).integers(0, 2, 30)
    np.testing.assert_allclose(softmax(z)[:, 1], LOSSES["binary_cross_entropy"].predict(z[:, 1] - z[:, 0]), 1e-13)
    over_classes = LOSSES["categorical_cross_entropy"].function(z, np.eye(2)[y])
    binary = LOSSES["binary_cross_entropy"].function(z[:, 1:] - z[:, :1], y[:, None].astype(float))
    np.testing.assert_allclose(over_classes, binary, rtol=1e-12)


# Targets


@pytest.mark.parametrize(
    ("loss", "outputs", "given", "encoded"),
    [
        ("binary_cross_entropy", 1, [0, 1, 1], [[0], [1], [1]]),
        ("binary_cross_entropy", 1, [[0], [1]], [[0], [1]]),
        ("binary_cross_entropy", 1, [True, False], [[1], [0]]),
        ("binary_cross_entropy", 1, [0.25, 0.75], [[0.25], [0.75]]),
        ("binary_cross_entropy", 1, [[1, 0], [0, 1]], [[0], [1]]),
        ("binary_cross_entropy", 2, [[1, 1], [0, 0.5]], [[1, 1], [0, 0.5]]),
        ("binary_cross_entropy", 3, [2, 0], [[0, 0, 1], [1, 0, 0]]),
        ("categorical_cross_entropy", 3, [2, 0, 1], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]),
        ("categorical_cross_entropy", 3, [2.0, 2.0], [[0, 0, 1], [0, 0, 1]]),
        ("categorical_cross_entropy", 2, [0, 0], [[1, 0], [1, 0]]),
        ("categorical_cross_entropy", 2, [[0.25, 0.75], [1, 0]], [[0.25, 0.75], [1, 0]]),
        ("mean_squared_error", 1, [-3, 0.5], [[-3], [0.5]]),
        ("mean_squared_error", 2, [[-3, 0.5]], [[-3, 0.5]]),
        ("huber", 1, [[7.0]], [[7]]),
        ("hinge", 1, [0, 1, 0], [[-1], [1], [-1]]),
        ("hinge", 1, [[1, 0], [0, 1]], [[-1], [1]]),
        ("hinge", 3, [1, 2], [[-1, 1, -1], [-1, -1, 1]]),
    ],
)
@both_dtypes
def test_targets_are_encoded_as_the_loss_wants_them(loss, outputs, given, encoded, dtype):
    before = np.array(given)
    found = encode(before, outputs, loss, dtype)
    assert found.tolist() == encoded and found.dtype == dtype and not np.shares_memory(found, before)
    assert before.tolist() == given


@pytest.mark.parametrize(
    ("loss", "outputs", "given", "sentence"),
    [
        ("cross_entropy", 1, [0, 1], "'cross_entropy' is not one of binary_cross_entropy, "),
        ("binary_cross_entropy", 1, [0, math.nan], "^targets must be finite numbers, one a sample or one a sample "),
        ("mean_squared_error", 1, [math.inf], "^targets must be finite numbers"),
        ("mean_squared_error", 1, [[[1.0]]], "^targets must be finite numbers"),
        ("mean_squared_error", 1, 3.0, "^targets must be finite numbers"),
        ("mean_squared_error", 2, [1, 2], "^Mean squared error: targets of 1 columns do not fit a network of 2"),
        ("huber", 1, [[1, 2]], "^Huber: targets of 2 columns do not fit a network of 1 outputs"),
        ("binary_cross_entropy", 3, [[1, 0]], "^Binary cross-entropy: targets of 2 columns do not fit a network of 3"),
        ("categorical_cross_entropy", 1, [0, 1], "^Categorical cross-entropy needs an output for each class, at least"),
        ("categorical_cross_entropy", 2, [0, 2], "^Categorical cross-entropy: class 2 needs 3 outputs, but there are"),
        ("categorical_cross_entropy", 3, [0.5, 1], "^Categorical cross-entropy needs whole class labels from 0"),
        ("categorical_cross_entropy", 3, [-1, 1], "^Categorical cross-entropy needs whole class labels from 0"),
        ("categorical_cross_entropy", 2, [[0.5, 0.6]], "^Categorical cross-entropy needs targets that sum to 1 over"),
        ("categorical_cross_entropy", 2, [[-0.5, 1.5]], "^Categorical cross-entropy needs targets from 0 to 1"),
        ("binary_cross_entropy", 1, [0, 2], "^Binary cross-entropy needs targets from 0 to 1"),
        ("hinge", 1, [-1, 1], "^Hinge needs targets from 0 to 1"),
        ("hinge", 2, [0.5, 1], "^Hinge needs whole class labels from 0"),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_a_sentence(loss, outputs, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        encode(given, outputs, loss, np.float64)


@every_entry
def test_no_targets_at_all_are_encoded_as_none(key):
    assert encode(np.zeros(0), 2 if key == "categorical_cross_entropy" else 1, key, np.float32).shape[0] == 0


# The registry


@every_entry
def test_entries_say_what_the_pages_show(key):
    entry = LOSSES[key]
    assert entry.label and entry.teaches.endswith(".") and entry.targets in {"binary", "classes", "values"}
    assert entry.formula.count("{") == entry.formula.count("}")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("binary_cross_entropy", [0.5, 0.75]),
        ("categorical_cross_entropy", [0.25, 0.75]),
        ("mean_squared_error", [0, math.log(3)]),
        ("huber", [0, math.log(3)]),
        ("hinge", [0, math.log(3)]),
    ],
)
def test_logits_say_a_probability_or_the_value_itself(key, said):
    np.testing.assert_allclose(LOSSES[key].predict(np.array([[0, math.log(3)]])), [said], rtol=1e-14)
