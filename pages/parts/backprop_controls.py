"""The controls of backpropagation by hand: sizes, activation, loss, sample, rate, and every weight."""

import numpy as np
import streamlit as st

from engine import Array, limits
from engine.graph import Graph
from engine.losses import LOSSES
from pages.parts import controls, link
from pages.parts.backprop_work import Work, work
from pages.parts.network_controls import ACTIVATION_LABELS, LOSS_LABELS
from pages.parts.stage import triggered

VIEW = "backprop"
SIZES = ("2-1", "2-2-1", "2-3-1", "2-3-2-1", "3-4-3-1", "2-2-2-2-1", "1-1-1-1-1", "2-3-2")
"""From one neuron to four layers; the chain of single units shows a product alone, the last has two outputs."""
LARGEST = max(Graph(tuple(map(int, size.split("-")))).size for size in SIZES)
LOSSES_OF = {1: ("binary_cross_entropy", "mean_squared_error", "huber", "hinge"),
             2: ("categorical_cross_entropy", "mean_squared_error")}  # fmt: skip
INPUTS = (0.5, -1.0, 0.8)
RATE = 0.5

RULES: dict[str, link.Rule] = {
    "sizes": link.Choice({size: size for size in SIZES}),
    "activation": link.Choice(ACTIVATION_LABELS),
    "loss": link.Choice(LOSS_LABELS),
    **{f"x{k + 1}": link.Number(*limits.WEIGHT) for k in range(len(INPUTS))},
    "target": link.Number(*limits.WEIGHT),
    "rate": link.Number(*limits.LEARNING_RATE),
    "seed": link.Number(*limits.SEED, integer=True),
    "weights": link.Numbers(*limits.WEIGHT, LARGEST),
    "step": link.Number(0, limits.STEPS.high, integer=True),
}
RESTING: dict[str, object] = {
    "sizes": "2-3-2-1", "activation": "sigmoid", "loss": "binary_cross_entropy", "target": 1.0, "rate": RATE,
    "seed": 0, "weights": "",
} | {f"x{k + 1}": value for k, value in enumerate(INPUTS)}  # fmt: skip


def work_controls() -> Work:
    """Everything that the page works through."""
    size = controls.menu("Units by layer, inputs first", "sizes", {size: size for size in SIZES}, "2-3-2-1",
                         on_change=drop_weights)  # fmt: skip
    widths = tuple(map(int, size.split("-")))
    activation = controls.menu("Activation", "activation", ACTIVATION_LABELS, "sigmoid")
    graph = Graph(widths, activation, _loss_control(widths[-1]))
    st.subheader("The sample")
    x = np.array([_box(f"x{k + 1}", f"Input x{'₁₂₃'[k]}", INPUTS[k]) for k in range(widths[0])])
    y = _target_control(graph)
    st.subheader("Weights")
    rate = controls.slider_with_box("Learning rate η", "rate", RATE, *limits.LEARNING_RATE, True)
    low, high = map(int, limits.SEED)
    seed = st.number_input("Seed of the weights", low, high, 0, key="seed", bind="query-params", on_change=drop_weights)
    params = _weight_controls(graph, seed)
    with np.errstate(all="ignore"):
        return work(graph, params, x, y, rate)


def _box(key: str, label: str, default: float) -> float:
    return float(st.number_input(label, *limits.WEIGHT, default, step=0.1, format="%.6g", key=key, bind="query-params"))


def _loss_control(outputs: int) -> str:
    """One of the losses that fit; another's place is taken by the first, in a sentence."""
    fitting = LOSSES_OF[outputs]
    chosen = controls.menu("Loss", "loss", LOSS_LABELS, LOSSES_OF[1][0])
    if chosen in fitting:
        return chosen
    what = "one output" if outputs == 1 else f"{outputs} outputs"
    st.warning(f"{LOSSES[chosen].label} does not fit {what}. {LOSSES[fitting[0]].label} is used.")
    return fitting[0]


def _target_control(graph: Graph) -> float:
    """A value for losses of values, else a class: 0 or 1."""
    y = _box("target", "Target y", 1.0)
    if graph.widths[-1] == 1 and LOSSES[graph.loss].targets == "values":
        return y
    if y not in (0, 1):
        st.warning(f"The target of this loss is a class, 0 or 1, not {y:g}. {int(y > 0.5)} is used.")
    return float(y > 0.5)


def drop_weights() -> None:
    """Another network, or another draw, does away with weights set by hand."""
    controls.set_values({"weights": ""})


def _weight_controls(graph: Graph, seed: int) -> Array:
    """One weight at a time by slider and box, or all as text, which is what the link holds."""
    drawn = graph.init(seed)
    params = _written(graph, drawn)
    names = [graph.nodes[i].name for i in graph.parameters]
    chosen = st.selectbox("Change", range(graph.size), format_func=lambda i: names[i], key=f"chosen_{graph.widths}",
                          help="Or click a weight or a unit in the drawing")  # fmt: skip
    key = f"value_{graph.widths}_{chosen}"
    for widget in (key, f"{key}_slider"):
        st.session_state[widget] = float(params[chosen])
    low, high = limits.WEIGHT

    def write(widget: str) -> None:
        changed = params.copy()
        changed[chosen] = st.session_state[widget]
        write_weights(changed)

    st.slider(names[chosen], low, high, step=0.05, key=f"{key}_slider", on_change=write, args=(f"{key}_slider",))
    st.number_input(f"{names[chosen]}, exact value", low, high, step=0.1, format="%.6g", key=key, on_change=write,
                    args=(key,))  # fmt: skip
    with st.expander("All weights and biases"):
        st.text_area("Layer by layer, row by row, biases behind; empty: as drawn", key="weights", bind="query-params")
        st.caption(" ".join(f"{name} = {value:g}" for name, value in zip(names, params, strict=True)))
    return params


def _written(graph: Graph, drawn: Array) -> Array:
    """The weights in the link, where they fit, else those that were drawn."""
    text = str(st.session_state.get("weights", st.query_params.get("weights", "")))
    if not text.strip():
        return drawn
    _, complaint = RULES["weights"].read(text)
    count = len(text.split())
    if complaint or count != graph.size:
        why = complaint or f"are {count} numbers, but this network has {graph.size}; those drawn are used"
        st.warning(f"The weights {why}.")
        return drawn
    return np.array([float(word) for word in text.split()])


def write_weights(params: Array) -> None:
    """Set all weights, within their bounds, as the link holds them."""
    controls.set_values({"weights": " ".join(f"{limits.WEIGHT.clamp(float(value)):.8g}" for value in params)})


def pick(widths: tuple[int, ...], size: int) -> None:
    """Choose the weight that was clicked in the drawing."""
    found = triggered(VIEW, "pick", "index")
    if found and found[0] in range(size):
        st.session_state[f"chosen_{widths}"] = int(found[0])
