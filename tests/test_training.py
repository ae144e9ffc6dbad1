"""Trainings as plain values: resumed runs, what fits what, and what is measured, with scikit-learn as oracle."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, hinge_loss, log_loss, mean_squared_error

from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS, load, minibatch
from engine.descent import last_step, stack
from engine.initializers import INITIALIZERS
from engine.losses import LOSSES
from engine.networks import mlp
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES
from engine.training import (
    FITTING,
    Learner,
    Training,
    data_of,
    dead_share,
    evaluate,
    labels,
    layer_norms,
    network_of,
    objective_of,
    optimizer_of,
    start_of,
    steps_per_epoch,
    train,
)

SMALL = Training(samples=60, hidden=(6, 5), batch_size=8)


def changed(**values) -> Training:
    return dataclasses.replace(SMALL, **values)


def trained(training: Training, optimizer: str = "adam", rate: float = 0.02, steps: int = 30):
    return last_step(train(training, Learner(optimizer, (("learning_rate", rate),)), steps)).params


# Running


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fifty_steps_and_fifty_resumed_are_a_hundred_bit_for_bit(optimizer):
    learner = Learner(optimizer, (("learning_rate", 0.01),), "cosine", 100)
    straight = stack(train(SMALL, learner, 100))
    *_, middle = first = list(train(SMALL, learner, 50))
    rest = list(train(SMALL, learner, 50, middle))
    assert rest[0].count == 50 and rest[-1].count == 100
    pieced = stack([*first[:-1], *rest])
    for ours, theirs in zip(straight[:-1], pieced[:-1], strict=True):
        assert ours.tobytes() == theirs.tobytes()
    for ours, theirs in zip(straight.state, pieced.state, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert straight.params.dtype == np.float32 and (straight.params[0] != straight.params[-1]).any()


def test_the_first_step_is_the_start_on_the_first_batch_of_the_seed():
    training = changed(seed=4, l2=0.01)
    first = next(train(training, Learner(), 5))
    data, network = data_of(training), mlp((2, 6, 5, 1))
    rows = minibatch(4, 0, 8, 48)
    loss, grads = network.objective(data.X[rows], data.y[rows], l2=0.01)(network.init(4), 0)
    assert first.count == 0 and first.params.tobytes() == network.init(4).tobytes() == start_of(training).tobytes()
    assert first.loss.tobytes() == loss.tobytes() and first.grads.tobytes() == grads.tobytes()


def test_every_learner_sees_the_same_start_and_batches():
    for optimizer in OPTIMIZERS:
        first = next(train(SMALL, Learner(optimizer), 1))
        again = next(train(SMALL, Learner(), 1))
        assert first.loss.tobytes() == again.loss.tobytes() and first.grads.tobytes() == again.grads.tobytes()
    other = next(train(changed(seed=1), Learner(), 1))
    assert other.params.tobytes() != first.params.tobytes()


def test_data_are_those_of_the_values():
    training = Training("blobs", 40, 0.3, data_seed=9, classes=4)
    assert data_of(training) is load("blobs", 40, 0.3, 9, classes=4)


def test_values_alone_make_what_was_made_before_and_nothing_is_drawn_anew():
    twin = dataclasses.replace(SMALL)
    assert twin == SMALL and hash(twin) == hash(SMALL)
    assert data_of(twin) is data_of(SMALL) and network_of(twin) is network_of(SMALL)
    assert objective_of(twin) is objective_of(SMALL)


@pytest.mark.parametrize(("batch_size", "batches"), [(None, 1), (1, 48), (8, 6), (7, 7), (47, 2), (48, 1), (1000, 1)])
def test_an_epoch_has_as_many_steps_as_it_takes_to_see_48_samples(batch_size, batches):
    assert steps_per_epoch(changed(batch_size=batch_size)) == batches


def test_a_learners_schedule_stretches_over_its_steps_from_its_own_rate():
    learner = Learner("sgd", (("learning_rate", 0.5), ("weight_decay", 0.0)), "exponential", 20)
    steps = list(train(SMALL, learner, 20))
    for step in steps:
        rate = SCHEDULES["exponential"](0.5, 20)(step.count)
        np.testing.assert_allclose(step.updates, -rate * step.grads, rtol=1e-6)
    assert learner.learning_rate == 0.5 and Learner("adam").learning_rate == 1e-3
    faster = learner.with_rate(0.7)
    assert faster.learning_rate == 0.7 and dict(faster.hyperparameters)["weight_decay"] == 0.0
    assert faster.schedule == "exponential" and learner.learning_rate == 0.5
    assert Learner("adam").with_rate(0.2).hyperparameters == (("learning_rate", 0.2),)


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_hyperparameters_reach_the_optimizer(key):
    entry = OPTIMIZERS[key]
    params, grads = np.ones(3), np.array([0.3, -2.0, 0.01])

    def after_three(optimizer):
        state = optimizer.init(params)
        for _ in range(3):
            updates, state = optimizer.update(grads, state, params)
        return updates.tobytes()

    defaults = {h.name: h.default for h in entry.hyperparameters}
    for h in entry.hyperparameters:
        values = defaults | {h.name: (h.low + h.default) / 2 or h.high / 2}
        assert after_three(optimizer_of(Learner(key, tuple(values.items())))) == after_three(entry.factory(**values))
    assert after_three(optimizer_of(Learner(key))) == after_three(entry.factory(**defaults))


# What fits what


def test_kinds_of_data_are_told_by_their_labels():
    assert changed(dataset="moons").kind == changed(dataset="blobs", classes=2).kind == "binary"
    assert changed(dataset="blobs", classes=1).kind == "binary" and changed(dataset="blobs").kind == "classes"
    assert changed(dataset="wave").kind == changed(dataset="hills").kind == "values"


@pytest.mark.parametrize(("dataset", "kind"), [("xor", "binary"), ("blobs", "classes"), ("wave", "values")])
def test_a_loss_fits_the_data_or_is_refused_in_a_sentence(dataset, kind):
    for loss, entry in LOSSES.items():
        training = changed(dataset=dataset, loss=loss)
        if loss in FITTING[kind]:
            step = last_step(train(training, Learner(), 3))
            assert np.isfinite(step.loss) and (step.updates != 0).any()
        else:
            with pytest.raises(ValueError, match=f"^{entry.label} does not fit {kind} data$"):
                objective_of(training)


def test_networks_have_an_output_or_one_a_class():
    assert network_of(SMALL).widths == (2, 6, 5, 1) and network_of(changed(dataset="wave")).widths == (1, 6, 5, 1)
    classes = {"loss": "categorical_cross_entropy"}
    assert network_of(changed(**classes)).widths == (2, 6, 5, 2)
    for count, outputs in ((1, 2), (2, 2), (3, 3), (8, 8)):
        assert network_of(changed(dataset="blobs", classes=count, **classes)).widths == (2, 6, 5, outputs)
    made = network_of(changed(activation="gelu", initializer="orthogonal", hidden=()))
    assert (made.widths, made.activation, made.initializer, made.dtype) == ((2, 1), "gelu", "orthogonal", np.float32)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"dataset": "iris"}, "^'iris' is not one of moons"),
        ({"loss": "accuracy"}, "^'accuracy' is not one of binary_cross_entropy"),
        ({"activation": "swish"}, "^'swish' is not one of"),
        ({"initializer": "xavier"}, "^'xavier' is not one of"),
        ({"samples": 0}, "^there must be at least one sample"),
        ({"noise": -1.0}, "^noise must be"),
        ({"noise": math.nan}, "^noise must be"),
        ({"dataset": "blobs", "classes": 0}, "^there must be at least one sample and one class"),
        ({"hidden": (4, 0)}, "^widths must name"),
        ({"batch_size": 0}, "^a batch must hold at least one sample, not 0"),
        ({"batch_size": -3}, "^a batch must hold at least one sample, not -3"),
        ({"l2": -1.0}, "^l2 must be"),
    ],
)
def test_values_without_meaning_are_refused_in_a_sentence(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        next(train(changed(**values), Learner(), 1))
    if "batch_size" in values:
        with pytest.raises(ValueError, match=sentence):
            steps_per_epoch(changed(**values))


@st.composite
def trainings(draw) -> Training:
    """Any small training, of names that exist and numbers most of which are legal."""
    return Training(
        dataset=draw(st.sampled_from(sorted(DATASETS))),
        samples=draw(st.integers(-1, 12)),
        noise=draw(st.floats(0, 2)),
        data_seed=draw(st.integers(-1, 2**32)),
        classes=draw(st.integers(0, 5)),
        hidden=tuple(draw(st.lists(st.integers(1, 4), max_size=3))),
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        initializer=draw(st.sampled_from(sorted(INITIALIZERS))),
        loss=draw(st.sampled_from(sorted(LOSSES))),
        batch_size=draw(st.none() | st.integers(0, 15)),
        seed=draw(st.integers(-1, 2**64)),
        l2=draw(st.floats(-0.1, 10)),
    )


@settings(max_examples=120, deadline=None)
@given(trainings())
@example(Training(samples=1, hidden=(1,)))
@example(Training("blobs", samples=2, noise=0.0, classes=1, loss="categorical_cross_entropy"))
def test_any_training_runs_or_raises_nothing_but_a_value_error(training):
    try:
        steps = list(train(training, Learner(), 3))
    except ValueError:
        return
    last, measured = steps[-1], evaluate(training, steps[-1].params)
    assert [step.count for step in steps] == [0, 1, 2, 3] and np.isfinite(last.params).all()
    assert math.isfinite(measured.train_loss) and math.isnan(measured.test_loss) == (training.samples == 1)
    for accuracy in measured[2:]:
        assert math.isnan(accuracy) or 0 <= accuracy <= 1
    assert layer_norms(training, last.params).shape == (len(training.hidden) + 1,)
    assert 0 <= dead_share(training, last.params) <= 1 and steps_per_epoch(training) >= 1


# Measuring


@pytest.mark.parametrize(
    ("values", "said", "measure"),
    [
        ({"loss": "binary_cross_entropy"}, lambda z: expit(z[:, 0]) > 0.5, lambda y, z: log_loss(y, expit(z[:, 0]))),
        ({"loss": "hinge"}, lambda z: z[:, 0] > 0, lambda y, z: hinge_loss(y, z[:, 0])),
        ({"loss": "mean_squared_error"}, lambda z: np.rint(z[:, 0]).clip(0, 1), mean_squared_error),
        ({"loss": "categorical_cross_entropy"}, lambda z: z[:, 1] > z[:, 0], lambda y, z: log_loss(y, softmax(z, -1))),
        (
            {"loss": "categorical_cross_entropy", "dataset": "blobs", "noise": 0.6},
            lambda z: softmax(z, -1).argmax(-1),
            lambda y, z: log_loss(y, softmax(z, -1)),
        ),
    ],
)
def test_loss_and_accuracy_are_scikit_learns(values, said, measure):
    training = changed(samples=300, **values)
    params, data = trained(training), data_of(training)
    found = evaluate(training, params)
    logits = [network_of(training).predict(params, X).astype(float) for X in (data.X, data.X_test)]
    expected = [accuracy_score(y, said(z)) for y, z in zip((data.y, data.y_test), logits, strict=True)]
    assert [found.train_accuracy, found.test_accuracy] == pytest.approx(expected, abs=1e-15)
    assert 0.6 < found.train_accuracy < 1 and found.train_accuracy != found.test_accuracy
    measured = [measure(y, z) for y, z in zip((data.y, data.y_test), logits, strict=True)]
    assert [found.train_loss, found.test_loss] == pytest.approx(measured, rel=1e-5)


def test_values_have_a_loss_and_no_accuracy():
    training = changed(dataset="wave", loss="mean_squared_error")
    params, data = trained(training), data_of(training)
    found = evaluate(training, params)
    pairs = ((data.X, data.y), (data.X_test, data.y_test))
    errors = [mean_squared_error(y, network_of(training).predict(params, X)) for X, y in pairs]
    assert [found.train_loss, found.test_loss] == pytest.approx(errors, rel=1e-5)
    assert math.isnan(found.train_accuracy) and math.isnan(found.test_accuracy)


def test_the_penalty_is_no_part_of_what_is_measured():
    params = trained(SMALL)
    assert evaluate(SMALL, params) == evaluate(changed(l2=3.0), params)


def test_a_single_sample_has_no_test_loss():
    training = changed(samples=1)
    found = evaluate(training, start_of(training))
    assert math.isnan(found.test_loss) and math.isnan(found.test_accuracy) and found.train_loss >= 0


@pytest.mark.parametrize(
    ("loss", "logits", "classes"),
    [
        ("binary_cross_entropy", [[-0.1], [0.1], [0.6]], [0, 1, 1]),
        ("hinge", [[-0.1], [0.1], [0.6]], [0, 1, 1]),
        ("mean_squared_error", [[-0.1], [0.1], [0.6]], [0, 0, 1]),
        ("categorical_cross_entropy", [[0.2, 0.1], [-3, -2], [0, 0]], [0, 1, 0]),
        ("categorical_cross_entropy", [[0, 1, 2], [5, 1, 2]], [2, 0]),
    ],
)
def test_labels_are_those_the_logits_speak_for(loss, logits, classes):
    found = labels(changed(loss=loss), np.array(logits))
    assert found.tolist() == classes and found.dtype.kind == "i"
    replicas = labels(changed(loss=loss), np.array([logits, np.negative(logits)]))
    assert replicas.shape == (2, len(classes)) and replicas[0].tolist() == classes


def test_a_diverged_network_is_measured_without_a_warning():
    for value in (1e30, -1e30, np.inf, np.nan):
        params = np.full_like(start_of(SMALL), value)
        found = evaluate(SMALL, params)  # warnings are errors here
        assert not found.train_loss < 1e20 and 0 <= found.train_accuracy <= 1
        assert not (layer_norms(SMALL, params) < 1e20).any() and 0 <= dead_share(SMALL, params) <= 1


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_layer_norms_are_euclidean_norms_of_weights_and_biases_together(lead):
    vector = np.random.default_rng(0).standard_normal((*lead, network_of(SMALL).size))
    ends = [2 * 6 + 6, 2 * 6 + 6 + 6 * 5 + 5]
    expected = np.stack([np.linalg.norm(part, axis=-1) for part in np.split(vector, ends, -1)], -1)
    found = layer_norms(SMALL, vector)
    assert found.shape == (*lead, 3)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    np.testing.assert_allclose(np.square(found).sum(-1), np.square(vector).sum(-1), rtol=1e-12)


def test_dead_units_are_counted_over_all_hidden_layers_and_get_no_gradient():
    network, params = network_of(SMALL), start_of(SMALL).copy()
    assert dead_share(SMALL, params) == 0
    (_, b), (_, c), _ = network.unpack(params)
    b[:2] = -100
    assert dead_share(SMALL, params) == pytest.approx(2 / 11)
    c[:] = -1e4
    assert dead_share(SMALL, params) == pytest.approx(7 / 11)
    _, grads = objective_of(SMALL)(params, 0)
    assert not network.unpack(grads)[1][0].any() and not network.unpack(grads)[1][1].any()
    assert dead_share(changed(hidden=()), start_of(changed(hidden=()))) == 0
