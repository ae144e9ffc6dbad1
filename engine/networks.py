"""Fully connected networks whose weights are one flat vector, so that every optimizer of a surface trains them too.

A layer computes ``h W + b``; a hidden layer goes on with ``h ← h + activation(normalise(h W + b))``, where the first
``h +`` is there only with residual connections (He et al. 2016) and equal widths, and ``normalise`` only where asked
for. The last layer's ``h W + b`` are the logits. Leading axes of the parameters are replicas: the same data, other
weights. Backpropagation (Rumelhart, Hinton and Williams 1986) is written out in ``Network.gradient``.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from engine import Array, Objective
from engine.activations import ACTIVATIONS
from engine.datasets import batches_per_epoch, epoch_order
from engine.initializers import INITIALIZERS
from engine.losses import LOSSES, Loss, encode
from engine.normalization import NORMALIZATIONS, Normalised, Statistics

Layer: TypeAlias = tuple[Array, ...]
"""W (..., in, out) and b (..., out); behind them gain and shift (..., out) where the layer is normalised."""

Places: TypeAlias = tuple[tuple[int, int, tuple[int, ...]], ...]
"""Where a layer's arrays lie in the flat vector: start, stop and shape of each."""


class Hidden(NamedTuple):
    """What a hidden layer computed on N samples, as backpropagation needs it; the last layer's is kept alike."""

    layer: Layer  # its weights and biases in one matrix, and gain and shift behind them, as ``_joined`` gives them
    augmented: Array  # (..., N, in + 1): the inputs and a column of ones, for which the biases are weights
    normalised: Normalised | None
    pre_activation: Array  # (..., N, out): the activation's argument
    activation: Array  # (..., N, out)

    @property
    def inputs(self) -> Array:
        """What the layer was given: (..., N, in)."""
        return self.augmented[..., :-1]


@dataclass(frozen=True)
class Network:
    """See ``mlp``, which checks what is given here. ``.size`` is D, the number of weights."""

    widths: tuple[int, ...]
    activation: str
    initializer: str
    normalization: str | None
    residual: bool
    scale: float
    dtype: np.dtype[Any]

    @cached_property
    def shapes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The shapes of each layer's arrays, in the order in which the flat vector holds them."""
        layers: list[tuple[tuple[int, ...], ...]] = []
        for layer, (fan_in, fan_out) in enumerate(pairwise(self.widths)):
            normalised = self.normalization is not None and layer < len(self.widths) - 2
            layers.append(((fan_in, fan_out), (fan_out,)) + ((fan_out,), (fan_out,)) * normalised)
        return tuple(layers)

    @cached_property
    def size(self) -> int:
        """The number of parameters, D."""
        return sum(prod(shape) for layer in self.shapes for shape in layer)

    def unpack(self, params: Array) -> tuple[Layer, ...]:
        """The layers' arrays as views of the flat ``params`` (..., D): writing to them would change it."""
        return self._views(params, self._places)

    def _views(self, params: Array, places: tuple[Places, ...]) -> tuple[Layer, ...]:
        if params.shape[-1] != self.size:
            raise ValueError(f"this network has {self.size} parameters, not {params.shape[-1]}")
        lead = params.shape[:-1]
        return tuple(
            tuple(params[..., start:stop].reshape(lead + shape) for start, stop, shape in layer) for layer in places
        )

    @cached_property
    def _places(self) -> tuple[Places, ...]:
        places, stop = [], 0
        for layer in self.shapes:
            row = []
            for shape in layer:
                start, stop = stop, stop + prod(shape)
                row.append((start, stop, shape))
            places.append(tuple(row))
        return tuple(places)

    def _joined(self, params: Array) -> tuple[Layer, ...]:
        """As ``unpack``, but b is the last row of W: (..., in + 1, out), which is how the flat vector lies already."""
        return self._views(params, self._joined_places)

    @cached_property
    def _joined_places(self) -> tuple[Places, ...]:
        return tuple(((W[0], b[1], (W[2][0] + 1, W[2][1])), *others) for W, b, *others in self._places)

    def pack(self, layers: Sequence[Layer]) -> Array:
        """The flat vector (..., D) of layers as ``unpack`` gives them; leading axes must agree."""
        flat = []
        for layer, shapes in zip(layers, self.shapes, strict=True):
            for array, shape in zip(layer, shapes, strict=True):
                lead = np.shape(array)[: max(0, np.ndim(array) - len(shape))]
                if np.shape(array) != lead + shape:
                    raise ValueError(f"an array of shape {np.shape(array)} does not fit where {shape} is needed")
                flat.append(np.reshape(array, (*lead, -1)))
        return np.concatenate(flat, axis=-1, dtype=self.dtype)

    def init(self, seed: int, replicas: int | None = None) -> Array:
        """A start (D,), or (replicas, D): replica r is drawn from ``default_rng([seed, r])``, a single one is r = 0.

        Weights come from the initialiser times ``scale``, in float64 and then cast, so that a start of either
        precision is the same one; biases and shifts start at 0, gains at 1.
        """
        if replicas is not None and replicas < 1:
            raise ValueError(f"replicas must be 1 or more, not {replicas}")
        starts = [self._draw(np.random.default_rng([seed, r])) for r in range(replicas or 1)]
        return starts[0] if replicas is None else np.stack(starts)

    def _draw(self, rng: np.random.Generator) -> Array:
        draw = INITIALIZERS[self.initializer].draw
        layers = []
        for (fan_in, fan_out), *others in self.shapes:
            constants = (np.full(shape, value) for shape, value in zip(others, (0.0, 1.0, 0.0), strict=False))
            layers.append((self.scale * draw(rng, fan_in, fan_out), *constants))
        return self.pack(layers)

    def forward(
        self, params: Array, X: Array, statistics: Sequence[Statistics] | None = None
    ) -> tuple[list[Hidden], Array]:
        """Every hidden layer on X (N, in), and the logits (..., N, out).

        ``statistics`` takes the place of the batch's own mean and variance in batch normalisation.
        """
        return self._forward(params, _with_ones(self._inputs(X)), statistics)

    def _forward(
        self, params: Array, h: Array, statistics: Sequence[Statistics] | None = None
    ) -> tuple[list[Hidden], Array]:
        """``forward`` of inputs that have their column of ones."""
        activation = ACTIVATIONS[self.activation].function
        *hidden, last = self._joined(params)
        trace = []
        for layer, arrays in enumerate(hidden):
            W, *gain_and_shift = arrays
            z = h @ W
            normalised = None
            if gain_and_shift:
                normalise = NORMALIZATIONS[self.normalization or ""].forward
                gain, shift = gain_and_shift
                normalised, z = normalise(z, gain, shift, statistics[layer] if statistics else None)
            a = activation(z)
            trace.append(Hidden(arrays, h, normalised, z, a))
            h = _with_ones(h[..., :-1] + a if self._skips(layer) else a)
        logits = h @ last[0]
        trace.append(Hidden(last, h, None, logits, logits))
        return trace, logits

    def _skips(self, layer: int) -> bool:
        return self.residual and self.widths[layer] == self.widths[layer + 1]

    def predict(self, params: Array, X: Array, statistics: Sequence[Statistics] | None = None) -> Array:
        """Logits (..., N, out) for X (N, in)."""
        return self.forward(params, X, statistics)[1]

    def statistics(self, params: Array, X: Array) -> tuple[Statistics, ...]:
        """Mean and variance of each normalised layer over X, for batch normalisation at test time."""
        trace, _ = self.forward(params, X)
        return tuple(hidden.normalised.statistics for hidden in trace if hidden.normalised is not None)

    def loss(self, params: Array, X: Array, y: Array, loss: str = "binary_cross_entropy") -> Array:
        """Mean loss (...,) over the samples, without gradients or penalties."""
        inputs, targets = self._data(X, y, loss)
        per_sample = LOSSES[loss].function(self.predict(params, inputs), targets)
        mean: Array = np.add.reduce(per_sample, -1) / per_sample.dtype.type(per_sample.shape[-1])
        return mean

    def objective(
        self,
        X: Array,
        y: Array,
        loss: str = "binary_cross_entropy",
        batch_size: int | None = None,
        seed: int = 0,
        l2: float = 0.0,
    ) -> Objective:
        """The mean loss over a batch, plus ½·l2·Σ W² over weights (not biases), and its gradient.

        X (N, in), y (N,) or (N, out). The batch of step ``count`` is ``datasets.minibatch(seed, count, ...)``: every
        sample once an epoch. None, or a size of N and more, is the whole set in its own order. Raises ValueError where
        shapes or labels do not fit the network.
        """
        inputs, targets = self._data(X, y, loss)
        if not 0 <= l2 < np.inf:
            raise ValueError(f"l2 must be a finite number of 0 or more, not {l2}")
        criterion, batch = LOSSES[loss], _batches(_with_ones(inputs), targets, batch_size, seed)
        strength = self.dtype.type(l2)

        def objective(params: Array, count: int) -> tuple[Array, Array]:
            X, y = batch(count)
            return self._loss_and_gradient(params, X, y, criterion, strength)

        return objective

    def _loss_and_gradient(self, params: Array, X: Array, y: Array, criterion: Loss, l2: Any) -> tuple[Array, Array]:
        trace, logits = self._forward(params, X)
        share = self.dtype.type(1 / len(X))
        per_sample = criterion.function(logits, y)
        loss = np.add.reduce(per_sample, -1) * share
        delta = criterion.derivative(logits, y) * share
        grads = self.gradient(params, trace, delta)
        if l2:
            for (W, *_), (dW, *_) in zip(self.unpack(params), self.unpack(grads), strict=True):
                loss = loss + l2 / 2 * np.square(W).sum((-2, -1))
                dW += l2 * W
        return loss, grads

    def gradient(self, params: Array, trace: Sequence[Hidden], delta: Array) -> Array:
        """All slopes (..., D) from ``delta``, the loss's slope in the logits (..., N, out): see ``backward``."""
        return self.backward(params, trace, delta)[0]

    def backward(self, params: Array, trace: Sequence[Hidden], delta: Array) -> tuple[Array, list[Array]]:
        """Backpropagation: the slopes (..., D) in all parameters, and δ = ∂L/∂(hW + b) of each layer (..., N, out).

        From the last layer to the first: ∂L/∂W = hᵀδ, ∂L/∂b = Σδ, and ∂L/∂h = δWᵀ is handed down, where the layer
        below turns it into its own δ by the slope of its activation (and of its normalisation). ``delta`` is the
        last layer's δ.
        """
        slope = ACTIVATIONS[self.activation].derivative
        grads = np.empty_like(params)
        deltas = [delta]
        past: Array | None = None  # what reaches the layer below past this one, along a residual connection
        slots = self._joined(grads)
        for layer in range(len(trace) - 1, -1, -1):
            np.matmul(trace[layer].augmented.mT, delta, out=slots[layer][0])
            if layer == 0:
                break
            below = trace[layer - 1]
            W = trace[layer].layer[0][..., :-1, :]
            # with a single output the product has one term, which BLAS is slow to find
            dh = delta * W.mT if delta.shape[-1] == 1 else delta @ W.mT
            if past is not None:
                dh += past
            past = dh if self._skips(layer - 1) else None
            delta = slope(below.pre_activation, below.activation)
            delta *= dh
            if below.normalised is not None:
                (_, gain, _), (_, dgain, dshift) = below.layer, slots[layer - 1]
                dgain[...] = np.add.reduce(delta * below.normalised.values, -2)
                dshift[...] = np.add.reduce(delta, -2)
                delta = NORMALIZATIONS[self.normalization or ""].backward(below.normalised, gain, delta)
            deltas.append(delta)
        return grads, deltas[::-1]

    def layer_norms(self, vector: Array) -> Array:
        """Euclidean norm of each layer's part of a flat vector (..., D), such as params or grads: (..., layers)."""
        return self._norms(vector, [layer[0][0] for layer in self._places])

    def weight_norms(self, vector: Array) -> Array:
        """As ``layer_norms``, but of the part of each layer's W alone."""
        ends = [end for layer in self._places for end in layer[0][:2]]
        return self._norms(vector, ends)[..., ::2]  # every second stretch lies between two W

    def _norms(self, vector: Array, starts: list[int]) -> Array:
        with np.errstate(over="ignore"):
            squares = np.square(vector, dtype=np.float64)  # those of large single-precision numbers would overflow
            norms: Array = np.sqrt(np.add.reduceat(squares, starts, axis=-1))
        return norms

    def _inputs(self, X: Array) -> Array:
        inputs = np.asarray(X, self.dtype)
        if inputs.ndim != 2 or inputs.shape[1] != self.widths[0]:
            raise ValueError(f"X must have shape (N, {self.widths[0]}) for this network, not {inputs.shape}")
        return inputs

    def _data(self, X: Array, y: Array, loss: str) -> tuple[Array, Array]:
        inputs, targets = self._inputs(X), encode(y, self.widths[-1], loss, self.dtype)
        if len(inputs) != len(targets):
            raise ValueError(f"there are {len(inputs)} samples, but {len(targets)} targets")
        if not len(inputs):
            raise ValueError("there are no samples")
        return inputs, targets


def _with_ones(h: Array) -> Array:
    """h (..., N, in) and a column of ones: (..., N, in + 1)."""
    return np.concatenate((h, _ones((*h.shape[:-1], 1), h.dtype)), -1)


@lru_cache(maxsize=64)
def _ones(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    ones = np.ones(shape, dtype)
    ones.flags.writeable = False
    return ones


def _batches(X: Array, y: Array, size: int | None, seed: int) -> Callable[[int], tuple[Array, Array]]:
    """``count -> (X, y)`` of that step's batch: slices of the epoch's order, in which the set is laid out but once."""
    samples = len(X)
    if size is None or size >= samples:
        return lambda count: (X, y)
    per_epoch = batches_per_epoch(size, samples)

    @lru_cache(maxsize=2)
    def shuffled(epoch: int) -> tuple[Array, Array]:
        order = epoch_order(seed, epoch, samples)
        return X[order], y[order]

    def batch(count: int) -> tuple[Array, Array]:
        epoch, index = divmod(count, per_epoch)
        inputs, targets = shuffled(epoch)
        rows = slice(index * size, (index + 1) * size)
        return inputs[rows], targets[rows]

    return batch


def mlp(
    widths: Sequence[int] = (2, 64, 64, 1),
    activation: str = "relu",
    initializer: str = "glorot_uniform",
    normalization: str | None = None,
    residual: bool = False,
    dtype: DTypeLike = np.float32,
    scale: float = 1.0,
) -> Network:
    """A fully connected network from ``widths[0]`` inputs to ``widths[-1]`` logits.

    The names are keys of ACTIVATIONS, INITIALIZERS and NORMALIZATIONS ("layer" or "batch", before the activation);
    ``scale`` multiplies the initial weights. Raises ValueError for names that do not exist and sizes that make no net.
    """
    registries: tuple[Collection[str | None], ...] = (ACTIVATIONS, INITIALIZERS, (None, *NORMALIZATIONS))
    for name, known in zip((activation, initializer, normalization), registries, strict=True):
        if name not in known:
            raise ValueError(f"{name!r} is not one of {', '.join(map(str, known))}")
    sizes = tuple(int(width) for width in widths)
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"widths must name at least inputs and outputs, each 1 or more, not {tuple(widths)}")
    if not 0 <= scale < np.inf:
        raise ValueError(f"scale must be a finite number of 0 or more, not {scale}")
    if np.dtype(dtype).kind != "f":
        raise ValueError(f"dtype must be a float, not {np.dtype(dtype)}")
    return Network(sizes, activation, initializer, normalization, residual, float(scale), np.dtype(dtype))
