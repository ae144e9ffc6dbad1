"""The graph of single numbers against the network of matrices, finite differences, and the chain rule written out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.activations import ACTIVATIONS
from engine.graph import Graph, name
from engine.losses import LOSSES
from engine.networks import mlp

WIDTHS = ((2, 1), (2, 3, 2, 1), (1, 1, 1, 1, 1), (3, 4, 3, 1), (2, 3, 2))


def fits(widths: tuple[int, ...], loss: str) -> bool:
    return (widths[-1] > 1) or loss != "categorical_cross_entropy"


def sample(graph: Graph, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(graph.size), rng.standard_normal(graph.widths[0]), float(rng.integers(2))


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_and_slopes_are_the_networks(widths, activation, loss):
    if not fits(widths, loss):
        with pytest.raises(ValueError, match="needs an output for each class"):
            Graph(widths, activation, loss).target(1.0)
        return
    graph = Graph(widths, activation, loss)
    params, x, y = sample(graph, 3)
    values = graph.forward(params, x, y)
    adjoints = graph.backward(graph.partials(values, y))
    network = mlp(widths, activation, dtype=np.float64)
    target = np.eye(widths[-1])[[int(y)]] if widths[-1] > 1 else np.array([y])
    expected, grads = network.objective(x[None], target, loss)(params, 0)
    np.testing.assert_allclose(values[-1], expected, rtol=1e-13)
    np.testing.assert_allclose(adjoints[list(graph.parameters)], grads, rtol=1e-12, atol=1e-14)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(WIDTHS), st.integers(0, 10_000), st.sampled_from(["sigmoid", "tanh", "gelu", "softplus"]))
def test_slopes_are_central_differences(widths, seed, activation):
    graph = Graph(widths, activation, "mean_squared_error")
    params, x, y = sample(graph, seed)
    slopes = graph.backward(graph.partials(graph.forward(params, x, y), y))[list(graph.parameters)]
    np.testing.assert_allclose(graph.differences(params, x, y), slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("widths", WIDTHS)
def test_a_slope_is_the_sum_over_all_ways_of_the_products_along_them(widths):
    graph = Graph(widths, "tanh", "mean_squared_error")
    params, x, y = sample(graph, 1)
    partials = graph.partials(graph.forward(params, x, y), y)
    adjoints = graph.backward(partials)
    for node in range(len(graph.nodes)):
        ways = graph.paths(node)
        total = sum(np.prod([partials[edge] for edge in way]) for way in ways)
        np.testing.assert_allclose(adjoints[node], total, rtol=1e-12, atol=1e-15)
    first = graph.parameters[0]
    assert len(graph.paths(first)) == np.prod(widths[2:])


@pytest.mark.parametrize("widths", WIDTHS)
def test_a_walk_works_out_every_value_once_and_every_slope_from_what_is_known(widths):
    graph = Graph(widths, "sigmoid", "mean_squared_error")
    params, x, y = sample(graph, 2)
    values = graph.forward(params, x, y)
    partials = graph.partials(values, y)
    adjoints = graph.backward(partials)
    moves = list(graph.walk())
    phases = [move.phase for move in moves]
    assert phases == sorted(phases, reverse=True), "all of the way forward comes before the way back"
    known = {i for i, node in enumerate(graph.nodes) if not node.operands}
    for move in moves:
        if move.phase == "forward":
            assert set(graph.nodes[move.node].operands) <= known and move.node not in known
            known.add(move.node)
    assert known == set(range(len(graph.nodes)))
    gained = np.zeros(len(graph.nodes))
    gained[-1] = 1
    for move in moves:
        if move.phase == "backward":
            np.testing.assert_allclose(gained[move.node], adjoints[move.node], rtol=1e-12, atol=1e-15)
            gained[move.target] += gained[move.node] * partials[move.factor]
    walked = [i for i, n in enumerate(graph.nodes) if n.operation in ("weight", "bias", "add", "activation")]
    np.testing.assert_allclose(gained[walked], adjoints[walked], rtol=1e-12, atol=1e-15)


def test_names_and_order_are_those_of_the_flat_vector():
    graph = Graph((2, 3, 1))
    names = [graph.nodes[i].name for i in graph.parameters]
    assert names[:4] == ["w¹₁₁", "w¹₁₂", "w¹₁₃", "w¹₂₁"] and names[6:9] == ["b¹₁", "b¹₂", "b¹₃"]
    assert names[-1] == "b²₁" and graph.size == mlp((2, 3, 1)).size
    values = graph.forward(np.arange(graph.size, dtype=float), np.zeros(2), 1.0)
    assert [values[i] for i in graph.parameters] == list(range(graph.size))
    assert len({node.name for node in graph.nodes}) == len(graph.nodes)
    assert name("w", 1, 9, 0) == "w¹₁₀,₁"


def test_replicas_are_single_runs():
    graph = Graph((2, 3, 2, 1))
    rng = np.random.default_rng(0)
    params, x = rng.standard_normal((4, graph.size)), rng.standard_normal(2)
    together = graph.forward(params, x, 0.0)
    for row, alone in zip(together, params, strict=True):
        np.testing.assert_array_equal(row, graph.forward(alone, x, 0.0))


def test_a_start_can_be_read_and_drawn_again():
    graph = Graph((2, 3, 2, 1))
    start = graph.init(5)
    np.testing.assert_array_equal(start, graph.init(5))
    np.testing.assert_array_equal(start, np.round(start, 2))
    assert (start != graph.init(6)).any() and not start[[graph.parameters.index(graph.parameters[-1])]].any()


def test_what_does_not_fit_is_refused_in_a_sentence():
    graph = Graph((2, 3, 2), loss="categorical_cross_entropy")
    for y, sizes in itertools.product((1.0,), ((graph.size - 1, 2), (graph.size, 3))):
        with pytest.raises(ValueError, match="parameters and 2 inputs"):
            graph.forward(np.zeros(sizes[0]), np.zeros(sizes[1]), y)
    with pytest.raises(ValueError, match="class from 0 to 1"):
        graph.target(2.0)
