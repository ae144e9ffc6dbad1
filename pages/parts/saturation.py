"""Descent on the logit of one sample: where squared error stands still and cross-entropy does not."""

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine import Array, limits
from engine.activations import ACTIVATIONS
from engine.descent import Trajectory, descend, stack
from engine.optimizers import OPTIMIZERS
from engine.penalties import PENALTIES, objective
from pages.parts import controls
from pages.parts.figures import loss_curves
from pages.parts.link import Number, Rule
from pages.parts.loss_figures import STYLES, Line, line_figure
from pages.parts.penalty import probability
from pages.parts.words import number, plain

Z, RATE, STEPS = -6.0, 1.0, 250

RULES: dict[str, Rule] = {
    "z": Number(*limits.LOGIT),
    "rate": Number(*limits.LEARNING_RATE),
    "steps": Number(*limits.STEPS, integer=True),
}
RESTING: dict[str, object] = {"z": Z, "rate": RATE, "steps": STEPS}


def start_controls() -> tuple[float, float, int]:
    """Where descent on the logit starts, its rate, its steps."""
    z = controls.slider_with_box("Start at logit z", "z", Z, *limits.LOGIT, False, "The prediction is ŷ = σ(z)")
    rate = controls.slider_with_box("Learning rate η", "rate", RATE, *limits.LEARNING_RATE, True)
    stops = [1, 2, 5, 10, 20, 50, 100, 150, 200, 250, 300, 400, 500, 1000, 2000, int(limits.STEPS.high)]
    return z, rate, controls.whole_slider("Steps", "steps", STEPS, limits.STEPS, stops, step=10)


@st.cache_data(max_entries=32, show_spinner=False)
def descents(y: int, z: float, rate: float, steps: int) -> dict[str, Trajectory]:
    """Plain descent on the logit of one sample, under each penalty."""
    sgd = OPTIMIZERS["sgd"].factory(learning_rate=rate)
    start = np.array([z])
    return {key: stack(descend(objective(penalty, y), sgd, start, steps)) for key, penalty in PENALTIES.items()}


def prediction(logits: Array) -> Array:
    """ŷ = σ(z)."""
    return ACTIVATIONS["sigmoid"].function(logits)


def crossing(run: Trajectory, y: int) -> int | None:
    """The first step at which the prediction is on its target's side of 0.5, if there is one."""
    z = run.params[:, 0]
    right = z > 0 if y else z < 0
    return int(run.count[np.argmax(right)]) if right.any() else None


def slopes_sentence(runs: dict[str, Trajectory], y: int) -> str:
    """Where both start, and their slopes there."""
    z = runs["cross_entropy"].params[0]
    entropy, squared = (float(runs[key].grads[0, 0]) for key in ("cross_entropy", "squared_error"))
    return (
        f"At z = {number(float(z[0]))} the prediction is ŷ = {probability(float(prediction(z)[0]))}, and y = {y}. "
        f"There cross-entropy has the slope {number(entropy)} and squared error {number(squared)}, "
        f"{number(entropy / squared)} times less."
    )


def crossing_sentence(runs: dict[str, Trajectory], y: int, rate: float) -> str:
    """When each gets to the right side of 0.5."""
    at = {key: crossing(run, y) for key, run in runs.items()}
    if at["cross_entropy"] == 0:
        return "Both start on the right side of ŷ = 0.5 already. Choose a start on the other side."
    parts = []
    for key, step in at.items():
        last = probability(float(prediction(runs[key].params[-1])[0]))
        steps = int(runs[key].count[-1])
        missed = f"has not passed it after {steps:,} step{'s' * (steps != 1)}, where ŷ = {last}"
        passed = f"passes it at step {step}"
        parts.append(f"{PENALTIES[key].label.lower()} {missed if step is None else passed}")
    return f"On the way to ŷ = 0.5, at rate {plain(rate)}: {'; '.join(parts)}."


@lru_cache(maxsize=64)
def logit_figures(z: float, y: int) -> tuple[go.Figure, go.Figure]:
    """Both penalties, and both slopes, against the logit, with the start on each."""
    half = max(8.0, abs(z) + 1)
    logits, start = np.linspace(-half, half, 401), np.array([z])
    losses: list[Line] = []
    slopes: list[Line] = []
    for key, penalty in PENALTIES.items():
        for lines, of in ((losses, penalty.of_logit), (slopes, penalty.slope_in_logit)):
            lines.append(Line(penalty.label, STYLES[key], logits, of(logits, y), (z, float(of(start, y)[0]))))
    return line_figure(losses, "logit z", "loss L"), line_figure(slopes, "logit z", "slope dL/dz")


@lru_cache(maxsize=64)
def step_figures(y: int, z: float, rate: float, steps: int) -> tuple[go.Figure, go.Figure]:
    """Loss by step, and prediction by step, for both."""
    runs = descents(y, z, rate, steps)
    losses, title, _ = loss_curves([run.loss for run in runs.values()], 0.0)
    predictions = [prediction(run.params[:, 0]) for run in runs.values()]

    def lines(columns: list[Array]) -> list[Line]:
        named = zip(runs.items(), columns, strict=True)
        return [Line(PENALTIES[key].label, STYLES[key], run.count, column) for (key, run), column in named]

    by_step = line_figure(lines(predictions), "step", "prediction ŷ", range=[-0.02, 1.02])
    by_step.add_hline(0.5, line={"color": "#777777", "width": 1, "dash": "dot"})
    return line_figure(lines(losses), "step", title, type="log", dtick=_decades(losses)), by_step


def _decades(losses: list[Array]) -> int:
    """Whole decades between ticks, so that about five fit."""
    return max(1, int(np.ceil(np.ptp(np.log10(np.concatenate(losses))) / 5)))
