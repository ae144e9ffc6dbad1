"""Three runs that differ in their batches: one sample, some, all; the stage's message of them, and where they end."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from engine import Array
from engine.datasets import batches_per_epoch
from engine.descent import Trajectory, outcome
from engine.experiment import Run, simulate, surface_of
from pages.parts import runs
from pages.parts.batch_controls import Study
from pages.parts.runs import Shown
from pages.parts.theme import BLUE, DASHED, GREEN, SOLID, VERMILLION, Style
from pages.parts.words import number, plain

STYLES = (Style(GREEN, SOLID, "triangle"), Style(VERMILLION, DASHED, "square"), Style(BLUE, SOLID, "circle"))
WIDTHS = (1.3, 2.4, 2.4)  # of the lines: the path of single samples is long and crossed often
LAST = 10  # the last tenth of the steps is where a run has come to hover


def runs_of(study: Study) -> list[Shown]:
    """Single samples, mini-batches and full batch, at equal steps or equal epochs, each judged on all samples."""
    samples, size = study.regression.samples, study.size
    labels = "One sample", f"Mini-batch of {size}", f"Full batch of {samples}"
    shown = []
    for batch, label, style in zip(study.sizes, labels, STYLES, strict=True):
        steps = study.epochs * batches_per_epoch(batch, samples) if study.mode == "epochs" else study.run.steps
        run = replace(study.run, steps=steps, batch_size=batch)
        whole = _on_all_samples(run)
        shown.append(Shown(run, label, style, whole, outcome(whole, surface_of(run).hessian)[0]))
    return shown


@st.cache_data(max_entries=64, show_spinner=False)
def _on_all_samples(run: Run) -> Trajectory:
    """A run with the loss and the gradient of all samples in the place of its batches', to which no eye could hold."""
    trajectory = simulate(run)
    with np.errstate(all="ignore"):
        loss, grads = surface_of(run).objective(trajectory.params, 0)
    return trajectory._replace(loss=loss, grads=grads)


def message(study: Study, trio: Sequence[Shown], **options: Any) -> dict[str, Any]:
    """The stage's message, with the weights' own names on the axes and batches in the table beside the curve."""
    sent = runs.message(trio, **options)
    first, second = study.regression.model.weights
    for figure, names in (("map", ("xaxis", "yaxis")), ("scene", ("xaxis", "yaxis"))):
        layout = sent["ground"][figure]["layout"]
        axes = layout["scene"] if figure == "scene" else layout
        for axis, weight in zip(names, (first, second), strict=True):
            axes[axis] = axes[axis] | {"title": axes[axis]["title"] | {"text": weight}}
    sent["axes"] = [first, second]
    for run, width in zip(sent["runs"], WIDTHS, strict=True):
        run["width"] = width
    board = sent["leaderboard"]
    board["titles"] = ["Run", "Batch", "Loss", *board["titles"][3:-1], "Steps"]
    board["rates"] = [str(size) for size in study.sizes]
    return sent


def hovering(study: Study, shown: Shown) -> float:
    """Mean distance to the minimum over the last tenth of a run's steps; NaN where it diverged or there is none."""
    if shown.outcome.kind == "diverged":
        return np.nan
    distance = study.regression.distance(shown.trajectory.params)
    return float(distance[-max(1, len(distance) // LAST) :].mean())


def gaps(study: Study, shown: Shown) -> Array:
    """Loss above the minimum at every step, or the loss itself where there is no minimum."""
    lowest = study.regression.surface.lowest
    return shown.trajectory.loss - (lowest if np.isfinite(lowest) else 0.0)


def floor_table(study: Study, trio: Sequence[Shown]) -> None:
    """Where each run has come to hover, and what that cost."""
    samples = study.regression.samples
    height = "Loss − lowest" if study.regression.minimum is not None else "Loss"
    rows = []
    for size, shown in zip(study.sizes, trio, strict=True):
        steps = int(shown.trajectory.count[-1])
        gone = shown.outcome.kind == "diverged"
        rows.append(
            {"Run": shown.label, "Steps": f"{steps:,}", "Samples seen": f"{steps * size:,}",
             "Epochs": number(steps * size / samples),
             height: "diverged" if gone else number(float(gaps(study, shown)[-1])),
             "Mean distance, last tenth": number(hovering(study, shown))}
        )  # fmt: skip
    st.table(rows, hide_index=True)
    st.markdown(" ".join(_floor_words(study, trio)))


def _floor_words(study: Study, trio: Sequence[Shown]) -> list[str]:
    far = partial(hovering, study)
    one, mini, full = (far(shown) for shown in trio)
    said = []
    if np.isfinite(one) and np.isfinite(full) and one > full > 0:
        said.append(
            f"In the last tenth of its steps the single-sample run is on average {number(one)} away from the minimum, "
            f"the mini-batch run {number(mini)}, the full batch {number(full)}."
        )
    if study.run.schedule in ("constant", "warmup"):
        said.append(
            "At the minimum the mean of all gradients is zero, but each sample still pulls its own way. A step is the "
            "rate times that pull, so at a **constant rate** a noisy run never comes to rest: it hovers round the "
            "minimum, the closer the larger its batches and the smaller its rate. Choose a decaying **schedule** and "
            "watch the floor go down with the rate."
        )
    else:
        said.append(
            "The rate **decays**, and the pull of single samples is multiplied by it: the swarm draws together round "
            "the minimum. Robbins and Monro (1951) asked for rates whose sum is infinite, so that every place can be "
            "reached, and the sum of whose squares is finite, so that the noise dies out. Choose the constant schedule "
            "for comparison."
        )
    whole, alone = study.regression.stable_rates
    if study.run.optimizer == "sgd":
        said.append(
            f"Where the loss bends most, plain descent is stable up to a rate of {number(whole)} on all samples, but "
            f"only up to {number(alone)} on the most demanding sample alone, were it all the data; the rate here is "
            f"{plain(study.run.learning_rate)}."
        )
    return said
