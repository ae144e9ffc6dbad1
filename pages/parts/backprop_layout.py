"""Where a small network's numbers stand: as a network of units, and as a graph of multiplications, sums and functions.

A layout is boxes and wires in units of the drawing. Each text on them is a list of (from which move on, what it says):
move 0 is before the first. What a move lights is said by the ids of its boxes and wires.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from engine.graph import Move, Node
from pages.parts.backprop_words import SYMBOLS, given, prediction, short
from pages.parts.backprop_work import Work

Texts: TypeAlias = list[tuple[int, str]]
Row: TypeAlias = tuple[str, Texts, int]
"""Phase, texts, and the parameter that a click on them chooses, or −1."""
Place: TypeAlias = tuple[float, float]
FORWARD, BACKWARD = "forward", "backward"
ROW = 18.0  # from one line of a box to the next
SMALL, UNIT, GAP = (84.0, 30.0), 168.0, 62.0  # width and height of an input, width of a unit, and between layers
CELL, CELL_PITCH = 104.0, (134.0, 102.0)
EMPTY: Row = (FORWARD, [], -1)


class Moments:
    """From which move on each node's value and slope are known."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.value: dict[int, int] = {}
        self.shares: dict[int, list[tuple[int, Move]]] = {}  # of a slope: the moves that add to it
        for count, move in enumerate(work.moves, 1):
            if move.phase == FORWARD:
                self.value[move.node] = count
            else:
                self.shares.setdefault(move.target, []).append((count, move))

    def values(self, node: int, name: str) -> Row:
        """What is shown of a node's value."""
        text = (short if node in self.value else given)(float(self.work.values[node]))
        return FORWARD, [(self.value.get(node, 0), f"{name} {text}")], self.picks(node)

    def slopes(self, node: int, name: str) -> Row:
        """What is shown of ∂L/∂node: the sum so far."""
        texts, total = [], 0.0
        for count, move in self.shares.get(node, []):
            total += float(self.work.adjoints[move.node]) * self.work.partials[move.factor]
            texts.append((count, f"{name} {short(total)}"))
        return BACKWARD, texts, self.picks(node)

    def local(self, node: int) -> Row:
        """What is shown of an activation's own derivative, from when it is multiplied in."""
        argument = self.work.graph.nodes[node].operands[0]
        slope = f"f′ {short(self.work.partials[node, argument])}"
        return BACKWARD, [(count, slope) for count, _ in self.shares[argument]], -1

    def picks(self, node: int) -> int:
        """Which parameter a node is, or −1."""
        parameters = self.work.graph.parameters
        return parameters.index(node) if node in parameters else -1


def box(id: str, at: Place, size: Place, title: str, rows: Sequence[Row], columns: int = 1) -> dict[str, Any]:
    """A box round ``at``, its rows laid in so many columns."""
    lines = [{"phase": phase, "texts": texts, "picks": picks} for phase, texts, picks in rows]
    return {"id": id, "x": at[0], "y": at[1], "width": size[0], "height": size[1], "title": title, "columns": columns,
            "rows": lines}  # fmt: skip


def wire(id: str, start: Place, end: Place) -> dict[str, Any]:
    """A line from one box to another."""
    return {"id": id, "ends": [*start, *end]}


def network_layout(work: Work) -> dict[str, Any]:
    """A box a unit, with a row for each weight that enters it; the wire from below ends at that row."""
    graph, moments = work.graph, Moments(work)
    columns = [_column(graph.widths, layer) for layer in range(len(graph.widths) + 1)]
    height = max(count * pitch for _, count, pitch in columns)

    def place(node: Node) -> Place:
        x, count, pitch = columns[node.layer]
        return x, height / 2 + (node.unit - (count - 1) / 2) * pitch

    boxes, wires = [], []
    for index, node in enumerate(graph.nodes):
        if node.operation == "input":
            boxes.append(box(f"u{index}", place(node), SMALL, "", [moments.values(index, node.name)]))
        elif node.operation == "add":
            tall = _height(graph.widths, node.layer)
            x, y = place(node)
            boxes.append(_unit(work, moments, index, (x, y), tall))
            for k, product in enumerate(node.operands[:-1]):
                below = graph.nodes[graph.nodes[product].operands[1]]
                start = place(below)
                edge = start[0] + (UNIT if below.layer else SMALL[0]) / 2
                wires.append(wire(f"m{product}", (edge, start[1]), (x - UNIT / 2, y - tall / 2 + ROW * (k + 1.7))))
        elif node.operation == "loss":
            boxes.append(box("loss", place(node), SMALL, "", [moments.values(index, "L")]))
            for logit in node.operands:
                x, y = place(graph.nodes[logit])
                wires.append(wire(f"l{logit}", (x + UNIT / 2, y), (place(node)[0] - SMALL[0] / 2, height / 2)))
    return {"name": "network", "label": "Network", "width": columns[-1][0] + SMALL[0] / 2 + 4, "height": height,
            "boxes": boxes, "wires": wires, "lit": [_lit_network(work, move) for move in work.moves]}  # fmt: skip


def _column(widths: tuple[int, ...], layer: int) -> tuple[float, int, float]:
    """Where a layer stands: x of its middle, how many boxes, and from one to the next."""
    left = SMALL[0] / 2 + 4
    if layer == 0:
        return left, widths[0], 2 * SMALL[1]
    x = left + SMALL[0] / 2 + GAP + UNIT / 2 + (layer - 1) * (UNIT + GAP)
    if layer == len(widths):
        return x - UNIT / 2 + SMALL[0] / 2, 1, SMALL[1]
    return x, widths[layer], _height(widths, layer) + 12


def _height(widths: tuple[int, ...], layer: int) -> float:
    """Of a unit's box: its title, a row a weight, bias, sum, activation and slope, or the prediction."""
    return ROW * (widths[layer - 1] + (5 if layer < len(widths) - 1 else 4)) + 8


def _unit(work: Work, moments: Moments, total: int, at: Place, tall: float) -> dict[str, Any]:
    """A unit's weights, its sum, its activation where there is one, and what comes back to each."""
    graph = work.graph
    node = graph.nodes[total]
    *products, bias = node.operands
    rows = []
    for parameter in (*(graph.nodes[product].operands[0] for product in products), bias):
        name = graph.nodes[parameter].name
        rows += [moments.values(parameter, name), moments.slopes(parameter, "∂")]
    rows += [moments.values(total, "z"), moments.slopes(total, "∂")]
    title = f"{node.name}, output"
    if node.layer == len(graph.widths) - 1:
        rows.append((FORWARD, [(moments.value[total], f"ŷ {short(prediction(work)[node.unit])}")], -1))
    else:
        activation = next(i for i, n in enumerate(graph.nodes) if n.operation == "activation" and total in n.operands)
        symbol = SYMBOLS[graph.activation]
        title = f"{graph.nodes[activation].name} = " + (f"{symbol}({node.name})" if symbol else node.name)
        rows += [moments.values(activation, "a"), moments.slopes(activation, "∂"), EMPTY, moments.local(activation)]
    return box(f"u{total}", at, (UNIT, tall), title, rows, 2)


def _lit_network(work: Work, move: Move) -> list[str]:
    nodes = work.graph.nodes
    node, target = nodes[move.node], nodes[move.target]
    if move.phase == FORWARD:
        match node.operation:
            case "multiply":
                return [f"m{move.node}"]
            case "activation":
                return [f"u{node.operands[0]}"]
            case "add":
                return [f"u{move.node}"]
        return ["loss", *(f"l{logit}" for logit in node.operands)]
    if node.operation == "loss":
        return [f"l{move.target}", f"u{move.target}"]
    if target.operation == "bias":
        return [f"u{move.node}"]
    if target.operation == "add":
        return [f"u{move.target}"]
    lit = [f"m{move.factor[0]}"]
    return [*lit, f"u{target.operands[0]}"] if target.operation == "activation" else lit


def graph_layout(work: Work) -> dict[str, Any]:
    """A box for every multiplication, sum, activation and the loss; a wire for every edge that is not a parameter's."""
    graph, moments = work.graph, Moments(work)
    places = _graph_places(graph.nodes)
    boxes = [_operation(work, moments, index, at) for index, at in places.items()]
    wires = []
    for index, (x, y) in places.items():
        for operand in graph.nodes[index].operands:
            if operand in places:
                from_x, from_y = places[operand]
                wires.append(wire(f"e{index}.{operand}", (from_x + CELL / 2, from_y), (x - CELL / 2, y)))
    return {"name": "graph", "label": "Computation graph", "width": max(x for x, _ in places.values()) + 70,
            "height": max(y for _, y in places.values()) + CELL_PITCH[1] / 2, "boxes": boxes, "wires": wires,
            "lit": [_lit_graph(work, move) for move in work.moves]}  # fmt: skip


def _operation(work: Work, moments: Moments, index: int, at: Place) -> dict[str, Any]:
    """One node with what is known of it; a product and a sum stand together with the parameter that enters there."""
    nodes = work.graph.nodes
    node = nodes[index]
    title, rows = "", [moments.values(index, "=" if node.operands else node.name)]
    if node.operation in ("multiply", "add"):
        parameter = node.operands[0 if node.operation == "multiply" else -1]
        letter = nodes[parameter].name[0]
        title = f"{'×' if node.operation == 'multiply' else '+'} {nodes[parameter].name}"
        rows = [moments.values(parameter, letter), *rows, moments.slopes(parameter, f"∂{letter}")]
    if node.operation == "add":
        rows.append(moments.slopes(index, "∂z"))
    elif node.operation == "activation":
        title = f"{SYMBOLS[work.graph.activation] or 'identity'}  {node.name}"
        rows += [moments.local(index), moments.slopes(index, "∂a")]
    elif node.operation == "loss":
        title = "loss"
    height = SMALL[1] if not title else ROW * (1 + len(rows)) + 8
    return box(f"n{index}", at, (CELL, height), title, rows)


def _graph_places(nodes: Sequence[Node]) -> dict[int, Place]:
    """Columns from left to right: inputs, then products, sums and activations of each layer, then the loss."""
    aside = {"multiply": 1, "add": 2, "activation": 3, "loss": 0, "input": 3}
    columns: dict[int, list[int]] = {}
    for index, node in enumerate(nodes):
        if node.operation in aside:
            columns.setdefault(3 * (node.layer - 1) + aside[node.operation], []).append(index)
    height = CELL_PITCH[1] * max(len(column) for column in columns.values())
    return {
        index: (70 + nth * CELL_PITCH[0], height * (row + 0.5) / len(columns[column]))
        for nth, column in enumerate(sorted(columns))
        for row, index in enumerate(columns[column])
    }


def _lit_graph(work: Work, move: Move) -> list[str]:
    nodes = work.graph.nodes
    node = nodes[move.node]
    if move.phase == FORWARD:
        drawn = [i for i in node.operands if nodes[i].operation not in ("weight", "bias")]
        return [f"n{move.node}", *(f"e{move.node}.{operand}" for operand in drawn)]
    target = nodes[move.target]
    product = move.factor[0]
    match target.operation:
        case "weight":
            return [f"e{move.node}.{product}", f"n{product}"]
        case "bias":
            return [f"n{move.node}"]
        case "activation":
            return [f"e{move.node}.{product}", f"n{product}", f"e{product}.{move.target}", f"n{move.target}"]
    return [f"e{move.node}.{move.target}", f"n{move.target}"]


def layouts(work: Work) -> Sequence[dict[str, Any]]:
    """Both, the network first."""
    return [network_layout(work), graph_layout(work)]
