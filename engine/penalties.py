"""Two penalties for the probability given to one yes-or-no answer, each in that probability ŷ and in its logit z.

``engine.losses`` takes logits, as training does. Here the road to them is in view: ŷ = σ(z), and so the chain rule
dL/dz = dL/dŷ · ŷ(1 − ŷ). Squared error is that of the probability: the case in which the factor ŷ(1 − ŷ) kills the
slope of a prediction that is sure and wrong, and which cross-entropy was made to avoid (Bishop, Pattern Recognition
and Machine Learning, 2006, sections 4.3.2 and 5.2).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from engine import Array, Objective
from engine.losses import LOSSES


class Penalty(NamedTuple):
    """The loss of a single prediction and its derivatives, element by element; the target y lies between 0 and 1.

    ``of_prediction(ŷ, y)`` and ``slope_in_prediction(ŷ, y)`` raise ValueError unless 0 < ŷ < 1: at the wrong end
    cross-entropy has no bound. ``of_logit(z, y)`` and ``slope_in_logit(z, y)`` take any finite z.
    """

    label: str
    of_prediction: Callable[[Array, ArrayLike], Array]
    slope_in_prediction: Callable[[Array, ArrayLike], Array]
    of_logit: Callable[[Array, ArrayLike], Array]
    slope_in_logit: Callable[[Array, ArrayLike], Array]
    formula: str  # LaTeX, in ŷ and y
    prediction_slope: str
    logit_slope: str


def _checked(prediction: Array, y: ArrayLike) -> tuple[Array, Array]:
    if not ((prediction > 0) & (prediction < 1)).all():
        raise ValueError("a prediction is a probability above 0 and below 1")
    return prediction, np.asarray(y, prediction.dtype)


def _cross_entropy(prediction: Array, y: ArrayLike) -> Array:
    p, y = _checked(prediction, y)
    loss: Array = -(y * np.log(p) + (1 - y) * np.log1p(-p))
    return loss


def _cross_entropy_slope(prediction: Array, y: ArrayLike) -> Array:
    p, y = _checked(prediction, y)
    slope: Array = (1 - y) / (1 - p) - y / p
    return slope


def _cross_entropy_of_logit(z: Array, y: ArrayLike) -> Array:
    return LOSSES["binary_cross_entropy"].function(z[..., None], np.asarray(y, z.dtype)[..., None])


def _error(z: Array, y: ArrayLike) -> Array:
    """σ(z) − y, without the cancellation near a target of 1: there it is −σ(−z)."""
    y = np.asarray(y, z.dtype)
    error: Array = (1 - y) * expit(z) - y * expit(-z)
    return error


def _squared(prediction: Array, y: ArrayLike) -> Array:
    p, y = _checked(prediction, y)
    loss: Array = np.square(p - y)
    return loss


def _squared_slope(prediction: Array, y: ArrayLike) -> Array:
    p, y = _checked(prediction, y)
    slope: Array = 2 * (p - y)
    return slope


def _squared_of_logit(z: Array, y: ArrayLike) -> Array:
    return np.square(_error(z, y))


def _squared_slope_in_logit(z: Array, y: ArrayLike) -> Array:
    slope: Array = 2 * _error(z, y) * expit(z) * expit(-z)
    return slope


def objective(penalty: Penalty, y: float) -> Objective:
    """The penalty as descent sees it: params (..., 1) are the logit."""

    def evaluate(params: Array, count: int) -> tuple[Array, Array]:
        z = params[..., 0]
        return penalty.of_logit(z, y), penalty.slope_in_logit(z, y)[..., None]

    return evaluate


PENALTIES: dict[str, Penalty] = {
    "cross_entropy": Penalty(
        "Cross-entropy",
        _cross_entropy,
        _cross_entropy_slope,
        _cross_entropy_of_logit,
        _error,
        LOSSES["binary_cross_entropy"].formula,
        r"\frac{1 - y}{1 - \hat y} - \frac{y}{\hat y}",
        r"\hat y - y",
    ),
    "squared_error": Penalty(
        "Squared error",
        _squared,
        _squared_slope,
        _squared_of_logit,
        _squared_slope_in_logit,
        LOSSES["mean_squared_error"].formula,
        r"2(\hat y - y)",
        r"2(\hat y - y)\,\hat y\,(1 - \hat y)",
    ),
}
