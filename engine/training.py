"""Training a network as plain values: which data, network, loss and batches; and what is measured while it trains."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine import Array, Objective, datasets
from engine.datasets import Dataset
from engine.descent import Step, descend
from engine.losses import LOSSES, encode
from engine.networks import Network, mlp
from engine.optimizers import OPTIMIZERS, Optimizer
from engine.schedules import SCHEDULES

FITTING = {
    "binary": ("binary_cross_entropy", "categorical_cross_entropy", "hinge", "mean_squared_error"),
    "classes": ("categorical_cross_entropy",),
    "values": ("mean_squared_error", "huber"),
}
"""The losses that fit each kind of data, the usual one first."""


@dataclass(frozen=True)
class Training:
    """One network to train on one set of data; every run on it, of whatever optimizer, sees the same batches.

    ``batch_size`` None is the whole training set; ``seed`` is that of the start and of the batches.
    """

    dataset: str = "moons"
    samples: int = 1000
    noise: float = 0.2
    data_seed: int = 42
    classes: int = 3
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    initializer: str = "glorot_uniform"
    loss: str = "binary_cross_entropy"
    batch_size: int | None = 32
    seed: int = 0
    l2: float = 0.0

    @property
    def kind(self) -> str:
        """What the labels are: "binary", "classes" or "values"."""
        classes = data_of(self).classes
        return "values" if not classes else "binary" if classes <= 2 else "classes"


@dataclass(frozen=True)
class Learner:
    """An optimizer with its hyper-parameters; a schedule stretches over ``steps``."""

    optimizer: str = "adam"
    hyperparameters: tuple[tuple[str, float], ...] = ()
    schedule: str = "constant"
    steps: int = 1000

    @property
    def learning_rate(self) -> float:
        """The base rate, before the schedule."""
        entry = OPTIMIZERS[self.optimizer]
        default = next(h.default for h in entry.hyperparameters if h.name == "learning_rate")
        return dict(self.hyperparameters).get("learning_rate", default)

    def with_rate(self, rate: float) -> "Learner":
        """The same at another base rate."""
        return replace(self, hyperparameters=tuple((dict(self.hyperparameters) | {"learning_rate": rate}).items()))


class Evaluation(NamedTuple):
    """How good some parameters are on all training and all test data; accuracy is NaN for values."""

    train_loss: float
    test_loss: float
    train_accuracy: float
    test_accuracy: float


def data_of(training: Training) -> Dataset:
    """The data that ``training`` names, the same object at every call."""
    return datasets.load(
        training.dataset, training.samples, training.noise, training.data_seed, classes=training.classes
    )


@lru_cache(maxsize=64)
def network_of(training: Training) -> Network:
    """The network that ``training`` names: one output, or one a class for the loss over classes."""
    data = data_of(training)
    outputs = max(2, data.classes) if training.loss == "categorical_cross_entropy" else 1
    return mlp((data.X.shape[1], *training.hidden, outputs), training.activation, training.initializer)


@lru_cache(maxsize=64)
def objective_of(training: Training) -> Objective:
    """The loss over the batches of ``training``. Raises ValueError where the loss does not fit the data."""
    if training.loss not in LOSSES:
        raise ValueError(f"{training.loss!r} is not one of {', '.join(LOSSES)}")
    if training.loss not in FITTING[training.kind]:
        raise ValueError(f"{LOSSES[training.loss].label} does not fit {training.kind} data")
    data = data_of(training)
    return network_of(training).objective(
        data.X, data.y, training.loss, training.batch_size, training.seed, training.l2
    )


def optimizer_of(learner: Learner) -> Optimizer:
    """The Optimizer that ``learner`` names."""
    rate = SCHEDULES[learner.schedule](learner.learning_rate, learner.steps)
    values = dict(learner.hyperparameters) | {"learning_rate": rate}
    return OPTIMIZERS[learner.optimizer].factory(**values)


def start_of(training: Training) -> Array:
    """The start of every run on ``training``: (D,)."""
    return network_of(training).init(training.seed)


def train(training: Training, learner: Learner, steps: int, last: Step | None = None) -> Iterator[Step]:
    """``steps`` updates from the start, or on from a Step of the same training; the Step gone on from comes first."""
    optimizer, objective = optimizer_of(learner), objective_of(training)
    if last is None:
        return descend(objective, optimizer, start_of(training), steps)
    return descend(objective, optimizer, last.params, steps, last.state, last.count)


def steps_per_epoch(training: Training) -> int:
    """How many batches make an epoch."""
    samples, size = len(data_of(training).X), training.batch_size
    return datasets.batches_per_epoch(samples if size is None else size, samples)


def evaluate(training: Training, params: Array) -> Evaluation:
    """Loss and accuracy of ``params`` (D,) on all data; NaN where there is no test data."""
    data = data_of(training)
    train_loss, train_accuracy = _measure(training, params, data.X, data.y)
    test_loss, test_accuracy = _measure(training, params, data.X_test, data.y_test)
    return Evaluation(train_loss, test_loss, train_accuracy, test_accuracy)


def _measure(training: Training, params: Array, X: Array, y: Array) -> tuple[float, float]:
    if not len(X):
        return np.nan, np.nan
    network = network_of(training)
    with np.errstate(all="ignore"):  # a diverged network is measured too
        logits = network.predict(params, X)
        targets = encode(y, logits.shape[-1], training.loss, logits.dtype)
        loss = float(LOSSES[training.loss].function(logits, targets).mean())
    if training.kind == "values":
        return loss, np.nan
    return loss, float(np.mean(labels(training, logits) == y))


def labels(training: Training, logits: Array) -> Array:
    """The class (..., N) that logits (..., N, out) speak for."""
    if logits.shape[-1] > 1:
        return np.asarray(logits.argmax(-1))
    # the middle between the two targets: a logit or a score of 0, a value of a half
    return np.asarray(logits[..., 0] > (0.5 if training.loss == "mean_squared_error" else 0)).astype(int)


def dead_share(training: Training, params: Array) -> float:
    """The share of hidden units that answer 0 or less to every training sample: with ReLU they get no gradient."""
    with np.errstate(all="ignore"):
        *hidden, _ = network_of(training).forward(params, data_of(training).X)[0]
    dead = [(layer.activation <= 0).all(-2) for layer in hidden]
    return float(np.concatenate(dead, -1).mean()) if dead else 0.0


def layer_norms(training: Training, vector: Array) -> Array:
    """Euclidean norm of each layer's part of a flat vector (..., D), such as params or grads: (..., layers)."""
    return network_of(training).layer_norms(vector)
