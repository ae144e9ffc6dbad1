"""Losses of a network's logits and their derivatives; one number a sample, of which training lowers the mean.

Cross-entropies take logits, not probabilities: log(sigmoid(z)) computed in two steps is −inf for z = −1000, although
the loss there is just 1000. Where there are several outputs, a sample's loss is the mean over them, except for
categorical cross-entropy, which is one number for all classes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy.special import expit

from engine import Array


class Loss(NamedTuple):
    """``function(logits (..., N, K), targets (N, K)) -> (..., N)``; ``derivative`` of it in the logits, (..., N, K).

    ``predict(logits)`` is what they say of the target: a probability, or the value itself. ``targets`` says what the
    loss is for: "binary" (0 or 1), "classes" (one of K) or "values".
    """

    label: str
    function: Callable[[Array, Array], Array]
    derivative: Callable[[Array, Array], Array]
    predict: Callable[[Array], Array]
    targets: str
    formula: str  # LaTeX, in ŷ and y or in the logits z
    teaches: str


def _over_outputs(values: Array) -> Array:
    """The mean over the last axis; a single output needs none."""
    outputs = values.shape[-1]
    mean: Array = values[..., 0] if outputs == 1 else np.add.reduce(values, -1) / values.dtype.type(outputs)
    return mean


def _share(slopes: Array) -> Array:
    """The derivative of ``_over_outputs``."""
    outputs = slopes.shape[-1]
    return slopes if outputs == 1 else slopes / slopes.dtype.type(outputs)


def _binary_cross_entropy(z: Array, y: Array) -> Array:
    # -[y log σ(z) + (1-y) log(1-σ(z))], with only ever exp of a number below 0
    return _over_outputs(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))


def _binary_cross_entropy_slope(z: Array, y: Array) -> Array:
    return _share(expit(z) - y)


def softmax(z: Array) -> Array:
    """Logits (..., K) as probabilities that sum to 1 along the last axis."""
    powers = np.exp(z - z.max(-1, keepdims=True))
    probabilities: Array = powers / powers.sum(-1, keepdims=True)
    return probabilities


def _categorical_cross_entropy(z: Array, y: Array) -> Array:
    below = z - z.max(-1, keepdims=True)
    loss: Array = np.log(np.exp(below).sum(-1)) - (y * below).sum(-1)
    return loss


def _squared(z: Array, y: Array) -> Array:
    return _over_outputs(np.square(z - y))


def _squared_slope(z: Array, y: Array) -> Array:
    return _share(2 * (z - y))


def _huber(z: Array, y: Array) -> Array:
    # with c = min(|r|, 1): r²/2 within 1 of the target, |r| - 1/2 beyond, and no square that could overflow
    distance = np.abs(z - y)
    near = np.minimum(distance, 1)
    return _over_outputs(near * (distance - near / 2))


def _huber_slope(z: Array, y: Array) -> Array:
    return _share(np.clip(z - y, -1, 1))


def _hinge(z: Array, y: Array) -> Array:
    return _over_outputs(np.maximum(1 - y * z, 0))


def _hinge_slope(z: Array, y: Array) -> Array:
    return _share(np.where(y * z < 1, -y, y.dtype.type(0)))


LOSSES: dict[str, Loss] = {
    "binary_cross_entropy": Loss(
        "Binary cross-entropy",
        _binary_cross_entropy,
        _binary_cross_entropy_slope,
        expit,
        "binary",
        r"-\left[\,y \log\hat y + (1 - y)\log(1 - \hat y)\,\right]",
        "Minus the logarithm of the probability given to what is true: being sure and wrong costs without bound.",
    ),
    "categorical_cross_entropy": Loss(
        "Categorical cross-entropy",
        _categorical_cross_entropy,
        lambda z, y: softmax(z) - y,
        softmax,
        "classes",
        r"-\sum_k y_k \log\hat y_k",
        "The same for k classes: only the probability of the true class enters.",
    ),
    "mean_squared_error": Loss(
        "Mean squared error",
        _squared,
        _squared_slope,
        np.positive,
        "values",
        r"(\hat y - y)^2",
        "Twice the distance costs four times as much, so outliers pull hard.",
    ),
    "huber": Loss(
        "Huber",
        _huber,
        _huber_slope,
        np.positive,
        "values",
        r"\begin{cases}\frac12 r^2 & |r| \le 1\\ |r| - \frac12 & |r| > 1\end{cases},\quad r = \hat y - y",
        "Squared near the target, straight beyond 1: outliers pull no harder than anyone else.",
    ),
    "hinge": Loss(
        "Hinge",
        _hinge,
        _hinge_slope,
        np.positive,
        "binary",
        r"\max(0,\ 1 - y z),\quad y = \pm 1",
        "Zero once a sample is on its side by a margin of 1; then it pulls no more.",
    ),
}


def encode(y: ArrayLike, outputs: int, loss: str, dtype: DTypeLike) -> Array:
    """Targets (N, outputs) as ``loss`` wants them, from labels (N,) or from targets (N, outputs), one-hot included.

    Class labels are 0, 1, …; the hinge loss turns 0 and 1 into −1 and 1. Raises ValueError, in a sentence, where the
    targets do not fit the loss or the number of outputs.
    """
    if loss not in LOSSES:
        raise ValueError(f"{loss!r} is not one of {', '.join(LOSSES)}")
    given = np.asarray(y, float)
    if given.ndim not in (1, 2) or not np.isfinite(given).all():
        raise ValueError("targets must be finite numbers, one a sample or one a sample and output")
    label = LOSSES[loss].label
    if LOSSES[loss].targets == "values":
        return _columns(given, outputs, label).astype(dtype)
    if outputs == 1 and loss == "categorical_cross_entropy":
        raise ValueError(f"{label} needs an output for each class, at least two")
    targets = _columns(_classes(given, outputs, label), outputs, label)
    if (targets < 0).any() or (targets > 1).any():
        raise ValueError(f"{label} needs targets from 0 to 1")
    if loss == "categorical_cross_entropy" and not np.allclose(targets.sum(-1), 1):
        raise ValueError(f"{label} needs targets that sum to 1 over the classes")
    return (2 * targets - 1 if loss == "hinge" else targets).astype(dtype)


def _columns(targets: Array, outputs: int, label: str) -> Array:
    columns = targets[:, None] if targets.ndim == 1 else targets
    if columns.shape[1] != outputs:
        raise ValueError(f"{label}: targets of {columns.shape[1]} columns do not fit a network of {outputs} outputs")
    return columns


def _classes(given: Array, outputs: int, label: str) -> Array:
    """Labels as one-hot rows where there are several outputs; one-hot of two classes as 0/1 where there is one."""
    if outputs == 1:
        one_hot: Any = given.ndim == 2 and given.shape[1] == 2 and (given.sum(-1) == 1).all()
        return given[:, 1] if one_hot else given
    if given.ndim == 2:
        return given
    if (given != np.round(given)).any() or (given < 0).any():
        raise ValueError(f"{label} needs whole class labels from 0")
    if given.size and given.max() >= outputs:
        raise ValueError(
            f"{label}: class {given.max():.0f} needs {given.max() + 1:.0f} outputs, but there are {outputs}"
        )
    one_hot_rows: Array = np.eye(outputs)[given.astype(int)]
    return one_hot_rows
