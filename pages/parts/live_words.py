"""What is said of networks in training: names, numbers, and a sentence where something went wrong."""

from collections.abc import Sequence

import numpy as np

from engine.optimizers import OPTIMIZERS
from engine.training import Evaluation, Training, data_of, dead_share
from pages.parts.live import Lane, Live, here
from pages.parts.words import number, plain


def labels(lanes: Sequence[Lane]) -> list[str]:
    """The optimizers' names; a second one of a kind gets a number."""
    names = [OPTIMIZERS[lane.learner.optimizer].label for lane in lanes]
    return [
        name if names[:i].count(name) == 0 else f"{name} {names[:i].count(name) + 1}" for i, name in enumerate(names)
    ]


def titles(training: Training) -> list[str]:
    """The columns of the table, behind the names."""
    accuracies = [] if training.kind == "values" else ["Accuracy, training", "Accuracy, test"]
    return ["Rate", "Epoch", "Loss, training", "Loss, test", *accuracies, *["Dead units"] * _can_die(training)]


def cells(training: Training, lane: Lane, epoch: float) -> list[str]:
    """A row of the table: where ``lane`` stands."""
    score = here(training, lane).evaluation
    accuracies = [] if training.kind == "values" else [score.train_accuracy, score.test_accuracy]
    dead = [f"{dead_share(training, lane.last.params):.0%}"] if _can_die(training) else []
    rate = plain(float(f"{lane.learner.learning_rate:.4g}"))
    losses = [number(score.train_loss), number(score.test_loss)]
    return [rate, f"{epoch:.4g}", *losses, *(_share(value) for value in accuracies), *dead]


def _can_die(training: Training) -> bool:
    return training.activation == "relu" and bool(training.hidden)


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4f}"


def picture(training: Training) -> str:
    """What the large picture shows."""
    return "Fitted values" if training.kind == "values" else "Decision boundary"


def measured(training: Training, score: Evaluation) -> str:
    """Losses and accuracies in a sentence."""
    text = f"loss {number(score.train_loss)} on training data, {number(score.test_loss)} on test data"
    if training.kind != "values":
        text += f", accuracy {_share(score.train_accuracy)} and {_share(score.test_accuracy)}"
    return text + "."


def notes(training: Training) -> list[str]:
    """What is to be known of the data or the start before training."""
    data = data_of(training)
    sentences = [data.note] if data.note else []
    if training.initializer == "zeros" and training.hidden:
        sentences.append(
            "All weights start at zero, so all units of a layer compute the same, get the same gradient, and stay "
            "alike for ever. With ReLU or tanh even that gradient is zero, and only the last bias learns."
        )
    return sentences


def said(live: Live) -> str:
    """What happened, in a sentence for the networks that ended badly and one for those that do not learn."""
    named = list(zip(live.lanes, labels(live.lanes), strict=True))
    sentences = [
        f"{label} diverged at step {lane.diverged}: at the rate {plain(lane.learner.learning_rate)} its weights grew "
        "past every number. What is drawn is its last finite state."
        for lane, label in named
        if lane.diverged is not None
    ]
    stuck = [label for lane, label in named if lane.diverged is None and _stuck(lane)]
    if stuck:
        sentences.append(f"{' and '.join(stuck)} {'do' if len(stuck) > 1 else 'does'} not learn: {_why(live.training)}")
    return " ".join(sentences)


def _stuck(lane: Lane) -> bool:
    """After some epochs no weight between hidden layers has a gradient."""
    samples = lane.samples
    return len(samples) > 1 and len(samples[-1].gradients) > 1 and not samples[-1].gradients[:-1].any()


def _why(training: Training) -> str:
    if training.initializer == "zeros":
        return (
            "all weights start at zero, so every unit of a layer computes the same and no gradient gets past the last "
            "layer. Only its bias moves. Choose a random initialiser."
        )
    return "no gradient gets past the last layer: its hidden units are dead, or its weights are zero."
