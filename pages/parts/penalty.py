"""One prediction and what it costs: the picture whose ball is moved by hand, and what is said of it."""

from typing import Any

import numpy as np
import streamlit as st

from engine import limits
from engine.penalties import PENALTIES
from pages.parts import controls, stage
from pages.parts.link import Choice, Number, Rule
from pages.parts.loss_figures import STYLES
from pages.parts.words import number

PENALTY = "penalty"
TARGETS = {"1": "1", "0": "0"}
GRID = np.arange(1, 1000) / 1000  # predictions, finer than a pixel
STEEPEST = 10.0  # slope at which the frame ends
SURE, WRONG = 0.95, 0.05

RULES: dict[str, Rule] = {
    "target": Choice(TARGETS),
    "prediction": Number(*limits.PREDICTION),
}
START = 0.2
RESTING: dict[str, object] = {"target": "1", "prediction": START}

# what is computed, with the prediction's own number in the place of {p}: (loss, slope) by penalty and target
WORKED = {
    ("cross_entropy", 1): ("−log {p}", "−1 / {p}"),
    ("cross_entropy", 0): ("−log(1 − {p})", "1 / (1 − {p})"),
    ("squared_error", 1): ("({p} − 1)²", "2 · ({p} − 1)"),
    ("squared_error", 0): ("{p}²", "2 · {p}"),
}


def prediction_controls() -> tuple[int, float]:
    """Target and prediction; the picture's ball writes the same value."""
    target = st.radio("Target y", list(TARGETS), key="target", horizontal=True, bind="query-params",
                      help="What is true: yes is 1, no is 0")  # fmt: skip
    low, high = limits.PREDICTION
    prediction = st.number_input(
        "Prediction ŷ, exact value", low, high, START, 0.01, "%.6g", key="prediction",
        bind="query-params", help="The probability given to yes. Or drag a ball in the picture",
    )  # fmt: skip
    return int(target), float(prediction)


def message(prediction: float, y: int) -> dict[str, Any]:
    """What the picture needs: both penalties and their slopes at every prediction that the ball can show."""
    grid = np.union1d(GRID, prediction)
    penalties = [
        {
            "label": penalty.label,
            **STYLES[key]._asdict(),
            "width": 2.2,
            "loss": penalty.of_prediction(grid, y),
            "slope": penalty.slope_in_prediction(grid, y),
            "loss_text": WORKED[key, y][0],
            "slope_text": WORKED[key, y][1],
        }
        for key, penalty in PENALTIES.items()
    ]
    highest = float(np.ceil(max(entry["loss"].max() for entry in penalties)))
    slopes = [-STEEPEST, 1.0] if y else [-1.0, STEEPEST]
    frames = {"loss": ("loss L", "Loss", [0.0, highest]), "slope": ("slope dL/dŷ", "Slope", slopes)}
    return {
        "predictions": grid,
        "prediction": prediction,
        "penalties": penalties,
        "frames": {
            name: {"xTitle": "prediction ŷ", "yTitle": title, "range": bounds,
                   "alt": f"{what} of cross-entropy and of squared error against the prediction, for y = {y}."}
            for name, (title, what, bounds) in frames.items()
        },
    }  # fmt: skip


def picture(prediction: float, y: int) -> None:
    """The penalties with a ball on each; where it is let go, the prediction of the link changes."""
    stage.penalty(message(prediction, y), PENALTY, _new_prediction)


def _new_prediction() -> None:
    chosen = stage.triggered(PENALTY, "prediction", "prediction")
    if chosen:
        controls.set_values({"prediction": limits.PREDICTION.clamp(chosen[0])})


def probability(p: float) -> str:
    """A probability; close to 1, what it lacks, since three digits would make it certain.

    >>> probability(0.25), probability(0.99966)
    ('0.250', '1 − 3.40·10⁻⁴')
    """
    return number(p) if p < 0.99 else f"1 − {number(1 - p)}"


def comparison() -> str:
    """The same two predictions under both penalties, in a sentence."""
    predictions = np.array([SURE, WRONG])
    costs = {key: penalty.of_prediction(predictions, 1) for key, penalty in PENALTIES.items()}
    entropy, squared = costs["cross_entropy"], costs["squared_error"]
    return (
        f"Say y = 1. Cross-entropy asks {number(entropy[0], 4)} for ŷ = {SURE} and {number(entropy[1], 4)} for "
        f"ŷ = {WRONG}, {entropy[1] / entropy[0]:.0f} times as much. Squared error asks {number(squared[0], 4)} and "
        f"{number(squared[1], 4)}, and never more than 1."
    )
