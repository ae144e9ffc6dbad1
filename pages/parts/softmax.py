"""More than two classes: logits set by hand, their probabilities, and the gradient of the loss in each."""

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine import Array, limits
from engine.losses import LOSSES
from pages.parts import controls, stage
from pages.parts.link import Number, Rule
from pages.parts.loss_figures import class_bars
from pages.parts.penalty import probability
from pages.parts.words import number

CLASSES, TRUE = 3, 1
LOGITS = (2.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
KEYS = [f"z{k}" for k in range(1, int(limits.SOFTMAX_CLASSES.high) + 1)]
TRUE_CLASS = limits.Bounds(1, limits.SOFTMAX_CLASSES.high)
SUBSCRIPTS = "₁₂₃₄₅₆₇₈"
LOSS = LOSSES["categorical_cross_entropy"]
FORMULAS = (
    r"p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}",
    r"L = -\sum_k y_k \log p_k = -\log p_{\text{true}}",
    r"\frac{\partial L}{\partial z_k} = p_k - y_k",
)

RULES: dict[str, Rule] = {
    "k": Number(*limits.SOFTMAX_CLASSES, integer=True),
    "true_class": Number(*TRUE_CLASS, integer=True),
    **{key: Number(*limits.LOGIT) for key in KEYS},
}
RESTING: dict[str, object] = {"k": CLASSES, "true_class": TRUE} | dict(zip(KEYS, LOGITS, strict=True))


def class_controls() -> tuple[Array, int]:
    """The logits (K,), and which class is the true one, from 0."""
    how_many, which = st.columns(2)
    with how_many:
        k = controls.whole_number_box("Classes", "k", CLASSES, limits.SOFTMAX_CLASSES)
    with which:
        true = controls.whole_number_box("True class", "true_class", TRUE, TRUE_CLASS)
    if true > k:
        st.warning(f"There are {k} classes and no class {true}: class {k} is taken as the true one.")
        true = k
    logits = [
        controls.slider_with_box(f"Logit z{SUBSCRIPTS[i]} of class {i + 1}", key, LOGITS[i], *limits.LOGIT, False)
        for i, key in enumerate(KEYS[:k])
    ]
    with st.container(horizontal=True, gap="small"):
        if max(logits) + 1 <= limits.LOGIT.high:
            st.button("Add 1 to all logits", on_click=_shift, args=(logits, 1.0))
        if min(logits) - 1 >= limits.LOGIT.low:
            st.button("Take 1 from all logits", on_click=_shift, args=(logits, -1.0))
    return np.array(logits), true - 1


def _shift(logits: list[float], by: float) -> None:
    controls.set_values({key: float(f"{z + by:.10g}") for key, z in zip(KEYS, logits, strict=False)})


@lru_cache(maxsize=64)
def class_figures(logits: tuple[float, ...], true: int) -> tuple[go.Figure, go.Figure]:
    """Probabilities, and the gradient in each logit, as bars."""
    p, gradient, _ = outcome(np.array(logits), true)
    return class_bars(p, true, "probability p", (0, 1.15)), class_bars(gradient, true, "gradient ∂L/∂z", (-1.2, 1.2))


def outcome(logits: Array, true: int) -> tuple[Array, Array, float]:
    """Probabilities (K,), gradient (K,) and loss."""
    y = np.eye(len(logits))[true]
    return LOSS.predict(logits), LOSS.derivative(logits, y), float(LOSS.function(logits, y))


def class_charts(logits: Array, true: int) -> None:
    """Probabilities, the loss, and the gradient, as bars and as a table."""
    p, gradient, loss = outcome(logits, true)
    said = f"Class {true + 1} is true and has probability {probability(p[true])}, so the loss is {number(loss)}."
    st.markdown(f"**L = −log p{SUBSCRIPTS[true]} = −log({probability(p[true])}) = {number(loss)}**")
    shares, slopes = class_figures(tuple(logits), true)
    stage.chart(shares, "probabilities", f"Probability of each class. {said}")
    told = ", ".join(number(float(g)) for g in gradient)
    stage.chart(slopes, "class_gradient", f"Gradient of the loss in each logit: {told}. {said}")
    rows = zip(logits, p, gradient, strict=True)
    st.table(
        [
            {"Class": f"{i + 1}{' (true)' * (i == true)}", "Logit z": number(z), "Probability p": probability(share),
             "Target y": f"{i == true:d}", "∂L/∂z = p − y": number(g)}
            for i, (z, share, g) in enumerate(rows)
        ],
        hide_index=True,
    )  # fmt: skip
