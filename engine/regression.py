"""Linear and logistic regression with two weights on real points: an exact loss surface, and batches that sample it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from engine import Array, Objective
from engine.datasets import batches_per_epoch, minibatch
from engine.losses import LOSSES
from engine.surface import Surface

BLOCK = 2**18  # points times samples that are evaluated at once: a whole map of 500 samples would fill a gigabyte
RANK = 1e-10  # share of the largest eigenvalue below which a direction counts as flat
HALF_VIEW = 6.0  # half the side of the view where there is no minimum to set it by


class Model(NamedTuple):
    """What two weights predict: the output is ``z = inputs @ params``, and ``loss`` is a key of engine.losses.LOSSES.

    ``curvature(z)`` is the loss's second derivative in z; ``weights`` are the names of the two.
    """

    loss: str
    curvature: Callable[[Array], Array]
    weights: tuple[str, str]
    formula: str  # LaTeX
    words: str


MODELS: dict[str, Model] = {
    "linear": Model(
        "mean_squared_error",
        lambda z: np.full_like(z, 2),
        ("w", "b"),
        r"L(w, b) = \frac1N \sum_i (w x_i + b - y_i)^2",
        "the mean of (w x + b − y)² over the samples",
    ),
    # two inputs and no bias, since there are two weights: inputs are centred, so the boundary passes through their mean
    "logistic": Model(
        "binary_cross_entropy",
        lambda z: expit(z) * expit(-z),
        ("w₁", "w₂"),
        r"L(w_1, w_2) = -\frac1N \sum_i \left[y_i \log \hat y_i + (1 - y_i)\log(1 - \hat y_i)\right],\quad "
        r"\hat y = \sigma(w_1 x_1 + w_2 x_2)",
        "the mean cross-entropy of the prediction σ(w₁ x₁ + w₂ x₂) over the samples",
    ),
}


class RegressionEntry(NamedTuple):
    """A regression in the menu: ``generate(samples, noise, seed) -> x (N, 1 or 2), y (N,)``.

    ``noise`` is the usual one, None where the data are measured. ``inputs`` names the columns of x, ``target`` y or,
    for logistic regression, the class that is 1.
    """

    label: str
    model: str  # key of MODELS
    generate: Callable[[int, float, int], tuple[Array, Array]]
    noise: float | None
    inputs: tuple[str, ...]
    target: str
    teaches: str


@dataclass(frozen=True, eq=False)
class Regression:
    """Two weights on N samples: ``inputs`` (N, 2), read-only, is (x, 1) or two inputs; ``targets`` (N,)."""

    entry: RegressionEntry
    inputs: Array
    targets: Array

    @property
    def model(self) -> Model:
        """What is predicted, and what a wrong prediction costs."""
        return MODELS[self.entry.model]

    @property
    def samples(self) -> int:
        """N."""
        return len(self.targets)

    def value(self, params: Array) -> Array:
        """Mean loss (...,) over all samples at params (..., 2)."""
        return self._value_and_gradient(params)[0]

    def gradient(self, params: Array) -> Array:
        """Gradient (..., 2) of the mean loss over all samples."""
        return self._value_and_gradient(params)[1]

    def _value_and_gradient(self, params: Array) -> tuple[Array, Array]:
        """In blocks of points, each of which is computed by itself all the same."""
        params = _floats(params)
        size = max(1, BLOCK // self.samples)
        if params.size <= 2 * size:
            return self._of_rows(params, slice(None))
        points = params.reshape(-1, 2)
        parts = [self._of_rows(points[i : i + size], slice(None)) for i in range(0, len(points), size)]
        loss, grads = (np.concatenate(column) for column in zip(*parts, strict=True))
        return loss.reshape(params.shape[:-1]), grads.reshape(params.shape)

    def _of_rows(self, params: Array, rows: Any) -> tuple[Array, Array]:
        """Mean loss and gradient over some samples. Sums, not BLAS: the same bits alone and in a batch."""
        (first, second), y, z = self._outputs(params, rows)
        criterion = LOSSES[self.model.loss]
        share = z.dtype.type(1 / len(y))
        loss = np.add.reduce(criterion.function(z[..., None], y[:, None]), -1) * share
        slopes = criterion.derivative(z[..., None], y[:, None])[..., 0]
        grads = np.empty_like(params)
        grads[..., 0] = np.add.reduce(slopes * first, -1) * share
        grads[..., 1] = np.add.reduce(slopes * second, -1) * share
        return loss, grads

    def _outputs(self, params: Array, rows: Any = slice(None)) -> tuple[Array, Array, Array]:
        """Inputs (2, B), targets (B,) in the params' dtype, and the outputs z (..., B)."""
        inputs = self._columns[:, rows].astype(params.dtype, copy=False)
        y = self.targets[rows].astype(params.dtype, copy=False)
        return inputs, y, params[..., 0, None] * inputs[0] + params[..., 1, None] * inputs[1]

    @cached_property
    def _columns(self) -> Array:
        return np.ascontiguousarray(self.inputs.T)

    def hessian(self, params: Array) -> Array:
        """Second derivatives (..., 2, 2) of the mean loss over all samples."""
        params = _floats(params)
        (first, second), _, z = self._outputs(params)
        bend = self.model.curvature(z)
        out = np.empty((*params.shape, 2), params.dtype)
        out[..., 0, 0] = (bend * (first * first)).mean(-1)
        out[..., 0, 1] = out[..., 1, 0] = (bend * (first * second)).mean(-1)
        out[..., 1, 1] = (bend * (second * second)).mean(-1)
        return out

    def sample_gradients(self, params: Array) -> Array:
        """The gradient (..., N, 2) of each sample's own loss; their mean is the gradient."""
        inputs, y, z = self._outputs(_floats(params))
        slopes: Array = LOSSES[self.model.loss].derivative(z[..., None], y[:, None])
        return slopes * inputs.T

    def batch_gradients(self, params: Array, batch_size: int, seed: int, epoch: int = 0) -> tuple[Array, Array]:
        """Gradients (..., M, 2) of the M batches of an epoch, and how many samples (M,) each of them holds."""
        each = self.sample_gradients(params)
        count = batches_per_epoch(batch_size, self.samples)
        rows = [minibatch(seed, epoch * count + i, batch_size, self.samples) for i in range(count)]
        means = np.stack([each[..., batch, :].mean(-2) for batch in rows], -2)
        return means, np.array([len(batch) for batch in rows])

    def covariance(self, params: Array, batch_size: int = 1) -> Array:
        """Covariance (..., 2, 2) of the gradient of a random batch: Σ/B · (N − B)/(N − 1), with Σ that of one sample.

        The last factor is there because a batch holds no sample twice: all N together have no noise (Cochran 1977,
        "Sampling Techniques", theorem 2.2). A batch larger than N is N.
        """
        each = self.sample_gradients(params)
        off = each - each.mean(-2, keepdims=True)
        sigma: Array = off.mT @ off / each.dtype.type(self.samples)
        size = min(batch_size, self.samples)
        left = (self.samples - size) / max(self.samples - 1, 1)
        covariance: Array = sigma * sigma.dtype.type(left / size)
        return covariance

    def noise_scale(self, params: Array) -> Array:
        """tr Σ/|G|² (...,): the batch size at which noise and signal are equal (McCandlish et al. 2018, "An empirical
        model of large-batch training", their "simple" scale).

        Σ is the covariance of one sample's gradient, G the gradient. Inf where G is 0 but Σ is not; 0 without noise.
        """
        each = self.sample_gradients(params)
        mean = each.mean(-2, keepdims=True)
        noise = np.square(each - mean).sum(-1).mean(-1)
        signal = np.square(mean).sum((-2, -1))
        scale = np.divide(noise, signal, out=np.full_like(noise, np.inf), where=signal > 0)
        return np.asarray(np.where(noise > 0, scale, 0))

    def objective(self, batch_size: int | None = None, seed: int = 0) -> Objective:
        """The mean loss over the batch of step ``count`` and its gradient: each sample once an epoch.

        None, or a size of N and more, is the surface's own objective. Raises ValueError for a batch of no sample.
        """
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"a batch must hold at least one sample, not {batch_size}")
        if batch_size is None or batch_size >= self.samples:
            return self.surface.objective
        size = batch_size

        def objective(params: Array, count: int) -> tuple[Array, Array]:
            return self._of_rows(params, minibatch(seed, count, size, self.samples))

        return objective

    @cached_property
    def row_space(self) -> Array:
        """Orthonormal directions (R, 2) in which the loss varies; R < 2 where the inputs tie the weights together."""
        values, vectors = np.linalg.eigh(self.inputs.T @ self.inputs)
        directions: Array = vectors.T[values > RANK * max(values[-1], 0.0)]
        return directions

    @cached_property
    def separable(self) -> bool:
        """Whether a line through the origin has no sample on its wrong side: the loss then falls for ever along its
        normal, and there is no minimum (Albert and Anderson 1984). Of one class alone too. Never in linear regression.
        """
        if self.model.loss != "binary_cross_entropy" or not len(self.row_space):
            return False
        towards = np.where(self.targets > 0.5, 1.0, -1.0)[:, None] * self.inputs  # where each sample pulls
        if len(self.row_space) == 1:
            along = towards @ self.row_space[0]
            return bool((along >= 0).all() or (along <= 0).all())
        angles = np.sort(np.arctan2(*towards[towards.any(-1)].T))
        gaps = np.diff(angles, append=angles[0] + 2 * np.pi)
        return bool(gaps.max() >= np.pi - 1e-9)  # all in one half-plane

    @cached_property
    def minimum(self) -> Array | None:
        """The minimum (2,), the one nearest to 0 where they form a line; None where there is none."""
        return None if self.separable else self._newton()

    def _newton(self) -> Array:
        """Newton's method from 0, for squared errors the normal equations; from there no step goes too far."""
        params = np.zeros(2)
        for _ in range(100):
            step = np.linalg.pinv(self.hessian(params), rcond=RANK, hermitian=True) @ self.gradient(params)
            params = params - step
            if np.abs(step).max() <= 1e-14 * (1 + np.abs(params).max()):
                break
        return params

    @cached_property
    def stable_rates(self) -> tuple[float, float]:
        """The largest rates at which gradient descent is stable on all samples and on each alone: 2 over the largest
        curvature, which both losses have at z = 0; inf where there is none. A logistic loss flattens further out, so
        that above them it swings, but does not run away.
        """
        steepest = self.model.curvature(np.zeros(1))[0]
        samples = steepest * np.square(self.inputs).sum(-1)
        curvatures = np.linalg.eigvalsh(self.hessian(np.zeros(2)))[-1], samples.max()
        whole, alone = (2 / float(c) if c > 0 else np.inf for c in curvatures)
        return whole, alone

    def distance(self, params: Array) -> Array:
        """Distance (...,) to the nearest minimum, also where they form a line; NaN where there is none."""
        if self.minimum is None:
            return np.full(np.shape(params)[:-1], np.nan)
        off = _floats(params) - self.minimum
        distance: Array = np.sqrt(sum(np.square((off * along).sum(-1)) for along in self.row_space) + 0 * off[..., 0])
        return distance

    @cached_property
    def surface(self) -> Surface:
        """The mean loss over all samples, seen round its minimum or, where there is none, on the way down from 0."""
        whole, alone = self.stable_rates
        rate = whole / 4 if self.entry.model == "logistic" else alone / 2
        if self.minimum is None:
            half = HALF_VIEW
            downhill = -self.gradient(np.zeros(2))
            downhill = downhill / (np.hypot(*downhill) or 1.0)
            middle = 0.7 * half * downhill
            start = 0.5 * half * downhill[::-1] * (-1, 1)  # to the side of 0
        else:
            half = 1 + 1.2 * max(1.0, float(np.abs(self.minimum).max()))
            middle = self.minimum
            start = middle + half * np.array((-0.75, 0.7))
        domain = tuple((float(m - half), float(m + half)) for m in middle)
        return Surface(
            label=self.entry.label,
            formula=self.model.formula,
            words=self.model.words,
            teaches=self.entry.teaches,
            value=self.value,
            gradient=self.gradient,
            hessian=self.hessian,
            domain=(domain[0], domain[1]),
            start=start,
            minima=np.zeros((0, 2)) if self.minimum is None else self.minimum,
            rate=rate if np.isfinite(rate) else 1.0,
            value_and_gradient=self._value_and_gradient,
            distance_to_curve=self.distance if self.minimum is not None and len(self.row_space) < 2 else None,
        )

    @property
    def note(self) -> str:
        """What a reader should know of an unusual set, in sentences, or nothing."""
        sentences = []
        if self.samples == 1:
            sentences.append("There is only one sample: every batch is that sample, and no gradient is noisy.")
        one_class = self.entry.model == "logistic" and bool((self.targets == self.targets[0]).all())
        if one_class and self.separable:
            sentences.append("All samples are of one class: the loss falls towards 0 for ever, without a minimum.")
        elif one_class:
            sentences.append("All samples are of one class, and lie on all sides of 0: the best weights are small.")
        elif self.separable:
            sentences.append(
                "A line separates the two classes: larger weights along it are always better, so the loss falls "
                "towards 0 for ever, and there is no minimum. More noise makes the classes overlap."
            )
        if not len(self.row_space):
            sentences.append("All samples are the same in their inputs: the loss is flat, and nothing can be learned.")
        elif len(self.row_space) == 1 and self.minimum is not None:
            sentences.append(
                "The inputs do not tell the two weights apart: a whole line of weights is equally good, and distances "
                "are measured to that line."
            )
        return " ".join(sentences)


def _floats(params: Array) -> Array:
    params = np.asarray(params)
    return params if params.dtype.kind == "f" else params.astype(float)
