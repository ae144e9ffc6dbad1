"""One sample through one small network, worked out: every value, factor and slope, and the walk through them."""

from typing import NamedTuple

from engine import Array
from engine.graph import Graph, Move


class Work(NamedTuple):
    """A graph at some weights on one sample, with all that was computed there and at the weights one update on."""

    graph: Graph
    params: Array  # (D,)
    x: Array  # (inputs,)
    y: float
    rate: float
    moves: tuple[Move, ...]
    values: Array  # (nodes,)
    partials: dict[tuple[int, int], float]
    adjoints: Array  # (nodes,): ∂L/∂node
    differences: Array  # (D,): ∂L/∂params by central differences
    updated: Array  # (D,): params − rate · gradient
    loss_after: float

    @property
    def gradient(self) -> Array:
        """∂L/∂params (D,)."""
        gradient: Array = self.adjoints[list(self.graph.parameters)]
        return gradient

    @property
    def forward_moves(self) -> int:
        """How many moves the way forward has."""
        return sum(move.phase == "forward" for move in self.moves)


def work(graph: Graph, params: Array, x: Array, y: float, rate: float) -> Work:
    """Forward, backward, differences, and one update of gradient descent."""
    values = graph.forward(params, x, y)
    partials = graph.partials(values, y)
    adjoints = graph.backward(partials)
    updated = params - rate * adjoints[list(graph.parameters)]
    after = float(graph.forward(updated, x, y)[-1])
    differences = graph.differences(params, x, y)
    return Work(graph, params, x, y, rate, tuple(graph.walk()), values, partials, adjoints, differences, updated, after)
