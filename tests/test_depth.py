"""What deep networks pass on: the curriculum's figures, exact identities, and the classic failures."""

from dataclasses import replace

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.depth import BINS, LOSS, Deep, data, signals, training
from engine.descent import descend
from engine.losses import LOSSES, encode
from engine.networks import mlp
from engine.optimizers import OPTIMIZERS

PLAIN = Deep()
CURES = (
    PLAIN,
    replace(PLAIN, normalization="layer"),
    replace(PLAIN, residual=True),
    replace(PLAIN, normalization="layer", residual=True),
)
FIGURES = {10: (2.8e-6, 3.8e-4, 0.13, 0.80), 20: (2e-12, 6e-8, 0.09, 0.53)}
"""First over last hidden layer's gradient norm, medians, as the curriculum states them."""


@pytest.mark.parametrize("depth", FIGURES)
def test_the_curriculums_ratios_of_sigmoid_networks(depth):
    found = []
    for cure in CURES:
        norms = signals(replace(cure, depth=depth), seeds=32).gradients
        found.append(float(np.median(norms[:, 0] / norms[:, -2])))
    assert found == sorted(found), "plain < layer normalisation < residual < both"
    for ratio, stated in zip(found, FIGURES[depth], strict=True):
        assert stated / 3 < ratio < stated * 3


def test_a_tiny_start_has_a_ratio_near_one_and_no_gradient():
    norms = signals(Deep(activation="tanh", initializer="normal", scale=0.01)).gradients
    assert 0.1 < np.median(norms[:, 0] / norms[:, -2]) < 10
    assert norms.max() < 1e-11


def test_weights_of_deviation_one_make_relu_explode_and_partly_make_up_for_sigmoid():
    assert np.median(signals(Deep(20, activation="relu", initializer="normal")).gradients) > 1e10
    loud = signals(Deep(initializer="normal")).gradients
    assert 1e-3 < np.median(loud[:, 0] / loud[:, -2]) < 0.1


def test_a_network_of_zeros_hands_nothing_back():
    found = signals(Deep(initializer="zeros", activation="relu"))
    assert not found.gradients.any()
    assert (found.dead == 1).all()


@pytest.mark.parametrize("cure", CURES, ids=["plain", "layer", "residual", "both"])
def test_the_norms_are_those_of_the_gradient_of_training(cure):
    network, sample = cure.network(), data()
    params = network.init(0, 8)
    _, grads = network.objective(sample.X, sample.y, LOSS)(params, 0)
    found = signals(cure)
    for layer, (dW, *_) in enumerate(network.unpack(grads)):
        np.testing.assert_allclose(found.gradients[:, layer], np.linalg.norm(dW, axis=(-2, -1)), rtol=1e-9)
    for layer, (W, *_) in enumerate(network.unpack(params)):
        np.testing.assert_allclose(found.weights[:, layer], np.linalg.norm(W, axis=(-2, -1)), rtol=1e-12)


@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
@pytest.mark.parametrize("residual", [False, True])
def test_every_delta_is_the_slope_of_the_loss_in_the_pre_activations(normalization, residual):
    """By the biases: adding ε to one of them adds ε to that pre-activation of every sample, so Σδ is the slope."""
    network = mlp((2, 4, 4, 4, 1), "tanh", normalization=normalization, residual=residual, dtype=np.float64)
    rng = np.random.default_rng(0)
    params = network.init(0, 2) + 0.1 * rng.standard_normal((2, network.size))
    X, y = rng.standard_normal((6, 2)), rng.integers(0, 2, 6)
    trace, logits = network.forward(params, X)
    delta = LOSSES[LOSS].derivative(logits, encode(y, 1, LOSS, float)) / 6
    grads, deltas = network.backward(params, trace, delta)
    np.testing.assert_array_equal(grads, network.gradient(params, trace, delta))
    for (_, db, *_), slope, layer in zip(network.unpack(grads), deltas, trace, strict=True):
        np.testing.assert_allclose(slope.sum(-2), db, atol=1e-15)
        assert slope.shape == layer.pre_activation.shape


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_no_delta_of_a_plain_network_exceeds_its_bound(activation):
    for start in ("glorot_uniform", "normal"):
        found = signals(Deep(6, 8, activation, start))
        assert (found.deltas[0] <= found.bound * (1 + 1e-9)).all()
    assert np.isnan(signals(Deep(6, 8, activation, residual=True)).bound).all()


def test_large_weights_saturate_a_sigmoid_and_small_ones_do_not():
    assert signals(Deep(scale=10.0, initializer="normal")).saturated[:, 1:].mean() > 0.5
    assert signals(Deep(scale=0.1)).saturated.max() == 0


def test_densities_are_shares_of_every_layer():
    found = signals(Deep(3, 8))
    assert found.densities.shape == (3, BINS)
    np.testing.assert_allclose(found.densities.sum(-1), 1)
    assert (np.diff(found.edges) > 0).all()


@pytest.mark.parametrize(
    "deep", [Deep(32, 128), Deep(32, 4, "relu", "normal", 10.0), Deep(1, 1), Deep(4, 4, normalization="batch")]
)
def test_the_bounds_of_the_page_give_numbers_or_nan_and_no_warning(deep):
    found = signals(deep, seeds=2)
    assert found.gradients.shape == (2, deep.depth + 1)
    assert found.saturated.shape == (2, deep.depth)
    assert not (found.gradients < 0).any()


def test_training_is_the_descent_of_every_seed_on_the_same_batches():
    deep, sample = Deep(2, 4), data()
    network = deep.network(np.float32)
    objective = network.objective(sample.X, sample.y, LOSS, 16, 3)
    alone = list(descend(objective, OPTIMIZERS["adam"].factory(0.01), network.init(3, 2)[1], 20))
    together = list(training(deep, "adam", 0.01, 20, 16, seeds=2, first=3))
    assert [p.step for p in together] == list(range(21))
    assert [float(p.losses[1]) for p in together] == [float(step.loss) for step in alone]
    ratio = np.linalg.norm(network.unpack(alone[5].updates)[0][0]) / np.linalg.norm(
        network.unpack(alone[5].params)[0][0]
    )
    np.testing.assert_allclose(together[5].ratios[1, 0], ratio, rtol=1e-5)


def test_a_seed_that_diverges_is_marked_and_the_stream_ends_with_the_last():
    found = list(training(Deep(20, activation="relu", initializer="normal"), "sgd", 1.0, 50, seeds=2))
    assert len(found) < 51
    assert np.isnan(found[-1].losses).all()
    assert np.isnan(found[-1].gradients).all()


def test_batch_normalisation_of_a_batch_of_one_hands_nothing_back():
    first = next(training(Deep(3, 4, normalization="batch"), "sgd", 0.1, 1, batch_size=1))
    assert not first.gradients[:, :-2].any()
