"""Initialisers: each entry's spread by its formula, and what layers of any shape must get."""

import math

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.initializers import INITIALIZERS

every_entry = pytest.mark.parametrize("key", INITIALIZERS)
SHAPES = [(1, 1), (2, 64), (64, 64), (64, 1), (3, 7)]
FAN_IN, FAN_OUT = 300, 500


def drawn(key: str, fan_in: int, fan_out: int, seed: int = 0) -> np.ndarray:
    return INITIALIZERS[key].draw(np.random.default_rng(seed), fan_in, fan_out)


@every_entry
def test_weights_have_the_layers_shape_in_float64_and_depend_on_the_seed_alone(key):
    for shape in SHAPES:
        W = drawn(key, *shape)
        assert W.shape == shape and W.dtype == np.float64 and np.isfinite(W).all() and W.flags.c_contiguous
        assert W.tobytes() == drawn(key, *shape).tobytes()
    assert (drawn(key, 3, 7) == drawn(key, 3, 7, seed=1)).all() == (key == "zeros")


@every_entry
def test_no_global_random_state_is_used(key):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    drawn(key, 5, 5)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("key", "variance"),
    [
        ("zeros", 0),
        ("normal", 1),
        ("glorot_uniform", 2 / (FAN_IN + FAN_OUT)),
        ("glorot_normal", 2 / (FAN_IN + FAN_OUT)),
        ("he_uniform", 2 / FAN_IN),
        ("he_normal", 2 / FAN_IN),
        ("lecun_normal", 1 / FAN_IN),
        ("orthogonal", 1 / FAN_OUT),  # each of the 300 rows has length 1
    ],
)
def test_mean_is_zero_and_spread_that_of_the_paper(key, variance):
    W = drawn(key, FAN_IN, FAN_OUT)
    assert W.std() == pytest.approx(math.sqrt(variance), rel=0.02)
    assert abs(W.mean()) <= 4 * math.sqrt(variance / W.size)  # four standard errors


def test_every_initializer_has_its_spread_tested():
    (mark,) = test_mean_is_zero_and_spread_that_of_the_paper.pytestmark
    assert {key for key, _ in mark.args[1]} == set(INITIALIZERS) and len(INITIALIZERS) == 8


@pytest.mark.parametrize(("key", "limit"), [("glorot_uniform", 6 / (FAN_IN + FAN_OUT)), ("he_uniform", 6 / FAN_IN)])
def test_uniform_weights_fill_their_interval_and_stay_within(key, limit):
    W = drawn(key, FAN_IN, FAN_OUT) / math.sqrt(limit)
    assert -1 <= W.min() < -0.9999 and 0.9999 < W.max() <= 1
    np.testing.assert_allclose(np.histogram(W, 4, (-1, 1))[0] / W.size, 0.25, rtol=0.03)


@pytest.mark.parametrize("key", ["normal", "glorot_normal", "he_normal", "lecun_normal"])
def test_normal_weights_have_a_normal_distributions_tails(key):
    W = drawn(key, FAN_IN, FAN_OUT)
    assert np.mean(np.abs(W) < W.std()) == pytest.approx(0.6827, abs=0.01)
    assert np.mean(np.abs(W) > 3 * W.std()) == pytest.approx(0.0027, abs=0.0006)


@pytest.mark.parametrize("shape", [(5, 5), (8, 3), (3, 8), (1, 6), (6, 1), (1, 1)])
def test_orthogonal_keeps_lengths_on_its_smaller_side(shape):
    W = drawn("orthogonal", *shape)
    product = W.T @ W if shape[0] >= shape[1] else W @ W.T
    np.testing.assert_allclose(product, np.eye(min(shape)), rtol=0, atol=1e-13)


def test_orthogonal_favours_no_sign_and_no_direction():
    many = np.array([drawn("orthogonal", 3, 3, seed) for seed in range(1000)])
    # entries of a uniform rotation have mean 0 and variance 1/3; QR alone would favour one sign on the diagonal
    assert np.abs(many.mean(0)).max() < 4 / math.sqrt(3 * 1000)
    np.testing.assert_allclose(many.var(0), 1 / 3, rtol=0.12)
    assert 400 < (np.linalg.det(many) > 0).sum() < 600
    assert {drawn("orthogonal", 1, 1, seed).item() for seed in range(20)} == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("key", "activation"), [("he_normal", "relu"), ("he_uniform", "relu"), ("lecun_normal", "identity")]
)
def test_signals_keep_their_size_through_the_layers_they_are_meant_for(key, activation):
    rng = np.random.default_rng(2)
    z = first = rng.standard_normal((400, 256))
    for _ in range(8):
        z = ACTIVATIONS[activation].function(z) @ INITIALIZERS[key].draw(rng, 256, 256)
    # chance alone may make it half as much again; half the variance would make it 256 times smaller
    assert np.square(z).mean() == pytest.approx(np.square(first).mean(), rel=0.7)


@every_entry
def test_entries_say_what_the_pages_show(key):
    entry = INITIALIZERS[key]
    assert entry.label and entry.formula and entry.teaches.endswith(".")
    assert entry.formula.count("{") == entry.formula.count("}")


def test_labels_are_distinct():
    assert len({entry.label for entry in INITIALIZERS.values()}) == len(INITIALIZERS)
