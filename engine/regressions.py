"""The regressions to choose from: which points, drawn or measured, and which model for them."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from engine import Array
from engine.datasets import DATASETS
from engine.regression import Regression, RegressionEntry


def _line(samples: int, noise: float, seed: int) -> tuple[Array, Array]:
    """y = 1.5 x − 1 + noise, x from −1 to 3: off centre, so that w and b depend on each other and the bowl is long."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 3, (samples, 1))
    return x, 1.5 * x[:, 0] - 1 + noise * rng.standard_normal(samples)


def _diabetes(samples: int, noise: float, seed: int) -> tuple[Array, Array]:
    """Body mass index and progress of the disease after a year, 442 patients (Efron et al. 2004), standardised."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True, scaled=False)
    rows = _some(samples, len(y), seed)
    return _standardised(X[rows][:, [2]]), _standardised(y[rows, None])[:, 0]


def _tumours(samples: int, noise: float, seed: int) -> tuple[Array, Array]:
    """Mean radius and texture of 569 breast tumours (Street, Wolberg and Mangasarian 1993), standardised; 1: benign."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    rows = _some(samples, len(y), seed)
    return _standardised(X[rows][:, :2]), y[rows].astype(float)


def _generated(name: str) -> Callable[[int, float, int], tuple[Array, Array]]:
    """Two classes of engine.datasets, standardised and not split: nothing is tested here."""

    def generate(samples: int, noise: float, seed: int) -> tuple[Array, Array]:
        X, y = DATASETS[name].generate(samples, noise, seed, 2)
        return _standardised(X), y.astype(float)

    return generate


def _some(samples: int, of: int, seed: int) -> Array:
    return np.random.default_rng(seed).permutation(of)[:samples]


def _standardised(X: Array) -> Array:
    """Mean 0 and standard deviation 1 a column; one without spread is only centred, a single sample stays as it is."""
    if len(X) == 1:
        return X
    centred = X - X.mean(0)
    spread = centred.std(0)
    constant = spread <= 1e-12 * np.abs(X).max()  # what rounding leaves of a constant
    return np.where(constant, 0, centred) / np.where(constant, 1, spread)


REGRESSIONS: dict[str, RegressionEntry] = {
    "linear_regression": RegressionEntry(
        "A noisy line (linear)", "linear", _line, 0.5, ("x",), "y",
        "A long bowl: slope and intercept depend on each other, since the points do not lie round x = 0.",
    ),
    "linear_regression_on_diabetes": RegressionEntry(
        "Diabetes patients (linear)", "linear", _diabetes, None, ("body mass index",), "progress of the disease",
        "A round bowl: standardised, slope and intercept no longer depend on each other. The points lie far off the "
        "line, so samples disagree a lot.",
    ),
    "logistic_regression": RegressionEntry(
        "Two blobs (logistic)", "logistic", _generated("blobs"), 0.8, ("x₁", "x₂"), "class 1",
        "Steep on one side and nearly flat on the other: samples that are far on their own side pull no more.",
    ),
    "logistic_regression_on_moons": RegressionEntry(
        "Two moons (logistic)", "logistic", _generated("moons"), 0.2, ("x₁", "x₂"), "class 1",
        "A line cannot separate two moons: the samples across it pull back for ever.",
    ),
    "logistic_regression_on_tumours": RegressionEntry(
        "Breast tumours (logistic)", "logistic", _tumours, None, ("mean radius", "mean texture"), "benign",
        "Two measurements of each tumour, which overlap in part: most samples are easy, and a few make the noise.",
    ),
}  # fmt: skip
"""What ``regression`` and, as a surface, ``Run`` know by name."""


@lru_cache(maxsize=64)
def regression(name: str, samples: float = 100, noise: float | None = None, seed: float = 0) -> Regression:
    """The regression of that name on so many samples; ``noise`` None is the entry's own, and measured data have none.

    ``samples`` and ``seed`` are whole numbers, whatever their type: a Run's parameters are floats. Measured sets give
    at most what they have. Raises ValueError for a name that does not exist and for less than one sample.
    """
    if name not in REGRESSIONS:
        raise ValueError(f"{name!r} is not one of {', '.join(REGRESSIONS)}")
    if samples < 1 or samples != int(samples):
        raise ValueError(f"there must be a whole number of samples, at least one, not {samples}")
    entry = REGRESSIONS[name]
    x, y = entry.generate(int(samples), (entry.noise or 0.0) if noise is None else noise, int(seed))
    inputs = np.column_stack((x, np.ones(len(x)))) if entry.model == "linear" else x
    for array in (inputs, y):
        array.flags.writeable = False
    return Regression(entry, inputs, y)
