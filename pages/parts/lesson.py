"""The lesson's experiment on a page: six trainings, ours and scikit-learn's, their curves, and what they mean."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from engine import lesson
from engine.lesson import EPOCHS, SETTINGS, Result, Setting
from engine.training import data_of
from pages.parts.live import CORES
from pages.parts.stage import chart
from pages.parts.theme import STYLES, TEMPLATE, Style, plotly_dash
from pages.parts.words import number

LIBRARIES = {"ours": lesson.ours, "scikit-learn": lesson.scikit_learn}
DOTTED = (2, 4)
TICKS = [digit * 10.0**decade for decade in range(-4, 1) for digit in (1, 2, 5)]

MEANING = """
- **Epochs, not iterations.** `max_iter` counts passes over the training set. Here an epoch is 4 steps.
- **SGD means mini-batches**, of `min(200, n)` samples unless `batch_size` says otherwise. PyTorch leaves the size to
  you.
- **Momentum is Nesterov's** in scikit-learn unless `nesterovs_momentum=False`; in PyTorch it is classical unless
  `nesterov=True`. Ours is Nesterov's here, to compare like with like.
- **`alpha` is a weight penalty**, 10⁻⁴ by default and divided by the batch size: ½ · alpha · ΣW² / 200 is part of
  every loss that `loss_curve_` shows. Ours has the same penalty.
- **It stops early**: after more than 10 epochs without a loss at least `tol` = 10⁻⁴ below the best. That is the
  training loss, not the test loss. Ours stops by the same rule.
- **What differs**: the random start and order of batches; scikit-learn draws biases too, ours start at 0; and its Adam
  adds ε before the correction for the start, which makes the first steps a little shorter.
"""


@st.cache_data(show_spinner=False)
def results() -> dict[tuple[str, str], Result]:
    """Every setting in both libraries, computed once for a server."""
    with CORES:
        return {(setting.label, name): run(setting) for setting in SETTINGS for name, run in LIBRARIES.items()}


def section() -> None:
    """The switch that runs it, and under it what came out."""
    st.header("The lesson's experiment, beside scikit-learn")
    st.markdown(
        "A widely read lesson trains a 64-64 ReLU network on two moons with Adam at a rate of 0.001 and with SGD and "
        f"momentum at 0.01, for up to {EPOCHS} epochs, and concludes that Adam converges faster. Here are both, in "
        "this app's engine and in scikit-learn's `MLPClassifier` on the same arrays, and a third that the "
        "lesson left out."
    )
    if not st.toggle("Run the experiment", key="lesson", bind="query-params"):
        return
    with st.spinner("Six networks are being trained …"):
        found = results()
    chart(figure(found), "lesson_curves", f"Loss of each epoch. {' '.join(sentences(found))}")
    st.table(table(found))
    st.markdown(verdict(found))
    st.subheader("What the settings really mean")
    st.markdown(MEANING)


def _styles() -> dict[str, Style]:
    keys = ("adam", "nesterov", "momentum")
    return {setting.label: STYLES[key] for setting, key in zip(SETTINGS, keys, strict=True)}


def figure(found: dict[tuple[str, str], Result]) -> go.Figure:
    """Mean loss of each epoch's batches, penalty included: ours solid, scikit-learn's dotted."""
    styles = _styles()
    lines = [
        go.Scatter(
            x=list(range(1, result.epochs + 1)), y=result.losses, name=f"{label}, {library}",
            line={"color": styles[label].colour, "width": 2.2 if library == "ours" else 1.6,
                  "dash": "solid" if library == "ours" else plotly_dash(DOTTED)},
            hovertemplate="epoch %{x}: %{y:.4f}",
        )
        for (label, library), result in found.items()
    ]  # fmt: skip
    layout = {
        "template": TEMPLATE,
        "height": 400,
        "margin": {"l": 62, "r": 10, "t": 84, "b": 46},
        "xaxis": {"title": {"text": "epoch"}},
        "yaxis": {"title": {"text": "loss, mean of the epoch's batches"}, "type": "log", "tickvals": TICKS},
    }
    return go.Figure(lines, layout)


def table(found: dict[tuple[str, str], Result]) -> dict[str, list[str]]:
    """A row a training: columns by name."""
    return {
        "Optimizer, rate": [label for label, _ in found],
        "Library": [library for _, library in found],
        "Epochs": [f"{result.epochs}" for result in found.values()],
        "Last loss": [number(float(result.losses[-1])) for result in found.values()],
        "Test accuracy": [f"{result.accuracy:.4f}" for result in found.values()],
    }


def sentences(found: dict[tuple[str, str], Result]) -> Sequence[str]:
    """One for each training."""
    return [
        f"{label} in {library}: loss {number(float(result.losses[-1]))} after {result.epochs} epochs, test accuracy "
        f"{result.accuracy:.4f}."
        for (label, library), result in found.items()
    ]


def verdict(found: dict[tuple[str, str], Result]) -> str:
    """What follows from the numbers, and what does not."""
    adam, slow, fast = (_epochs(found, setting) for setting in SETTINGS)
    tests = len(data_of(lesson.TRAINING).y_test)
    accuracies = [result.accuracy for result in found.values()]
    apart = round((max(accuracies) - min(accuracies)) * tests)
    quicker = "fewer" if max(fast) < min(adam) else "not fewer"
    return (
        f"At the lesson's rates Adam stops after {_either(adam)} epochs and SGD with momentum after {_either(slow)}. "
        f"But SGD at 0.1 stops after {_either(fast)}, {quicker} than Adam. The lesson compares two rates more than two "
        f"optimizers: each should run at its own good rate.\n\n"
        f"The test set has {tests} points, so one point is {1 / tests:.3f}. The six accuracies lie {apart} "
        f"point{'s' * (apart != 1)} apart: too few to rank anything by."
    )


def _epochs(found: dict[tuple[str, str], Result], setting: Setting) -> list[int]:
    return [found[setting.label, library].epochs for library in LIBRARIES]


def _either(epochs: list[int]) -> str:
    ours, theirs = epochs
    return f"{ours} (scikit-learn: {theirs})"
