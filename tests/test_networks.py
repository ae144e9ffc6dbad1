"""Networks against PyTorch, scikit-learn and finite differences; replicas, starts, batches, penalties and refusals."""

import itertools
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from engine import Array
from engine.activations import ACTIVATIONS
from engine.datasets import batches_per_epoch, load, minibatch
from engine.descent import descend, stack
from engine.initializers import INITIALIZERS
from engine.losses import LOSSES, encode
from engine.networks import Network, mlp
from engine.normalization import NORMALIZATIONS, Statistics
from engine.optimizers import OPTIMIZERS

with np.load(Path(__file__).parent / "golden" / "networks.npz") as file:
    GOLDEN = {name: file[name] for name in file.files if name.startswith(("network.", "cases", "trained"))}
CASES = json.loads(str(GOLDEN["cases"]))
TRAINED, RATE, STEPS = json.loads(str(GOLDEN["trained"]))

every_case = pytest.mark.parametrize("index", range(len(CASES)), ids=lambda i: "-".join(map(str, CASES[i][1:4])))
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def recorded(index: int, *names: str) -> list[Array]:
    return [GOLDEN[f"network.{index}.{name}"] for name in names]


def network_of(index: int) -> Network:
    widths, activation, normalization, residual, _ = CASES[index]
    return mlp(widths, activation, normalization=normalization, residual=residual, dtype=np.float64)


def some_data(widths: list[int], loss: str, samples: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Inputs (N, in), and targets (N, out) that fit the loss."""
    outputs = widths[-1]
    if LOSSES[loss].targets == "values":
        y = random.standard_normal((samples, outputs))
    elif LOSSES[loss].targets == "classes":
        y = np.eye(outputs)[random.integers(0, outputs, samples)]
    else:
        y = random.integers(0, 2, (samples, outputs)).astype(float)
    return random.standard_normal((samples, widths[0])), y


# Against PyTorch


@every_case
def test_logits_loss_and_gradient_are_pytorchs(index):
    network, loss = network_of(index), CASES[index][-1]
    X, y, params = recorded(index, "X", "y", "params")
    value, grads = network.objective(X, y, loss)(params, 0)
    found = {"logits": network.predict(params, X), "loss": value, "grads": grads}
    for name, array in found.items():
        np.testing.assert_allclose(array, *recorded(index, name), rtol=1e-10, atol=1e-12, err_msg=name)
    assert network.loss(params, X, y, loss) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("index", [i for i, case in enumerate(CASES) if case[2] == "batch"])
def test_batch_normalisation_by_given_statistics_is_pytorchs_evaluation_mode(index):
    X, params, means, variances, logits = recorded(index, "X", "params", "means", "variances", "eval_logits")
    ends = np.cumsum(CASES[index][0][1:-2])
    pairs = zip(np.split(means, ends), np.split(variances, ends), strict=True)
    statistics = [Statistics(mean[None], variance[None]) for mean, variance in pairs]
    found = network_of(index).predict(params, X, statistics)
    np.testing.assert_allclose(found, logits, rtol=1e-10)
    one_by_one = [network_of(index).predict(params, x[None], statistics)[0] for x in X]
    np.testing.assert_allclose(one_by_one, logits, rtol=1e-10)


def test_adam_on_a_network_walks_pytorchs_path():
    X, y, params, curve, last = recorded(TRAINED, "X", "y", "params", "curve", "last_params")
    objective = network_of(TRAINED).objective(X, y, CASES[TRAINED][-1])
    run = stack(descend(objective, OPTIMIZERS["adam"].factory(learning_rate=RATE), params, STEPS))
    np.testing.assert_allclose(run.loss[:-1], curve, rtol=1e-8)
    np.testing.assert_allclose(run.params[-1], last, rtol=1e-6, atol=1e-8)
    assert curve[-1] < curve[0] / 10


def test_every_activation_and_normalisation_and_loss_of_pytorchs_is_recorded():
    _, activations, normalizations, residual, losses = zip(*CASES, strict=True)
    assert set(activations) == set(ACTIVATIONS) and set(normalizations) == {None, *NORMALIZATIONS}
    assert set(losses) == set(LOSSES) - {"hinge"} and set(residual) == {True, False}


# Against scikit-learn: the same start, all the data at every step


def as_in_scikit_learn(model, network: Network, params: Array, X: Array, y: Array, epochs: int = 50) -> tuple:
    """The losses of ``epochs`` updates from ``params``, and the parameters then reached, as our flat vector.

    A first epoch makes the model's arrays, in whose place come ours; ``warm_start`` then goes on from there, with an
    optimizer made anew.
    """
    full = {"batch_size": len(X), "shuffle": False, "tol": 0, "n_iter_no_change": 10 * epochs, "warm_start": True}
    model.set_params(**full, max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
        layers = network.unpack(params)
        model.coefs_, model.intercepts_ = [W.copy() for W, _ in layers], [b.copy() for _, b in layers]
        model.set_params(max_iter=epochs).fit(X, y)
    assert len(model.loss_curve_) == 1 + epochs
    return np.array(model.loss_curve_[1:]), network.pack(list(zip(model.coefs_, model.intercepts_, strict=True)))


def two_moons() -> tuple[Array, Array]:
    X, y = make_moons(300, noise=0.2, random_state=42)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize(
    ("optimizer", "options", "theirs", "tolerance"),
    [
        ("sgd", {"learning_rate": 0.5}, {"solver": "sgd", "momentum": 0.0}, 1e-9),
        ("momentum", {"learning_rate": 0.1}, {"solver": "sgd", "nesterovs_momentum": False}, 1e-9),
        ("nesterov", {"learning_rate": 0.1}, {"solver": "sgd"}, 1e-9),
        # its ε stands elsewhere, which matters less the smaller it is
        ("adam", {"learning_rate": 0.003}, {"solver": "adam"}, 1e-4),
        ("adam", {"learning_rate": 0.003, "eps": 1e-16}, {"solver": "adam", "epsilon": 1e-16}, 1e-9),
    ],
)
@pytest.mark.parametrize(("ours", "name"), [("relu", "relu"), ("tanh", "tanh"), ("sigmoid", "logistic")])
def test_loss_curves_on_two_moons_are_scikit_learns(optimizer, options, theirs, tolerance, ours, name):
    X, y = two_moons()
    network = mlp((2, 16, 8, 1), ours, dtype=np.float64)
    start = network.init(7)
    run = stack(descend(network.objective(X, y), OPTIMIZERS[optimizer].factory(**options), start, 50))
    rate = options["learning_rate"]
    model = MLPClassifier((16, 8), name, alpha=0, learning_rate_init=rate, **theirs)
    curve, last = as_in_scikit_learn(model, network, start, X, y)
    np.testing.assert_allclose(run.loss[:50], curve, rtol=tolerance, atol=0)
    if tolerance == 1e-9:
        np.testing.assert_allclose(run.params[50], last, rtol=1e-8, atol=1e-8)
    assert curve[-1] < 0.97 * curve[0]  # something was learned


def test_l2_over_the_samples_is_scikit_learns_alpha():
    X, y = two_moons()
    network = mlp((2, 16, 1), "tanh", dtype=np.float64)
    start = network.init(1)
    objective = network.objective(X, y, l2=20 / len(X))
    run = stack(descend(objective, OPTIMIZERS["nesterov"].factory(learning_rate=0.1), start, 50))
    model = MLPClassifier((16,), "tanh", solver="sgd", alpha=20, learning_rate_init=0.1)
    curve, last = as_in_scikit_learn(model, network, start, X, y)
    np.testing.assert_allclose(run.loss[:50], curve, rtol=1e-9)
    np.testing.assert_allclose(run.params[50], last, rtol=1e-8, atol=1e-9)


def test_loss_curve_over_three_classes_is_scikit_learns():
    X, y = make_blobs(120, centers=3, cluster_std=3, random_state=2)
    X = StandardScaler().fit_transform(X)
    network = mlp((2, 9, 3), "tanh", dtype=np.float64)
    start = network.init(3)
    objective = network.objective(X, y, "categorical_cross_entropy")
    run = stack(descend(objective, OPTIMIZERS["nesterov"].factory(learning_rate=0.1), start, 50))
    model = MLPClassifier((9,), "tanh", solver="sgd", alpha=0, learning_rate_init=0.1)
    curve, _ = as_in_scikit_learn(model, network, start, X, y)
    np.testing.assert_allclose(run.loss[:50], curve, rtol=1e-9)


def test_loss_curve_of_squared_errors_is_twice_scikit_learns_at_half_its_rate():
    data = load("wave", 200, 0.1, 3)
    network = mlp((1, 12, 12, 1), "tanh", dtype=np.float64)
    start = network.init(4)
    objective = network.objective(data.X, data.y, "mean_squared_error")
    run = stack(descend(objective, OPTIMIZERS["momentum"].factory(learning_rate=0.02), start, 50))
    model = MLPRegressor(
        "squared_error", (12, 12), "tanh", solver="sgd", alpha=0, learning_rate_init=0.04, nesterovs_momentum=False
    )
    curve, last = as_in_scikit_learn(model, network, start, data.X, data.y)
    np.testing.assert_allclose(run.loss[:50] / 2, curve, rtol=1e-9)
    np.testing.assert_allclose(run.params[50], last, rtol=1e-8, atol=1e-9)


# Against differences


def clear_of_edges(network: Network, params: Array, X: Array, y: Array, loss: str) -> bool:
    """Whether no unit, residual or margin is so near to a kink that a small step could cross it."""
    trace, logits = network.forward(params, X)
    edges = [hidden.pre_activation for hidden in trace[:-1]]
    if loss == "huber":
        edges.append(np.abs(logits - y) - 1)
    elif loss == "hinge":
        edges.append(encode(y, logits.shape[-1], loss, float) * logits - 1)
    return all(np.abs(edge).min() > 1e-3 for edge in edges)


def slopes_along_a_direction(network: Network, loss: str, samples: int = 6, step: float = 2e-5) -> tuple[float, float]:
    """From backpropagation and from differences of fourth order, along a way drawn at random."""
    for seed in itertools.count():
        random = np.random.default_rng([seed, network.size])
        X, y = some_data(network.widths, loss, samples, random)
        params, direction = random.standard_normal((2, network.size)) * [[0.6], [1.0]]
        if clear_of_edges(network, params, X, y, loss):
            break
    objective = network.objective(X, y, loss)
    (ahead, further, back, behind), _ = objective(params + step * np.array([[1], [2], [-1], [-2]]) * direction, 0)
    slope = (8 * (ahead - back) - (further - behind)) / (12 * step)  # deep networks bend too much for second order
    return float(objective(params, 0)[1] @ direction), float(slope)


@pytest.mark.parametrize("hidden", [(5,), (4, 4, 4), (3, 3, 5), (3,) * 8])
@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("residual", [False, True])
def test_gradients_are_the_slopes_of_the_loss(hidden, normalization, residual):
    for activation, loss in itertools.product(ACTIVATIONS, LOSSES):
        outputs = 2 if loss == "categorical_cross_entropy" or len(activation) % 2 else 1
        widths = (3, *hidden, outputs)
        network = mlp(widths, activation, normalization=normalization, residual=residual, dtype=np.float64)
        found, slope = slopes_along_a_direction(network, loss)
        message = f"{activation}, {loss}: backpropagation {found!r}, differences {slope!r}"
        assert abs(found - slope) < 1e-6 * max(abs(slope), 1e-2), message


def test_gradient_of_a_linear_network_is_that_of_least_squares():
    random = np.random.default_rng(0)
    X, y, w = random.standard_normal((30, 4)), random.standard_normal(30), random.standard_normal(5)
    loss, grads = mlp((4, 1), dtype=np.float64).objective(X, y, "mean_squared_error")(w, 0)
    augmented = np.column_stack([X, np.ones(30)])
    residuals = augmented @ w - y
    assert loss == pytest.approx(residuals @ residuals / 30, rel=1e-13)
    np.testing.assert_allclose(grads, 2 / 30 * augmented.T @ residuals, rtol=1e-12)


def test_a_penalty_is_half_the_squared_weights_without_the_biases():
    random = np.random.default_rng(1)
    for normalization in (None, *NORMALIZATIONS):
        network = mlp((2, 3, 3, 1), "tanh", normalization=normalization, dtype=np.float64)
        X, y = some_data([2, 1], "huber", 8, random)
        params = random.standard_normal((2, network.size))
        plain, with_l2 = (network.objective(X, y, "huber", l2=l2)(params, 0) for l2 in (0.0, 0.3))
        only_weights = network.pack([(W, *(np.zeros_like(a) for a in others)) for W, *others in network.unpack(params)])
        np.testing.assert_allclose(with_l2[0] - plain[0], 0.15 * np.square(only_weights).sum(-1), rtol=1e-12)
        np.testing.assert_allclose(with_l2[1] - plain[1], 0.3 * only_weights, rtol=1e-9, atol=1e-14)
        assert (network.loss(params, X, y, "huber") == pytest.approx(plain[0], rel=1e-14)) and only_weights.any()


# Replicas, precision, purity

SHAPES = [((2, 64, 64, 1), 200), ((3, 7, 5, 3), 33), ((1, 1), 1), ((2, 1, 1, 2), 40), ((4, 8, 8, 8, 2), 2), ((2, 3), 5)]


@both_dtypes
@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
@pytest.mark.parametrize(("widths", "samples"), SHAPES)
def test_replicas_are_single_runs_bit_for_bit(widths, samples, normalization, dtype):
    random = np.random.default_rng(8)
    for activation, loss in zip(itertools.cycle(ACTIVATIONS), [*LOSSES, *LOSSES], strict=False):
        if loss == "categorical_cross_entropy" and widths[-1] == 1:
            continue
        network = mlp(widths, activation, normalization=normalization, residual=True, dtype=dtype)
        X, y = some_data(list(widths), loss, samples, random)
        params = (0.5 * random.standard_normal((2, 3, network.size))).astype(dtype)
        objective = network.objective(X, y, loss, batch_size=max(1, samples // 2), seed=5, l2=0.01)
        losses, grads = objective(params, 1)
        assert losses.shape == (2, 3) and grads.shape == params.shape and losses.dtype == grads.dtype == dtype
        for place in np.ndindex(2, 3):
            loss_alone, grads_alone = objective(params[place], 1)
            assert losses[place].tobytes() == loss_alone.tobytes(), (activation, loss)
            assert grads[place].tobytes() == grads_alone.tobytes(), (activation, loss)
            assert loss_alone.dtype == dtype
        alone = network.predict(params[1, 2], X)
        assert network.predict(params, X)[1, 2].tobytes() == alone.tobytes()


@both_dtypes
def test_a_sweep_over_rates_and_starts_is_its_single_runs_bit_for_bit(dtype):
    network = mlp((2, 16, 16, 1), dtype=dtype)
    X, y = two_moons()
    objective = network.objective(X, y, batch_size=32, seed=2)
    starts, rates = network.init(3, 4), np.array([[1e-3], [0.01], [0.1], [1.0]])
    sweep = stack(descend(objective, OPTIMIZERS["adam"].factory(learning_rate=rates), starts, 30))
    for r in range(4):
        adam = OPTIMIZERS["adam"].factory(learning_rate=float(rates[r, 0]))
        alone = stack(descend(objective, adam, starts[r], 30))
        assert alone.loss.tobytes() == sweep.loss[:, r].tobytes()
        assert alone.params.tobytes() == sweep.params[:, r].tobytes()


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
def test_float32_is_kept_everywhere_and_close_to_float64(normalization):
    for activation, loss in zip(ACTIVATIONS, itertools.cycle(LOSSES), strict=False):
        X, y = some_data([2, 2], loss, 20, np.random.default_rng(9))
        found = {}
        for dtype in (np.float32, np.float64):
            network = mlp((2, 8, 8, 2), activation, normalization=normalization, residual=True, dtype=dtype)
            params = network.init(1)
            trace, logits = network.forward(params, X)
            value, grads = network.objective(X, y, loss, l2=0.1)(params, 0)
            statistics = network.statistics(params, X)
            parts = [params, logits, value, grads, network.loss(params, X, y, loss)]
            parts += [a for pair in statistics for a in pair] + [a for layer in network.unpack(params) for a in layer]
            parts += [a for hidden in trace for a in (*hidden.layer, hidden.augmented, hidden.activation)]
            parts += [network.predict(params, X, statistics), network.pack(network.unpack(params))]
            assert {part.dtype for part in parts} == {np.dtype(dtype)}, (activation, loss)
            found[dtype] = value, grads
        np.testing.assert_allclose(found[np.float32][0], found[np.float64][0], rtol=1e-5)
        np.testing.assert_allclose(found[np.float32][1], found[np.float64][1], rtol=1e-3, atol=1e-5)


def test_nothing_passed_in_is_changed_and_later_changes_change_nothing():
    random = np.random.default_rng(10)
    for activation, normalization in itertools.product(ACTIVATIONS, (None, *NORMALIZATIONS)):
        network = mlp((2, 4, 4, 1), activation, normalization=normalization, residual=True, dtype=np.float64)
        X, y = some_data([2, 1], "binary_cross_entropy", 10, random)
        params = random.standard_normal((2, network.size))
        copies = [a.copy() for a in (X, y, params)]
        objective = network.objective(X, y, batch_size=4, l2=0.1)
        loss, grads = objective(params, 3)
        kept = loss.copy(), grads.copy()
        network.predict(params, X, network.statistics(params, X))
        network.loss(params, X, y)
        assert all((a == copy).all() for a, copy in zip((X, y, params), copies, strict=True))
        X[:], y[:] = 9, 0
        again = objective(params, 3)
        assert (again[0] == kept[0]).all() and (again[1] == kept[1]).all()
        # nor is what was handed out the next one's memory
        assert (loss == kept[0]).all() and not np.shares_memory(again[1], grads)


# The flat vector and its start


@pytest.mark.parametrize("normalization", [None, *NORMALIZATIONS])
def test_pack_undoes_unpack_for_any_replicas(normalization):
    network = mlp((2, 5, 3, 1), normalization=normalization)
    for lead in ((), (4,), (2, 3)):
        params = np.random.default_rng(0).standard_normal((*lead, network.size)).astype(np.float32)
        layers = network.unpack(params)
        assert network.pack(layers).tobytes() == params.tobytes()
        assert [tuple(a.shape for a in layer) for layer in layers] == [
            tuple(lead + shape for shape in shapes) for shapes in network.shapes
        ]
        assert all(np.shares_memory(a, params) for layer in layers for a in layer)  # views, for writing to


def test_sizes_and_order_are_the_ones_a_reader_would_count():
    plain, normalised = mlp((2, 64, 64, 1)), mlp((2, 64, 64, 1), normalization="layer")
    assert plain.size == 2 * 64 + 64 + 64 * 64 + 64 + 64 + 1 == 4417
    assert normalised.size == plain.size + 4 * 64
    (W, b, gain, shift), (V, c) = mlp((2, 2, 1), normalization="batch").unpack(np.arange(13.0))
    assert W.tolist() == [[0, 1], [2, 3]] and b.tolist() == [4, 5] and gain.tolist() == [6, 7]
    assert shift.tolist() == [8, 9] and V.tolist() == [[10], [11]] and c.tolist() == [12]


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_a_start_is_drawn_replica_by_replica_layer_by_layer(initializer):
    network = mlp((2, 6, 6, 1), initializer=initializer, normalization="layer", dtype=np.float64, scale=1.5)
    starts = network.init(11, 3)
    assert starts.shape == (3, network.size) and starts[0].tobytes() == network.init(11).tobytes()
    assert starts.tobytes() == network.init(11, 5)[:3].tobytes()  # more replicas leave the first as they are
    assert network.init(11, 1).shape == (1, network.size)
    for r in range(3):
        rng = np.random.default_rng([11, r])
        for W, b, *gain_and_shift in network.unpack(starts[r]):
            assert (1.5 * INITIALIZERS[initializer].draw(rng, *W.shape) == W).all() and not b.any()
            assert [set(a.tolist()) for a in gain_and_shift] in ([], [{1.0}, {0.0}])
    assert (network.init(12) == starts[0]).all() == (initializer == "zeros")


def test_a_start_is_the_same_in_either_precision():
    wide, narrow = (mlp((2, 20, 1), dtype=dtype).init(3) for dtype in (np.float64, np.float32))
    assert narrow.dtype == np.float32 and (wide.astype(np.float32) == narrow).all()


# Forward


def test_a_residual_layer_of_dead_units_hands_its_input_on():
    network = mlp((3, 3, 3, 2), "relu", residual=True, dtype=np.float64)
    (W, b), (V, c), (last, d) = network.unpack(params := np.zeros(network.size))
    W[:], b[:] = 0, -1  # every unit off
    V[:], c[:] = 0, -1
    last[:] = np.random.default_rng(0).standard_normal((3, 2))
    X = np.random.default_rng(1).standard_normal((5, 3))
    np.testing.assert_allclose(network.predict(params, X), X @ last, rtol=1e-13)
    without = mlp((3, 3, 3, 2), "relu", dtype=np.float64)
    assert not without.predict(params, X).any()
    assert d.shape == (2,)


def test_hidden_layers_are_kept_for_drawing():
    network = mlp((2, 4, 3, 1), "tanh", dtype=np.float64)
    params, X = network.init(0), np.random.default_rng(0).standard_normal((6, 2))
    (first, second, last), logits = network.forward(params, X)
    (W, b), *_ = network.unpack(params)
    assert (first.inputs == X).all() and (second.inputs == first.activation).all() and last.activation is logits
    np.testing.assert_allclose(first.pre_activation, X @ W + b, rtol=1e-13)
    np.testing.assert_allclose(second.activation, np.tanh(second.pre_activation), rtol=1e-13)
    assert (last.inputs == second.activation).all() and logits.shape == (6, 1)


def test_statistics_of_a_set_normalise_it_as_it_normalises_itself_and_single_samples_alike():
    network = mlp((2, 5, 5, 1), "gelu", normalization="batch", residual=True, dtype=np.float64)
    params = network.init(0, 2)
    X = np.random.default_rng(2).standard_normal((50, 2))
    statistics = network.statistics(params, X)
    assert [pair.mean.shape for pair in statistics] == [(2, 1, 5), (2, 1, 5)]
    logits = network.predict(params, X, statistics)
    np.testing.assert_allclose(logits, network.predict(params, X), rtol=1e-13)
    np.testing.assert_allclose(network.predict(params, X[:1], statistics), logits[:, :1], rtol=1e-12)
    assert not np.allclose(network.predict(params, X[:7]), logits[:, :7])  # which by itself would be another batch
    assert mlp((2, 5, 1)).statistics(mlp((2, 5, 1)).init(0), X) == ()


def test_layer_normalised_and_plain_samples_know_nothing_of_their_batch():
    X = np.random.default_rng(3).standard_normal((9, 2))
    for normalization in (None, "layer"):
        network = mlp((2, 6, 6, 1), "silu", normalization=normalization, dtype=np.float64)
        params = network.init(0)
        alone = [network.predict(params, x[None])[0] for x in X]
        np.testing.assert_allclose(network.predict(params, X), alone, rtol=1e-11)


def test_a_batch_normalised_layer_does_not_see_the_scale_of_its_weights():
    network = mlp((2, 6, 1), "tanh", normalization="batch", dtype=np.float64)
    X, y = some_data([2, 1], "huber", 20, np.random.default_rng(4))
    params = network.init(0)
    grown = params.copy()
    network.unpack(grown)[0][0][:] *= 100
    assert network.loss(grown, X, y, "huber") == pytest.approx(network.loss(params, X, y, "huber"), rel=1e-4)
    _, grads = network.objective(X, y, "huber")(params, 0)
    W, b = (network.unpack(vector)[0][:2] for vector in (params, grads))
    assert abs((W[0] * b[0]).sum()) < 1e-4 * np.abs(W[0] * b[0]).sum()  # no slope along the weights themselves
    assert np.abs(b[1]).max() < 1e-15  # and none in a bias that the mean takes out again


# Batches


@pytest.mark.parametrize(("samples", "size"), [(23, 5), (20, 5), (6, 1), (9, 8)])
def test_a_steps_loss_is_that_of_the_batch_of_its_count(samples, size):
    network = mlp((2, 4, 1), "tanh", dtype=np.float64)
    X, y = some_data([2, 1], "huber", samples, np.random.default_rng(5))
    params = network.init(0)
    objective = network.objective(X, y, "huber", batch_size=size, seed=3)
    for count in (0, 1, 4, 5, 17, 1, 40, 0):  # in any order
        rows = minibatch(3, count, size, samples)
        expected = network.objective(X[rows], y[rows], "huber")(params, 0)
        found = objective(params, count)
        assert found[0].tobytes() == expected[0].tobytes() and found[1].tobytes() == expected[1].tobytes()


def test_the_batches_of_an_epoch_average_to_the_whole_set():
    network = mlp((2, 4, 1), "tanh", dtype=np.float64)
    X, y = some_data([2, 1], "binary_cross_entropy", 23, np.random.default_rng(6))
    params = network.init(0)
    objective = network.objective(X, y, batch_size=5, seed=1)
    sizes = [5, 5, 5, 5, 3]
    assert batches_per_epoch(5, 23) == len(sizes)
    for epoch in range(3):
        parts = [objective(params, 5 * epoch + index) for index in range(5)]
        loss, grads = (np.average([part[i] for part in parts], axis=0, weights=sizes) for i in (0, 1))
        whole = network.objective(X, y)(params, 0)
        np.testing.assert_allclose(loss, whole[0], rtol=1e-13)
        np.testing.assert_allclose(grads, whole[1], rtol=1e-11, atol=1e-15)


def test_a_batch_of_the_set_and_more_is_the_set_in_its_own_order():
    network = mlp((2, 4, 1))
    X, y = some_data([2, 1], "binary_cross_entropy", 12, np.random.default_rng(7))
    params = network.init(0)
    loss, grads = network.objective(X, y)(params, 0)
    for size in (12, 13, 1000):
        for count in (0, 5):
            found = network.objective(X, y, batch_size=size)(params, count)
            assert found[0].tobytes() == loss.tobytes() and found[1].tobytes() == grads.tobytes()


# Refusals


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"widths": (2,)}, r"^widths must name at least inputs and outputs, each 1 or more, not \(2,\)"),
        ({"widths": ()}, "^widths must name"),
        ({"widths": (2, 0, 1)}, "^widths must name"),
        ({"widths": (2, -3, 1)}, "^widths must name"),
        ({"activation": "swish"}, "^'swish' is not one of identity, sigmoid, "),
        ({"activation": None}, "^None is not one of identity, sigmoid, "),
        ({"initializer": "xavier"}, "^'xavier' is not one of zeros, normal, "),
        ({"normalization": "group"}, "^'group' is not one of None, layer, batch$"),
        ({"scale": -1.0}, "^scale must be a finite number of 0 or more, not -1"),
        ({"scale": math.nan}, "^scale must be"),
        ({"scale": math.inf}, "^scale must be"),
        ({"dtype": np.int64}, "^dtype must be a float, not int64"),
    ],
)
def test_what_makes_no_network_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        mlp(**arguments)


X5, Y5 = np.zeros((5, 2)), np.zeros(5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"X": np.zeros((5, 3))}, r"^X must have shape \(N, 2\) for this network, not \(5, 3\)"),
        ({"X": np.zeros(5)}, r"^X must have shape \(N, 2\)"),
        ({"X": np.zeros((1, 5, 2))}, r"^X must have shape \(N, 2\)"),
        ({"y": np.zeros(4)}, "^there are 5 samples, but 4 targets"),
        ({"y": np.zeros(1)}, "^there are 5 samples, but 1 targets"),
        ({"X": X5[:0], "y": Y5[:0]}, "^there are no samples"),
        ({"y": np.full(5, 2)}, "^Binary cross-entropy needs targets from 0 to 1"),
        ({"y": np.full(5, math.nan)}, "^targets must be finite"),
        ({"y": np.zeros((5, 2))}, "^Binary cross-entropy: targets of 2 columns do not fit a network of 1"),
        ({"loss": "categorical_cross_entropy"}, "^Categorical cross-entropy needs an output for each class"),
        ({"loss": "accuracy"}, "^'accuracy' is not one of binary_cross_entropy"),
        ({"batch_size": 0}, "^a batch must hold at least one sample, not 0"),
        ({"batch_size": -4}, "^a batch must hold at least one sample, not -4"),
        ({"l2": -0.1}, "^l2 must be a finite number of 0 or more, not -0.1"),
        ({"l2": math.nan}, "^l2 must be a finite number of 0 or more, not nan"),
    ],
)
def test_data_that_do_not_fit_are_refused_in_a_sentence(arguments, sentence):
    network = mlp((2, 4, 1))
    with pytest.raises(ValueError, match=sentence):
        network.objective(**({"X": X5, "y": Y5} | arguments))
    if not {"batch_size", "l2"} & set(arguments):
        with pytest.raises(ValueError, match=sentence):
            network.loss(network.init(0), **({"X": X5, "y": Y5} | arguments))


def test_parameters_of_another_network_are_refused_in_a_sentence():
    network = mlp((2, 4, 1))  # of 17 parameters
    for size in (0, 16, 18, 40):
        params = np.zeros((3, size), np.float32)
        for use in (
            network.unpack,
            lambda params: network.predict(params, X5),
            lambda params: network.objective(X5, Y5)(params, 0),
        ):
            with pytest.raises(ValueError, match=f"^this network has 17 parameters, not {size}$"):
                use(params)


def test_layers_of_another_network_are_refused():
    network = mlp((2, 4, 1))
    first, last = network.unpack(network.init(0))
    with pytest.raises(ValueError, match=r"^an array of shape \(4, 2\) does not fit where \(2, 4\) is needed"):
        network.pack([(first[0].T, first[1]), last])
    with pytest.raises(ValueError, match=r"^an array of shape \(8,\) does not fit where \(2, 4\) is needed"):
        network.pack([(first[0].ravel(), first[1]), last])
    with pytest.raises(ValueError, match="zip"):
        network.pack([first])


def test_no_replicas_are_refused():
    for replicas in (0, -2):
        with pytest.raises(ValueError, match=f"^replicas must be 1 or more, not {replicas}"):
            mlp().init(0, replicas)


def test_labels_of_a_single_class_and_a_single_sample_can_be_trained_on():
    for loss in ("binary_cross_entropy", "hinge", "mean_squared_error"):
        for normalization in (None, *NORMALIZATIONS):
            network = mlp((2, 4, 1), normalization=normalization, dtype=np.float64)
            objective = network.objective([[0.5, -1.0]], [1], loss)
            run = stack(descend(objective, OPTIMIZERS["sgd"].factory(learning_rate=0.1), network.init(0), 50))
            assert np.isfinite(run.grads).all() and run.loss[-1] < run.loss[0]
