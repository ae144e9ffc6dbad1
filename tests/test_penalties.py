"""Penalties of a probability: decimals known from elsewhere, finite differences, the chain rule, and both ends."""

import math

import numpy as np
import pytest

from engine.descent import descend, stack
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.penalties import PENALTIES, objective

every_penalty = pytest.mark.parametrize("key", PENALTIES)
every_target = pytest.mark.parametrize("y", [0, 1, 0.3])
PREDICTIONS = np.linspace(0.02, 0.98, 25)
LOGITS = np.linspace(-9, 9, 37)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def difference(function, x, h=1e-5):
    return (function(x + h) - function(x - h)) / (2 * h)


def test_the_losses_of_a_right_and_a_wrong_answer():
    predictions = np.array([0.95, 0.05, 0.5])
    entropy, squared = (PENALTIES[key].of_prediction(predictions, 1) for key in ("cross_entropy", "squared_error"))
    np.testing.assert_allclose(entropy, [0.05129329438755058, 2.995732273553991, 0.6931471805599453], rtol=1e-14)
    np.testing.assert_allclose(squared, [0.0025, 0.9025, 0.25], rtol=1e-13)
    np.testing.assert_allclose(PENALTIES["cross_entropy"].slope_in_prediction(predictions, 1), [-20 / 19, -20, -2])


@every_penalty
@every_target
def test_slopes_are_those_of_the_losses(key, y):
    penalty = PENALTIES[key]
    numeric = difference(lambda p: penalty.of_prediction(p, y), PREDICTIONS)
    np.testing.assert_allclose(penalty.slope_in_prediction(PREDICTIONS, y), numeric, rtol=1e-5, atol=1e-8)
    numeric = difference(lambda z: penalty.of_logit(z, y), LOGITS)
    np.testing.assert_allclose(penalty.slope_in_logit(LOGITS, y), numeric, rtol=1e-5, atol=1e-9)


@every_penalty
@every_target
def test_the_logit_is_the_prediction_seen_through_the_sigmoid(key, y):
    penalty, p = PENALTIES[key], sigmoid(LOGITS)
    np.testing.assert_allclose(penalty.of_logit(LOGITS, y), penalty.of_prediction(p, y), rtol=1e-10)
    chained = penalty.slope_in_prediction(p, y) * p * (1 - p)
    np.testing.assert_allclose(penalty.slope_in_logit(LOGITS, y), chained, rtol=1e-9, atol=1e-15)


@every_penalty
def test_yes_and_no_mirror_each_other(key):
    penalty = PENALTIES[key]
    np.testing.assert_allclose(penalty.of_prediction(PREDICTIONS, 0), penalty.of_prediction(1 - PREDICTIONS, 1))
    np.testing.assert_allclose(penalty.slope_in_logit(LOGITS, 0), -penalty.slope_in_logit(-LOGITS, 1), rtol=1e-14)


@every_target
def test_cross_entropy_is_the_networks_own(y):
    loss, targets = LOSSES["binary_cross_entropy"], np.full((len(LOGITS), 1), y)
    penalty = PENALTIES["cross_entropy"]
    np.testing.assert_array_equal(penalty.of_logit(LOGITS, y), loss.function(LOGITS[:, None], targets))
    slopes = loss.derivative(LOGITS[:, None], targets)[:, 0]
    np.testing.assert_allclose(penalty.slope_in_logit(LOGITS, y), slopes, atol=1e-15)


def test_a_sure_and_wrong_answer_keeps_its_slope_only_under_cross_entropy():
    far = np.array([-800.0])
    assert PENALTIES["cross_entropy"].of_logit(far, 1) == 800
    assert PENALTIES["cross_entropy"].slope_in_logit(far, 1) == -1
    assert PENALTIES["squared_error"].of_logit(far, 1) == 1
    assert PENALTIES["squared_error"].slope_in_logit(far, 1) == 0
    steep = PENALTIES["squared_error"].slope_in_logit(np.linspace(-5, 5, 100_001), 1)
    assert steep.min() == pytest.approx(-8 / 27, rel=1e-8)
    assert sigmoid(np.linspace(-5, 5, 100_001)[steep.argmin()]) == pytest.approx(1 / 3, abs=1e-4)


def test_slopes_of_right_answers_are_small_and_not_lost():
    assert PENALTIES["cross_entropy"].slope_in_logit(np.array([40.0]), 1)[0] == pytest.approx(-math.exp(-40), rel=1e-12)
    twice = PENALTIES["squared_error"].slope_in_logit(np.array([40.0]), 1)[0]
    assert twice == pytest.approx(-2 * math.exp(-80), rel=1e-12)


@every_penalty
@pytest.mark.parametrize("prediction", [0.0, 1.0, -0.1, 1.1, np.nan, np.inf])
def test_a_prediction_must_lie_between_the_ends(key, prediction):
    for function in (PENALTIES[key].of_prediction, PENALTIES[key].slope_in_prediction):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            function(np.array([0.5, prediction]), 1)


@every_penalty
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_precision_stay_and_nothing_given_is_changed(key, dtype):
    x = np.linspace(0.1, 0.9, 6, dtype=dtype).reshape(2, 3)
    before = x.copy()
    for function in PENALTIES[key][1:5]:
        for y in (1, 1.0, np.float64(0), np.ones((2, 3))):
            result = function(x, y)
            assert result.dtype == dtype and result.shape == (2, 3)
    np.testing.assert_array_equal(x, before)


@every_penalty
def test_replicas_descend_as_they_would_alone(key):
    sgd, starts = OPTIMIZERS["sgd"].factory(learning_rate=0.7), np.array([[-6.0], [0.0], [4.0]])
    together = stack(descend(objective(PENALTIES[key], 1.0), sgd, starts, 30))
    assert together.loss.shape == (31, 3) and together.grads.shape == (31, 3, 1)
    for r, start in enumerate(starts):
        alone = stack(descend(objective(PENALTIES[key], 1.0), sgd, start, 30))
        assert alone.params.tobytes() == together.params[:, r].tobytes()
    assert (np.diff(together.loss, axis=0) < 0).all()
