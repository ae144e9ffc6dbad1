"""A small network as a graph of single numbers: multiply, add, activation, loss; and the chain rule along its edges.

Each node is one operation on earlier nodes, and knows its derivative in each of them. Backpropagation hands ∂L/∂node
from the loss down, edge by edge: ∂L/∂operand gains ∂L/∂node · ∂node/∂operand (Rumelhart, Hinton and Williams 1986).
``engine.networks`` does the same with matrices; here every factor has a name and can be looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.activations import ACTIVATIONS
from engine.losses import LOSSES, encode
from engine.networks import mlp

DIFFERENCE = float(np.cbrt(np.finfo(float).eps))  # half the width of a central difference that errs least
SUPERSCRIPT, SUBSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Node(NamedTuple):
    """One number: a leaf ("input", "weight", "bias"), or an operation on earlier nodes.

    The operations: "multiply", weight times activation; "add", products and a bias; "activation"; "loss".
    ``layer`` is 0 for inputs, then 1 to L, and L + 1 for the loss; ``unit`` counts within the layer from 0, and is, for
    weights and products, that of the unit they lead to.
    """

    name: str
    operation: str
    operands: tuple[int, ...]
    layer: int
    unit: int


class Move(NamedTuple):
    """One act of a walk: a node gets its value, or ∂L/∂target gains what comes from ``node`` along one edge.

    Backwards ``node`` is an "add", an "activation" or the "loss", and ``target`` what lies beneath it; a product in
    between is passed in the same move, since ∂add/∂product is 1. ``factor`` is the edge's own derivative.
    """

    phase: str  # "forward" or "backward"
    node: int
    target: int
    factor: tuple[int, int]  # (node, operand) of the derivative that is multiplied in


def name(letter: str, layer: int, *indices: int) -> str:
    """A letter with its layer above and indices, counted from 1, below.

    >>> name("w", 2, 0, 1), name("z", 1, 11)
    ('w²₁₂', 'z¹₁₂')
    """
    below = "".join(str(index + 1) for index in indices) if max(indices) < 9 else ",".join(str(i + 1) for i in indices)
    return letter + str(layer).translate(SUPERSCRIPT) + below.translate(SUBSCRIPT)


@dataclass(frozen=True)
class Graph:
    """A plain network, ``widths`` from inputs to outputs, on one sample. ``activation`` and ``loss`` are registry keys.

    Parameters (..., D) lie as in ``networks.mlp(widths)``; leading axes are replicas throughout.
    """

    widths: tuple[int, ...]
    activation: str = "sigmoid"
    loss: str = "binary_cross_entropy"

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, each behind its operands; names are w²₁₂ for the weight from unit 1 to unit 2 of layer 2."""
        nodes = [Node(f"x{str(k + 1).translate(SUBSCRIPT)}", "input", (), 0, k) for k in range(self.widths[0])]
        below = list(range(self.widths[0]))
        for layer, (fan_in, fan_out) in enumerate(pairwise(self.widths), 1):
            sums = []
            for unit in range(fan_out):
                products = []
                for k in range(fan_in):
                    nodes.append(Node(name("w", layer, k, unit), "weight", (), layer, unit))
                    product = f"{nodes[-1].name}·{nodes[below[k]].name}"
                    nodes.append(Node(product, "multiply", (len(nodes) - 1, below[k]), layer, unit))
                    products.append(len(nodes) - 1)
                nodes.append(Node(name("b", layer, unit), "bias", (), layer, unit))
                nodes.append(Node(name("z", layer, unit), "add", (*products, len(nodes) - 1), layer, unit))
                sums.append(len(nodes) - 1)
            below = sums
            if layer < len(self.widths) - 1:
                below = []
                for unit, total in enumerate(sums):
                    nodes.append(Node(name("a", layer, unit), "activation", (total,), layer, unit))
                    below.append(len(nodes) - 1)
        return (*nodes, Node("L", "loss", tuple(below), len(self.widths), 0))

    @cached_property
    def parameters(self) -> tuple[int, ...]:
        """The nodes of the weights and biases, in the order of the flat vector: W (in, out) row by row, then b."""
        found: list[int] = []
        for layer, (fan_in, fan_out) in enumerate(pairwise(self.widths), 1):
            weights = self._of("weight", layer)
            found += np.reshape(weights, (fan_out, fan_in)).T.ravel().tolist() + self._of("bias", layer)
        return tuple(found)

    @property
    def size(self) -> int:
        """The number of weights and biases, D."""
        return len(self.parameters)

    def init(self, seed: int) -> Array:
        """A start (D,): weights from N(0, 1), to two decimals so that they can be read, and biases of 0."""
        return np.round(mlp(self.widths, self.activation, "normal", dtype=np.float64).init(seed), 2) + 0.0

    def target(self, y: float) -> Array:
        """What the loss compares with, (outputs,): a value, or a class, which several outputs take as one-hot."""
        outputs = self.widths[-1]
        if outputs > 1 and y not in range(outputs):
            raise ValueError(f"the target must be a class from 0 to {outputs - 1}, not {y:g}")
        labels = np.array([y]) if outputs == 1 else np.eye(outputs)[[int(y)]]
        target: Array = encode(labels, outputs, self.loss, float)[0]
        return target

    def forward(self, params: Array, x: Array, y: float) -> Array:
        """The value of every node, (..., nodes), for parameters (..., D), inputs (inputs,) and a target."""
        if np.shape(params)[-1] != self.size or np.shape(x) != (self.widths[0],):
            raise ValueError(f"this graph takes {self.size} parameters and {self.widths[0]} inputs")
        values = np.empty((*np.shape(params)[:-1], len(self.nodes)))
        values[..., : self.widths[0]] = x
        values[..., list(self.parameters)] = params
        target, activation, loss = self.target(y), ACTIVATIONS[self.activation].function, LOSSES[self.loss].function
        for i, node in enumerate(self.nodes):
            operands = values[..., list(node.operands)]
            match node.operation:
                case "multiply":
                    values[..., i] = operands.prod(-1)
                case "add":
                    values[..., i] = operands.sum(-1)
                case "activation":
                    values[..., i] = activation(operands[..., 0])
                case "loss":
                    values[..., i] = loss(operands, target)
        return values

    def partials(self, values: Array, y: float) -> dict[tuple[int, int], float]:
        """∂node/∂operand for every edge (node, operand), at the values (nodes,) of ``forward``."""
        entry, slopes = ACTIVATIONS[self.activation], LOSSES[self.loss].derivative
        found: dict[tuple[int, int], float] = {}
        for i, node in enumerate(self.nodes):
            operands = values[list(node.operands)]
            local: Array = np.ones(len(operands))
            match node.operation:
                case "multiply":
                    local = operands[::-1]
                case "activation":
                    local = entry.derivative(operands, values[[i]])
                case "loss":
                    local = slopes(operands, self.target(y))
            found |= {(i, operand): float(slope) for operand, slope in zip(node.operands, local, strict=True)}
        return found

    def backward(self, partials: dict[tuple[int, int], float]) -> Array:
        """∂L/∂node for every node, (nodes,): the sum over all ways from the loss, each a product along its edges."""
        adjoints = np.zeros(len(self.nodes))
        adjoints[-1] = 1
        for i in reversed(range(len(self.nodes))):
            for operand in self.nodes[i].operands:
                adjoints[operand] += adjoints[i] * partials[i, operand]
        return adjoints

    def differences(self, params: Array, x: Array, y: float) -> Array:
        """∂L/∂params (D,) by central differences, which know nothing of the chain rule."""
        width = DIFFERENCE * np.maximum(1, np.abs(params))
        beside = np.diag(width)
        losses = self.forward(np.stack((params + beside, params - beside)), x, y)[..., -1]
        slope: Array = (losses[0] - losses[1]) / (2 * width)
        return slope

    def walk(self) -> Iterator[Move]:
        """Every node's value in order; then, from the loss down, every edge's share, weights before what lies below."""
        for i, node in enumerate(self.nodes):
            if node.operands:
                yield Move("forward", i, i, (i, i))
        for logit in self.nodes[-1].operands:
            yield Move("backward", len(self.nodes) - 1, logit, (len(self.nodes) - 1, logit))
        for layer in range(len(self.widths) - 1, 0, -1):
            sums = self._of("add", layer)
            for total in sums:
                *products, bias = self.nodes[total].operands
                for product in products:
                    weight = self.nodes[product].operands[0]
                    yield Move("backward", total, weight, (product, weight))
                yield Move("backward", total, bias, (total, bias))
            for activation in self._of("activation", layer - 1):
                for total in sums:
                    product = self.nodes[total].operands[self.nodes[activation].unit]
                    yield Move("backward", total, activation, (product, activation))
                argument = self.nodes[activation].operands[0]
                yield Move("backward", activation, argument, (activation, argument))

    def _of(self, operation: str, layer: int) -> list[int]:
        return [i for i, node in enumerate(self.nodes) if (node.operation, node.layer) == (operation, layer)]

    def paths(self, node: int) -> list[tuple[tuple[int, int], ...]]:
        """All ways from the loss down to ``node``, each as its edges."""
        above = [i for i, other in enumerate(self.nodes) if node in other.operands]
        return [(*way, (i, node)) for i in above for way in self.paths(i)] if above else [()]
