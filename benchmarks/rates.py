"""Sweeps over learning rates on one core: rate by momentum on a quadratic, and many networks at once."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.networks import interleaved
from benchmarks.timing import Row, seconds
from engine.datasets import batches_per_epoch
from engine.momentum_map import momentum_map
from engine.rates import network_curves, rate_grid
from engine.surfaces import ravine
from engine.training import Learner, Training, data_of

RATES, MOMENTA, STEPS = 200, 201, 300
NETWORKS, NETWORK_STEPS, BATCH = 64, 500, 32
FITS = 8  # of scikit-learn's, whose time is that of so many of the sweep's networks
TRAINING = Training("moons", 1000, 0.2, 42, hidden=(32, 32), batch_size=BATCH)


def rows() -> Iterator[Row]:
    """The map of rates and momenta for both methods, and a sweep beside a loop of scikit-learn's fits."""
    surface = ravine(50.0)
    rates, momenta = np.geomspace(1e-3, 1, RATES), np.linspace(0, 0.99, MOMENTA)
    for method, label in (("momentum", "heavy ball"), ("nesterov", "Nesterov")):
        took = seconds(lambda m=method: momentum_map(surface, surface.start, m, rates, momenta, STEPS))  # type: ignore[misc]
        yield Row(f"{RATES} × {MOMENTA} rates × momenta × {STEPS} steps, {label}", f"{took:.2f} s", "≤ 0.3 s")

    sweep = rate_grid(1e-4, 1, NETWORKS)
    work: dict[str, Callable[[], object]] = {
        "ours": lambda: network_curves(TRAINING, Learner("adam", steps=NETWORK_STEPS), sweep),
        "scikit-learn": scikit_learn(sweep[:: NETWORKS // FITS]),
    }
    took_each = interleaved(work)
    quicker = took_each["scikit-learn"] * NETWORKS / FITS / took_each["ours"]
    yield Row(
        f"{NETWORKS} rates × 2-32-32-1 × {NETWORK_STEPS} steps at batch {BATCH}, against a loop of scikit-learn fits",
        f"{quicker:.0f}× ({took_each['ours']:.2f} s)", "≥ 10×",
    )  # fmt: skip


def scikit_learn(rates: np.ndarray) -> Callable[[], object]:
    """``MLPClassifier.fit`` at each of ``rates``, for the same steps on the same data."""
    from sklearn.neural_network import MLPClassifier

    data = data_of(TRAINING)
    X, y = data.X.astype(np.float32), data.y
    epochs = round(NETWORK_STEPS / batches_per_epoch(BATCH, len(X)))

    def fit() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged, or has overflowed
            return [
                MLPClassifier(
                    (32, 32), learning_rate_init=rate, batch_size=BATCH, max_iter=epochs, tol=0, alpha=0,
                    n_iter_no_change=epochs, random_state=0,
                ).fit(X, y)
                for rate in rates.tolist()
            ]  # fmt: skip

    return fit
