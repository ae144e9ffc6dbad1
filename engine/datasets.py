"""Small data sets with two inputs or one, split and standardised by scikit-learn; and the batches of an epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine import Array


@dataclass(frozen=True)
class Dataset:
    """Training and test data, read-only, float64; the inputs are standardised by the training data's mean and spread.

    X (N, inputs) and y (N,); ``classes`` is how many there are, 0 for values; ``note`` says what a reader should know
    of an unusual set, or is empty.
    """

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    classes: int
    note: str


class DatasetEntry(NamedTuple):
    """``generate(samples, noise, seed, classes) -> X (N, inputs), y (N,)``, before the split and the standardisation.

    ``classes`` is None where the reader chooses their number, 0 for values; ``noise`` is the usual one.
    """

    label: str
    generate: Callable[[int, float, int, int], tuple[Array, Array]]
    classes: int | None
    noise: float
    inputs: int
    teaches: str


# scikit-learn is imported where it is used: pages that need no data should not wait a second for it


def moons(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[Array, Array]:
    """Two half circles that grip into each other."""
    from sklearn.datasets import make_moons

    X, y = make_moons(samples, noise=noise, random_state=seed)
    return X, y


def circles(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[Array, Array]:
    """A ring round a ring of half its radius."""
    from sklearn.datasets import make_circles

    X, y = make_circles(samples, noise=noise, factor=0.5, random_state=seed)
    return X, y


def blobs(samples: int, noise: float, seed: int, classes: int) -> tuple[Array, Array]:
    """Round clouds, their centres evenly on the unit circle."""
    from sklearn.datasets import make_blobs

    turn = 2 * np.pi * np.arange(classes) / classes
    X, y = make_blobs(samples, centers=np.stack([np.cos(turn), np.sin(turn)], -1), cluster_std=noise, random_state=seed)
    return X, y


def spirals(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[Array, Array]:
    """Two arms of one and a half turns from the centre out to radius 3."""
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % 2
    along = np.sqrt(rng.uniform(0.02, 1, samples))  # the root spreads the points evenly along the arm
    turn = 3 * np.pi * along + np.pi * y
    X = 3 * along[:, None] * np.stack([np.cos(turn), np.sin(turn)], -1)
    return X + noise * rng.standard_normal((samples, 2)), y


def xor(samples: int, noise: float, seed: int, classes: int = 2) -> tuple[Array, Array]:
    """Opposite quarters of a square are alike: no straight line can separate them."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-1, 1, (samples, 2))
    y = (corner[:, 0] * corner[:, 1] > 0).astype(int)
    return corner + noise * rng.standard_normal((samples, 2)), y


def wave(samples: int, noise: float, seed: int, classes: int = 0) -> tuple[Array, Array]:
    """y = sin 2x + x/3 + noise for x from −3 to 3."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, (samples, 1))
    y = np.sin(2 * x[:, 0]) + x[:, 0] / 3
    return x, y + noise * rng.standard_normal(samples)


def hills(samples: int, noise: float, seed: int, classes: int = 0) -> tuple[Array, Array]:
    """A hill, a hollow and a gentle slope over a square."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (samples, 2))
    hill = np.exp(-np.square(X - [-0.8, 0.6]).sum(-1))
    hollow = np.exp(-np.square(X - [0.9, -0.5]).sum(-1))
    return X, 2 * (hill - hollow) + 0.2 * X[:, 1] + noise * rng.standard_normal(samples)


DATASETS: dict[str, DatasetEntry] = {
    "moons": DatasetEntry("Two moons", moons, 2, 0.2, 2, "Not to be separated by a line, but by a single bend."),
    "circles": DatasetEntry("Circles", circles, 2, 0.1, 2, "The boundary must close upon itself."),
    "blobs": DatasetEntry(
        "Blobs", blobs, None, 0.3, 2, "Clouds that lines separate: almost no hidden units are needed."
    ),
    "spirals": DatasetEntry("Spirals", spirals, 2, 0.1, 2, "A hard one: the boundary must follow both arms."),
    "xor": DatasetEntry("XOR", xor, 2, 0.05, 2, "The smallest task that needs a hidden layer."),
    "wave": DatasetEntry("A wave (regression)", wave, 0, 0.15, 1, "A curve to be fitted by pieces."),
    "hills": DatasetEntry("Hill and hollow (regression)", hills, 0, 0.1, 2, "A landscape to be fitted from samples."),
}


@lru_cache(maxsize=64)
def load(
    name: str, samples: int = 1000, noise: float = 0.2, seed: int = 0, test_fraction: float = 0.2, classes: int = 3
) -> Dataset:
    """The data set of that name, split at random by ``seed`` and standardised; ``classes`` counts only for blobs.

    ``noise`` is a standard deviation, before standardisation. A single sample has no test data. Raises ValueError for
    a name that does not exist, for fewer than one sample or class, and for a noise that is no spread.
    """
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    if name not in DATASETS:
        raise ValueError(f"{name!r} is not one of {', '.join(DATASETS)}")
    if samples < 1 or classes < 1:
        raise ValueError("there must be at least one sample and one class")
    if not 0 <= noise < np.inf:
        raise ValueError(f"noise must be a finite number of 0 or more, not {noise}")
    entry = DATASETS[name]
    X, y = entry.generate(samples, noise, seed, classes)
    if samples > 1:
        X, X_test, y, y_test = train_test_split(X, y, test_size=test_fraction, random_state=seed)
    else:
        X_test, y_test = X[:0], y[:0]
    scaler = StandardScaler().fit(X)  # a constant column is only centred
    constant = bool((np.ptp(X, axis=0) == 0).any())
    X, X_test = scaler.transform(X), scaler.transform(X_test) if len(X_test) else X_test
    for array in (X, y, X_test, y_test):
        array.flags.writeable = False
    count = classes if entry.classes is None else entry.classes
    return Dataset(X, y, X_test, y_test, count, _note(y, len(y_test), count, constant))


def _note(y: Array, tests: int, classes: int, constant: bool) -> str:
    sentences = []
    if not tests:
        sentences.append("There is only one sample: it is the training set, and there is nothing left to test with.")
    if classes and len(np.unique(y)) == 1:
        sentences.append(
            "All training samples are of one class: the network only has to learn to give always the same answer, and "
            "its loss can fall towards 0 without end."
        )
    if constant:
        sentences.append("One input is the same for all training samples: it is only centred, since it has no spread.")
    return " ".join(sentences)


def batches_per_epoch(size: int, samples: int) -> int:
    """How many batches see every sample once; the last may be smaller, as in scikit-learn and PyTorch.

    Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"a batch must hold at least one sample, not {size}")
    return -(-samples // min(size, samples))


@lru_cache(maxsize=64)
def epoch_order(seed: int, epoch: int, samples: int) -> Array:
    """The order (samples,) in which an epoch sees the samples: a function of seed and epoch alone, read-only."""
    order = np.random.default_rng([seed, epoch]).permutation(samples)
    order.flags.writeable = False
    return order


def minibatch(seed: int, count: int, size: int, samples: int) -> Array:
    """Indices of the batch of step ``count``, none twice in an epoch; all of them in order where size ≥ samples."""
    if size >= samples:
        return np.arange(samples)
    epoch, index = divmod(count, batches_per_epoch(size, samples))
    return epoch_order(seed, epoch, samples)[index * size : (index + 1) * size]
