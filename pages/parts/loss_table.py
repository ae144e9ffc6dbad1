"""Every loss of the engine: its formula, what it is for, and how it grows."""

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine.losses import LOSSES
from pages.parts.loss_figures import STYLES, Line, line_figure
from pages.parts.words import number

TARGETS = {
    "binary": "yes or no, one logit a question",
    "classes": "one of k classes, a logit each",
    "values": "values, which the network gives as they are",
}
VIEW = np.linspace(-3, 3, 301)  # residuals, and margins
RESIDUAL, MARGIN = 3.0, 2.0


def table() -> None:
    """The registry, an entry after the other."""
    for loss in LOSSES.values():
        words, formula = st.columns(2, vertical_alignment="center")
        with words:
            st.markdown(f"**{loss.label}** for {TARGETS[loss.targets]}. {loss.teaches}")
        with formula:
            st.latex(loss.formula)


@lru_cache(maxsize=1)
def figures() -> tuple[go.Figure, go.Figure]:
    """Losses of values against the residual, losses of two classes against the margin."""
    values = _lines({"mean_squared_error": "squared_error", "huber": "huber"}, 0.0)
    classes = _lines({"binary_cross_entropy": "cross_entropy", "hinge": "hinge"}, 1.0)
    return (
        line_figure(values, "residual ŷ − y", "loss L"),
        line_figure(classes, "margin: z where y is yes, −z where it is no", "loss L"),
    )


def texts() -> tuple[str, str]:
    """What the two figures show."""
    squared, huber = (_at(key, RESIDUAL, 0.0) for key in ("mean_squared_error", "huber"))
    entropy, hinge = (_at(key, MARGIN, 1.0) for key in ("binary_cross_entropy", "hinge"))
    return (
        f"Losses of values against the residual: at {RESIDUAL:g}, squared error is {squared} and Huber {huber}.",
        f"Losses of two classes against the margin: at {MARGIN:g}, cross-entropy is {entropy} and hinge {hinge}.",
    )


def _lines(styles: dict[str, str], y: float) -> list[Line]:
    losses = [(LOSSES[key], STYLES[style]) for key, style in styles.items()]
    return [Line(loss.label, style, VIEW, loss.function(VIEW[:, None], np.full((len(VIEW), 1), y)))
            for loss, style in losses]  # fmt: skip


def _at(key: str, x: float, y: float) -> str:
    return number(float(LOSSES[key].function(np.array([x]), np.array([y]))))
