"""Deep networks at their start and in training: what each layer passes forward, and what it hands back.

The data are two moons (200, noise .2, standardised, a fifth set aside). Every network is drawn for several seeds at
once, along the replica axis, because one draw proves nothing: norms at one depth spread over orders of magnitude.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine import Array
from engine.activations import ACTIVATIONS
from engine.datasets import Dataset, load
from engine.descent import Step, descend
from engine.losses import LOSSES, encode
from engine.networks import Hidden, Network, mlp
from engine.optimizers import OPTIMIZERS

LOSS = "binary_cross_entropy"
FLAT = 0.05  # a unit is saturated where its slope is below this share of the activation's steepest
BINS = 40


@dataclass(frozen=True)
class Deep:
    """A network of ``depth`` hidden layers, as plain values; see ``networks.mlp``."""

    depth: int = 10
    width: int = 32
    activation: str = "sigmoid"
    initializer: str = "glorot_uniform"
    scale: float = 1.0
    normalization: str | None = None
    residual: bool = False

    def network(self, dtype: Any = np.float64) -> Network:
        """The network that these values name."""
        widths = (2, *(self.width,) * self.depth, 1)
        return mlp(widths, self.activation, self.initializer, self.normalization, self.residual, dtype, self.scale)


class Signals(NamedTuple):
    """One forward and one backward pass over all training data; R seeds, L hidden layers. Not finite: overflowed.

    Norms are Euclidean: of a layer's W or of ∂L/∂W, biases left out, or of δ = ∂L/∂z over samples and units.
    """

    gradients: Array  # (R, L + 1), the output layer last
    weights: Array  # (R, L + 1)
    deltas: Array  # (R, L + 1)
    bound: Array  # (L + 1,): what δ of the first seed can be at most; NaN where there is no such bound
    saturated: Array  # (R, L): the share of units and samples at which the activation is nearly flat
    dead: Array  # (R, L): the share of units with no slope for any sample
    densities: Array  # (L, BINS): the share of activations in each bin, all seeds together
    edges: Array  # (BINS + 1,)


def data() -> Dataset:
    """The data of every network here."""
    return load("moons", 200, 0.2, 42)


@lru_cache(maxsize=64)
def signals(deep: Deep, seeds: int = 8, first: int = 0) -> Signals:
    """What the layers of ``deep`` pass on at the start, for ``seeds`` draws of ``Network.init(first)``."""
    network, sample = deep.network(), data()
    params = network.init(first, seeds)
    targets = encode(sample.y, 1, LOSS, params.dtype)
    with np.errstate(all="ignore"):  # exploding signals are a result
        trace, logits = network.forward(params, sample.X)
        delta = LOSSES[LOSS].derivative(logits, targets) / len(targets)
        grads, deltas = network.backward(params, trace, delta)
        hidden = trace[:-1]
        saturated, dead = _flat(deep.activation, hidden)
        densities, edges = _densities(hidden)
        return Signals(
            network.weight_norms(grads), network.weight_norms(params), np.stack([_norm(d) for d in deltas], -1),
            _bound(deep, trace, deltas[-1][0]), saturated, dead, densities, edges,
        )  # fmt: skip


def _norm(delta: Array) -> Array:
    norm: Array = np.sqrt(np.square(delta).sum((-2, -1)))
    return norm


def _bound(deep: Deep, trace: list[Hidden], last: Array) -> Array:
    """|δ| of a layer is at most the steepest slope times the largest singular value of the W above times |δ| there."""
    if deep.normalization is not None or deep.residual:
        return np.full(len(trace), np.nan)
    steepest = ACTIVATIONS[deep.activation].steepest
    bounds = [float(_norm(last))]
    for layer in trace[:0:-1]:
        W = layer.layer[0][0, :-1]
        bounds.append(bounds[-1] * steepest * float(np.linalg.norm(W, 2)))
    return np.array(bounds[::-1])


def _flat(activation: str, hidden: list[Hidden]) -> tuple[Array, Array]:
    entry = ACTIVATIONS[activation]
    slopes = [np.abs(entry.derivative(layer.pre_activation, layer.activation)) for layer in hidden]
    saturated = [(slope < FLAT * entry.steepest).mean((-2, -1)) for slope in slopes]
    dead = [(slope == 0).all(-2).mean(-1) for slope in slopes]
    return np.stack(saturated, -1), np.stack(dead, -1)


def _densities(hidden: list[Hidden]) -> tuple[Array, Array]:
    """Histograms of the finite activations over the range in which all but a hundredth of each layer's lie."""
    values = [layer.activation[np.isfinite(layer.activation)] for layer in hidden]
    inner = [np.quantile(v, [0.005, 0.995]) for v in values if v.size] or [np.array([0.0, 1.0])]
    low, high = np.min(inner), np.max(inner)
    ends = (float(low), float(high if high > low else low + 1))
    counts = [np.histogram(np.clip(v, *ends), BINS, ends)[0] / max(v.size, 1) for v in values]
    return np.stack(counts), np.linspace(*ends, BINS + 1)


class Progress(NamedTuple):
    """One step of training a deep network for R seeds."""

    step: int
    losses: Array  # (R,), of the step's batch; NaN from the step at which a seed diverged
    gradients: Array  # (R, L + 1) norms by layer
    ratios: Array  # (R, L + 1): norm of the update of W over norm of W


def training(
    deep: Deep, optimizer: str, learning_rate: float, steps: int, batch_size: int = 32, seeds: int = 8, first: int = 0
) -> Iterator[Progress]:
    """``steps + 1`` measurements, from the start on; fewer where every seed diverges. All see the same batches."""
    network, sample = deep.network(np.float32), data()
    objective = network.objective(sample.X, sample.y, LOSS, batch_size, first)
    stream = descend(objective, OPTIMIZERS[optimizer].factory(learning_rate), network.init(first, seeds), steps)
    return (_measured(network, step) for step in stream)


def _measured(network: Network, step: Step) -> Progress:
    diverged = np.asarray(np.isnan(step.updates).any(-1))
    with np.errstate(all="ignore"):
        ratios = network.weight_norms(step.updates) / network.weight_norms(step.params)
    gradients = np.where(diverged[:, None], np.nan, network.weight_norms(step.grads))
    return Progress(int(step.count), np.where(diverged, np.nan, step.loss), gradients, ratios)
