"""What is said of each move of a walk through backpropagation: the rule, the same with numbers, and the whole way."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.losses import LOSSES
from pages.parts.backprop_work import Work
from pages.parts.words import number, plain

SYMBOLS = {"identity": "", "sigmoid": "σ", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU",
           "gelu": "GELU", "silu": "SiLU", "softplus": "softplus", "sin": "sin"}  # fmt: skip
LOSS_SLOPES = {
    "binary_cross_entropy": "ŷ − y",
    "categorical_cross_entropy": "ŷ − y",
    "mean_squared_error": "2·(ŷ − y)",
    "huber": "ŷ − y, at most 1 either way",
    "hinge": "−y where y·z < 1, else 0",
}
CHAIN_RULE = (
    r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial z}\cdot\frac{\partial z}{\partial w}",
    r"\frac{\partial L}{\partial a} = \sum_j \frac{\partial L}{\partial z_j}\cdot w_j",
    r"\frac{\partial L}{\partial z} = \frac{\partial L}{\partial a}\cdot f'(z)",
)
WAYS = 3  # written out; of more only their number is said

Line = list[tuple[str, bool]]
"""Pieces of text, each with whether it is the factor that this move multiplies in."""


def short(value: float) -> str:
    """A number for a narrow place: two digits where a power of ten follows.

    >>> short(0.12345), short(-1.234e-5)
    ('0.123', '−1.2·10⁻⁵')
    """
    text = number(value)
    return number(value, 2) if "·" in text else text


def given(value: float) -> str:
    """A number without zeros behind its last digit.

    >>> given(0.5), given(-1.0), given(0.12345)
    ('0.5', '−1', '0.123')
    """
    text = short(value)
    return text.rstrip("0").rstrip(".") if "." in text and "·" not in text else text


def factor(value: float) -> str:
    """A number within a product or a sum: in brackets where it is negative."""
    return f"({given(value)})" if value < 0 else given(value)


def slope_of(name: str) -> str:
    """∂L/∂ of something."""
    return f"∂L/∂{name}"


def moves(work: Work) -> list[dict[str, Any]]:
    """A title and up to four lines for each move, and for the update that ends the walk."""
    done: set[tuple[int, int]] = set()
    said = []
    for count, move in enumerate(work.moves):
        if move.phase == "forward":
            said.append(_forward(work, move.node) | {"title": f"Forward, {count + 1} of {work.forward_moves}"})
            continue
        done.add(move.factor)
        nth, of = count + 1 - work.forward_moves, len(work.moves) - work.forward_moves
        said.append(_backward(work, count, done) | {"title": f"Backward, {nth} of {of}"})
    return [*said, _update(work)]


def _said(rule: str, numbers: Line, way: str = "", check: str = "") -> dict[str, Any]:
    return {"rule": rule, "numbers": numbers, "way": way, "check": check}


def _forward(work: Work, index: int) -> dict[str, Any]:
    node, nodes, values = work.graph.nodes[index], work.graph.nodes, work.values
    operands = [float(values[i]) for i in node.operands]
    result = f" = {number(float(values[index]))}"
    match node.operation:
        case "multiply":
            weight, activation = (nodes[i].name for i in node.operands)
            return _said(
                f"{weight} · {activation}", [(f"{factor(operands[0])} · {factor(operands[1])}{result}", False)]
            )
        case "add":
            rule = " + ".join(nodes[i].name for i in node.operands)
            return _said(f"{node.name} = {rule}", [(" + ".join(map(factor, operands)) + result, False)])
        case "activation":
            f = SYMBOLS[work.graph.activation]
            return _said(f"{node.name} = {f}({nodes[node.operands[0]].name})",
                         [(f"{f}({given(operands[0])}){result}", False)])  # fmt: skip
    predicted = ", ".join(number(p) for p in prediction(work))
    entry = LOSSES[work.graph.loss]
    target = ", ".join(f"{t:g}" for t in work.graph.target(work.y))
    return _said(f"{entry.label} of the prediction", [(f"ŷ = {predicted}, y = {target}: L{result}", False)])


def prediction(work: Work) -> list[float]:
    """What the outputs say, ŷ."""
    logits = work.values[list(work.graph.nodes[-1].operands)]
    return [float(p) for p in LOSSES[work.graph.loss].predict(logits)]


def _backward(work: Work, count: int, done: set[tuple[int, int]]) -> dict[str, Any]:
    move, nodes = work.moves[count], work.graph.nodes
    node, target = nodes[move.node], nodes[move.target]
    incoming, local = float(work.adjoints[move.node]), work.partials[move.factor]
    wanted = slope_of(target.name)
    if node.operation == "loss":
        rule = LOSS_SLOPES[work.graph.loss] + (" over the outputs" if _is_mean(work) else "")
        return _said(f"{wanted} = {rule}", [(f"{wanted} = ", False), (number(local), True)])
    if target.operation == "activation":
        return _handed_down(work, count, done)
    above = slope_of(node.name)
    match target.operation:
        case "weight":
            factor_name = nodes[nodes[move.factor[0]].operands[1]].name
        case "bias":
            factor_name = "1"
        case _:
            factor_name = f"{SYMBOLS[work.graph.activation] or 'identity'}′({target.name})"
    chain = f"{above} · ∂{node.name}/∂{target.name}"
    product: Line = [(f"{wanted} = {factor(incoming)} · ", False), (factor(local), True),
                     (f" = {number(incoming * local)}", False)]  # fmt: skip
    way = whole_way(work, move.target, done)
    check = _check(work, move.target) if target.operation in ("weight", "bias") else ""
    return _said(f"{wanted} = {chain} = {above} · {factor_name}", product, way, check)


def _is_mean(work: Work) -> bool:
    return work.graph.widths[-1] > 1 and work.graph.loss != "categorical_cross_entropy"


def _handed_down(work: Work, count: int, done: set[tuple[int, int]]) -> dict[str, Any]:
    """∂L/∂a of a unit gains what one unit above asks of it: the sum so far, the newest term's factor lit."""
    move, nodes = work.moves[count], work.graph.nodes
    target = nodes[move.target]
    terms = [m for m in work.moves[: count + 1] if m.phase == "backward" and m.target == move.target]
    all_terms = [m for m in work.moves if m.phase == "backward" and m.target == move.target]
    rule = " + ".join(f"{slope_of(nodes[m.node].name)} · {_weight(work, m.factor[0])}" for m in all_terms)
    line: Line = [(f"{slope_of(target.name)} = ", False)]
    total = 0.0
    for nth, term in enumerate(terms):
        incoming, local = float(work.adjoints[term.node]), work.partials[term.factor]
        total += incoming * local
        line += [(" + " if nth else "", False), (f"{factor(incoming)} · ", False), (factor(local), term is terms[-1])]
    so_far = "" if len(terms) == len(all_terms) else f", {len(terms)} of {len(all_terms)} so far"
    line.append((f" = {number(total)}{so_far}", False))
    return _said(f"{slope_of(target.name)} = {rule}", line, whole_way(work, move.target, done))


def _weight(work: Work, product: int) -> str:
    return work.graph.nodes[work.graph.nodes[product].operands[0]].name


def whole_way(work: Work, target: int, done: set[tuple[int, int]]) -> str:
    """The chain rule from the loss down to a node: a product for each way that has been walked, and their sum."""
    ways = [way for way in work.graph.paths(target) if {edge for edge in way if _counts(work, edge)} <= done]
    if len(ways) == 1 and sum(_counts(work, edge) for edge in ways[0]) < 3:
        return ""  # the line above says it already
    products = [[work.partials[edge] for edge in way if _counts(work, edge)] for way in ways]
    shown = " + ".join(" · ".join(map(factor, product)) for product in products[:WAYS])
    more = f" + {len(ways) - WAYS} more" if len(ways) > WAYS else ""
    kinds = "the one way" if len(ways) == 1 else f"{len(ways)} ways"
    return f"From the loss, {kinds}: {shown}{more} = {number(float(sum(np.prod(product) for product in products)))}"


def _counts(work: Work, edge: tuple[int, int]) -> bool:
    """Whether an edge's factor is more than the 1 between a sum and its product."""
    node, operand = (work.graph.nodes[i].operation for i in edge)
    return not (node == "add" and operand == "multiply")


def _check(work: Work, node: int) -> str:
    index = work.graph.parameters.index(node)
    found, checked = float(work.gradient[index]), float(work.differences[index])
    return f"Central difference: {number(checked)}; they differ by {number(abs(found - checked), 1)}."


def verdict(work: Work) -> str:
    """Whether both ways of finding the slopes agree, and where they can't."""
    apart = np.abs(work.gradient - work.differences) > 1e-6 * np.maximum(1, np.abs(work.gradient))
    if not apart.any():
        return "It knows nothing of the chain rule, and agrees:"
    names = ", ".join(work.graph.nodes[work.graph.parameters[i]].name for i in np.flatnonzero(apart))
    return (
        f"It knows nothing of the chain rule. Here they disagree for {names}: something stands exactly on a kink, "
        "where the slope to the left is not the slope to the right. A difference takes the mean of the two, "
        "backpropagation one of them. Change any number a little, and they agree again:"
    )


def _update(work: Work) -> dict[str, Any]:
    before, after = float(work.values[-1]), work.loss_after
    first = work.graph.parameters[0]
    name = work.graph.nodes[first].name
    moved = f"{factor(float(work.params[0]))} − {plain(work.rate)} · {factor(float(work.gradient[0]))}"
    verdict = "It fell." if after < before else "It did not fall." if after > before else "It stayed."
    return _said(
        f"One update of all {work.graph.size} weights and biases: w ← w − η · ∂L/∂w",
        [(f"{name} ← {moved} = {number(float(work.updated[0]), 4)}, and the others alike", False)],
        f"The loss on this sample: {number(before, 4)} before, {number(after, 4)} after. {verdict}",
    ) | {"title": "Update"}


def summary(work: Work) -> str:
    """The whole picture in words."""
    widths = "-".join(map(str, work.graph.widths))
    steepest = int(np.argmax(np.abs(work.gradient)))
    name = work.graph.nodes[work.graph.parameters[steepest]].name
    return (
        f"A {widths} network on one sample: loss {number(float(work.values[-1]))}. The steepest of its "
        f"{work.graph.size} slopes is ∂L/∂{name} = {number(float(work.gradient[steepest]))}. One update at rate "
        f"{plain(work.rate)} brings the loss to {number(work.loss_after)}."
    )


def table(work: Work) -> list[dict[str, str]]:
    """A row a parameter: its value, both slopes, and where one update leads."""
    names: Sequence[str] = [work.graph.nodes[i].name for i in work.graph.parameters]
    columns = zip(names, work.params, work.gradient, work.differences, work.updated, strict=True)
    return [
        {"Slope in": name, "Value": number(value), "By the chain rule": number(slope, 5),
         "By differences": number(checked, 5), "Apart by": number(abs(slope - checked), 1),
         "Updated": number(after)}
        for name, value, slope, checked, after in columns
    ]  # fmt: skip


def cost(work: Work) -> str:
    """How much work backpropagation saves on this network."""
    size, products = work.graph.size, sum(node.operation == "multiply" for node in work.graph.nodes)
    back = sum(move.phase == "backward" for move in work.moves)
    return (
        f"Here that takes {back} moves for all {size} slopes. Differences need the loss {2 * size} times, which is "
        f"{2 * size * products} products."
    )


def message(
    work: Work, layouts: Sequence[dict[str, Any]], playhead: int | None, picked: int
) -> dict[str, Any]:  # fmt: skip
    """All that the drawing shows and says; it rests where the loss has just been found, or where a link says."""
    graph = work.graph
    start = _said("Inputs, weights and biases are given.", [("Step forward to work out the first product.", False)])
    return {
        "key": f"{graph.widths} {graph.activation} {graph.loss}",
        "layouts": layouts,
        "moves": moves(work),
        "start": start | {"title": "Before the first step"},
        "forward": work.forward_moves,
        "playhead": work.forward_moves if playhead is None else playhead,
        "picked": picked,
        "alt": summary(work),
    }
