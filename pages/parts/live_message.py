"""What the browser draws of networks in training: fields, points and curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine import Array
from engine.datasets import DATASETS
from engine.losses import LOSSES
from engine.training import Training, data_of, network_of, steps_per_epoch
from pages.parts.live import Lane, Live, here
from pages.parts.live_words import cells, labels, measured, picture, said, titles
from pages.parts.stage import single
from pages.parts.theme import STYLES, Style, again
from pages.parts.words import number

GRID = 44  # points along each side of a field
CURVE = 240  # points of a curve; more would not be seen
MARGIN = 0.12  # of the data's range, left free on each side
LAYER_COLOURS = ("#0072B2", "#D55E00", "#00936B", "#B9649A", "#B07A00", "#2A8FCB", "#777777", "#80801F")


def message(live: Live, layers_of: int = 0) -> dict[str, Any]:
    """The state of ``live``; the norms by layer are those of lane ``layers_of``."""
    data = _data(live.training)
    styles = _styles(live.lanes)
    names = labels(live.lanes)
    lanes = [_lane(live, lane, name, style, data) for lane, name, style in zip(live.lanes, names, styles, strict=True)]
    return {
        "step": live.count,
        "data": data,
        "lanes": lanes,
        "titles": titles(live.training),
        "charts": _charts(live, names, styles, layers_of),
        "said": said(live),
    }


def _styles(lanes: Sequence[Lane]) -> list[Style]:
    keys = [lane.learner.optimizer for lane in lanes]
    counts = [keys[:i].count(key) + 1 for i, key in enumerate(keys)]
    return [STYLES[key] if nth == 1 else again(STYLES[key], nth) for key, nth in zip(keys, counts, strict=True)]


def _data(training: Training) -> dict[str, Any]:
    """Points and view, the same for all lanes."""
    data = data_of(training)
    entry = DATASETS[training.dataset]
    inputs = np.concatenate([data.X, data.X_test])
    targets = np.concatenate([data.y, data.y_test])
    across = _view(inputs[:, 0])
    up = _view(targets if entry.inputs == 1 else inputs[:, 1])
    height, test_height = (data.y, data.y_test) if entry.inputs == 1 else (data.X[:, 1], data.X_test[:, 1])
    return {
        "inputs": entry.inputs,
        "kind": training.kind,
        "classes": max(2, data.classes),
        "low": float(targets.min()),
        "high": float(targets.max()),
        "view_x": across,
        "view_y": up,
        "x_title": "x" if entry.inputs == 1 else "x₁",
        "y_title": "y" if entry.inputs == 1 else "x₂",
        "x": single(data.X[:, 0]),
        "y": single(height),
        "labels": single(data.y),
        "test_x": single(data.X_test[:, 0]),
        "test_y": single(test_height),
        "test_labels": single(data.y_test),
    }


def _view(values: Array) -> list[float]:
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 1.0
    return [low - room, high + room]


def _along(view: list[float], points: int) -> Array:
    return np.linspace(view[0], view[1], points)


def _lane(live: Live, lane: Lane, label: str, style: Style, data: dict[str, Any]) -> dict[str, Any]:
    epoch = int(lane.last.count) / steps_per_epoch(live.training)
    score = here(live.training, lane).evaluation
    return {
        "label": label,
        "colour": style.colour,
        "dash": list(style.dash),
        "marker": style.marker,
        "width": 2.4,
        "field": single(_field(live.training, lane.last.params, data)),
        "cells": cells(live.training, lane, epoch),
        "alt": f"{picture(live.training)} of {label} after {epoch:.4g} epochs. {measured(live.training, score)}",
    }


def _field(training: Training, params: Array, data: dict[str, Any]) -> Array:
    """What the network says over the view, (GRID, GRID) with rows along x₂, or (1, 4·GRID) for one input.

    Two classes: the probability of the second. More: the likeliest class, plus how sure the network is, below 1.
    """
    across = _along(data["view_x"], GRID if data["inputs"] == 2 else 4 * GRID)
    if data["inputs"] == 1:
        points, shape = across[:, None], (1, len(across))
    else:
        grid = np.meshgrid(across, _along(data["view_y"], GRID))
        points, shape = np.stack(grid, -1).reshape(-1, 2), (GRID, GRID)
    with np.errstate(all="ignore"):  # a diverged network is drawn where it is finite
        says = LOSSES[training.loss].predict(network_of(training).predict(params, points))
        if says.shape[-1] > 1:
            if training.kind == "binary":
                return says[:, 1].reshape(shape)
            return (says.argmax(-1) + np.minimum(says.max(-1), 0.999)).reshape(shape)
        flat = says[:, 0]
        if training.loss == "hinge":
            flat = (flat + 1) / 2  # a score of −1 and 1 is what it is trained to reach
        return (np.clip(flat, 0, 1) if training.kind == "binary" else flat).reshape(shape)


def _charts(live: Live, labels: Sequence[str], styles: Sequence[Style], layers_of: int) -> dict[str, Any]:
    """One picture a quantity; None where there is nothing to show."""
    epoch = steps_per_epoch(live.training)
    marks = [step / epoch for step in live.changes]
    named = list(zip(live.lanes, styles, strict=True))
    sentences = " ".join(
        f"{label}: {measured(live.training, lane.samples[-1].evaluation)}"
        for lane, label in zip(live.lanes, labels, strict=True)
    )
    shown = live.lanes[min(layers_of, len(live.lanes) - 1)]
    chosen = labels[min(layers_of, len(live.lanes) - 1)]
    loss = [line for lane, style in named for line in _pair(lane, style, epoch, "train_loss", "test_loss")]
    accuracy = [line for lane, style in named for line in _pair(lane, style, epoch, "train_accuracy", "test_accuracy")]
    return {
        "loss": {
            "xTitle": "epoch", "yTitle": "loss: test thick, training thin", "log": True, "lines": loss, "marks": marks,
            "alt": f"Loss by epoch. {sentences}",
        },
        "accuracy": None if live.training.kind == "values" else {
            "xTitle": "epoch", "yTitle": "accuracy: test thick, training thin", "log": False, "lines": accuracy,
            "range": _accuracy_range(live.lanes), "marks": marks, "alt": f"Accuracy by epoch. {sentences}",
        },
        "batch": {
            "xTitle": "step", "yTitle": "loss of each step's batch", "log": True,
            "lines": [_batch_losses(lane, style) for lane, style in named], "marks": list(live.changes),
            "alt": "Loss of each step's batch.",
        },
        "gradients": _by_layer(shown, epoch, marks, "gradients", f"gradient norm by layer, {chosen}"),
        "weights": _by_layer(shown, epoch, marks, "weights", f"weight norm by layer, {chosen}"),
    }  # fmt: skip


def _accuracy_range(lanes: Sequence[Lane]) -> list[float]:
    """From a round number below the lowest to just above 1."""
    scores = [sample.evaluation for lane in lanes for sample in lane.samples]
    lowest = np.nanmin([[score.train_accuracy, score.test_accuracy] for score in scores])
    return [min(float(np.floor(lowest * 10)) / 10, 0.9), 1.01]


def _pair(lane: Lane, style: Style, epoch: int, *names: str) -> list[dict[str, Any]]:
    """Training thin, test thick."""
    samples = _thinned(lane.samples)
    x = single([sample.step / epoch for sample in samples])
    return [
        {"x": x, "y": single([getattr(sample.evaluation, name) for sample in samples]), "colour": style.colour,
         "dash": list(style.dash), "width": width, "alpha": alpha}
        for name, width, alpha in zip(names, (1.2, 2.6), (0.75, 1.0), strict=True)
    ]  # fmt: skip


def _batch_losses(lane: Lane, style: Style) -> dict[str, Any]:
    losses = np.array(lane.losses)
    steps = np.unique(np.linspace(0, len(losses) - 1, min(len(losses), 2 * CURVE)).round().astype(int))
    return {
        "x": single(steps),
        "y": single(losses[steps]),
        "colour": style.colour,
        "dash": [],
        "width": 1,
        "alpha": 0.8,
    }


def _by_layer(lane: Lane, epoch: int, marks: Sequence[float], name: str, title: str) -> dict[str, Any]:
    samples = _thinned(lane.samples)
    norms = np.stack([getattr(sample, name) for sample in samples])
    x = single([sample.step / epoch for sample in samples])
    lines = [
        {"x": x, "y": single(column), "colour": LAYER_COLOURS[layer % len(LAYER_COLOURS)], "dash": [], "width": 1.8,
         "alpha": 1, "label": f"W{layer + 1}"}
        for layer, column in enumerate(norms.T)
    ]  # fmt: skip
    last = ", ".join(f"layer {layer + 1} {number(float(value))}" for layer, value in enumerate(norms[-1]))
    return {
        "xTitle": "epoch",
        "yTitle": title,
        "log": True,
        "lines": lines,
        "marks": list(marks),
        "alt": f"{title}: {last}.",
    }


def _thinned(samples: Sequence[Any]) -> list[Any]:
    """At most CURVE of them, evenly, the first and the last among them."""
    if len(samples) <= CURVE:
        return list(samples)
    return [samples[i] for i in np.linspace(0, len(samples) - 1, CURVE).round().astype(int)]
