"""A common lesson's experiment, beside scikit-learn: Adam at .001 against SGD with momentum .9 at .01, and at .1.

Two moons (1,000, noise .2, seed 42, a fifth kept for testing, standardised), a 64-64 ReLU network, at most 500 epochs.
Ours is set to what ``MLPClassifier`` does by default: batches of min(200, n); Nesterov's momentum; a penalty of
alpha/2 · ΣW² / batch, alpha = 1e-4; and a stop once the epoch's loss has not fallen by 1e-4 for more than 10 epochs.
What remains different: the draws of start and batches, biases that start at 0 here, and ε inside Adam, which
scikit-learn does not correct for its start.
"""

import warnings
from typing import NamedTuple

import numpy as np

from engine import Array
from engine.training import Learner, Training, data_of, evaluate, steps_per_epoch, train

EPOCHS, PATIENCE, TOLERANCE = 500, 10, 1e-4
ALPHA, BATCH, SEED, MOMENTUM = 1e-4, 200, 42, 0.9


class Setting(NamedTuple):
    """One line of the experiment."""

    label: str
    optimizer: str  # ours
    learning_rate: float


class Result(NamedTuple):
    """How one library's training went: the mean loss of each epoch's batches, and the share of test samples right."""

    losses: Array  # (epochs,)
    accuracy: float

    @property
    def epochs(self) -> int:
        """How many were trained before the stopping rule, or the bound, ended it."""
        return len(self.losses)


SETTINGS = (
    Setting("Adam, 0.001", "adam", 0.001),
    Setting("SGD + momentum, 0.01", "nesterov", 0.01),
    Setting("SGD + momentum, 0.1", "nesterov", 0.1),
)

TRAINING = Training(
    "moons",
    1000,
    0.2,
    SEED,
    hidden=(64, 64),
    initializer="glorot_uniform",
    batch_size=BATCH,
    seed=SEED,
    l2=ALPHA / BATCH,
)


def ours(setting: Setting) -> Result:
    """The engine's run."""
    momentum = (("momentum", MOMENTUM),) if setting.optimizer == "nesterov" else ()
    learner = Learner(setting.optimizer, (("learning_rate", setting.learning_rate), *momentum))
    per_epoch = steps_per_epoch(TRAINING)
    steps = train(TRAINING, learner, EPOCHS * per_epoch)
    losses: list[float] = []
    idle, best = 0, np.inf
    while len(losses) < EPOCHS and idle <= PATIENCE:
        loss = float(np.mean([next(steps).loss for _ in range(per_epoch)]))
        idle = idle + 1 if loss > best - TOLERANCE else 0
        best = min(best, loss)
        losses.append(loss)
    return Result(np.array(losses), evaluate(TRAINING, next(steps).params).test_accuracy)


def scikit_learn(setting: Setting) -> Result:
    """``MLPClassifier`` on the same arrays, with the lesson's settings and its own defaults for the rest."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    data = data_of(TRAINING)
    model = MLPClassifier(
        (64, 64), solver="adam" if setting.optimizer == "adam" else "sgd", momentum=MOMENTUM,
        learning_rate_init=setting.learning_rate, max_iter=EPOCHS, random_state=SEED,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(data.X, data.y)
    return Result(np.array(model.loss_curve_), float(model.score(data.X_test, data.y_test)))
