"""Training steps a second of a 2-64-64-1 network on two moons: ours, scikit-learn's and PyTorch's eager loop.

All take float32 inputs, one BLAS thread, ReLU, Adam at .001 and shuffled batches; rounds are interleaved, so that a
machine that slows down slows all three.
"""

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.timing import Row
from engine.datasets import batches_per_epoch, load
from engine.descent import descend, last_step
from engine.networks import mlp
from engine.optimizers import OPTIMIZERS

ROUNDS = 7
HIDDEN = (64, 64)
RATE = 1e-3
REPLICAS = 32
EPOCHS = {32: 20, 200: 100}


def rows() -> Iterator[Row]:
    """Ratios of steps a second at two batch sizes, and of many networks at once."""
    data = load("moons", 1000, 0.2, 42)
    X, y = data.X.astype(np.float32), data.y
    for size, aims in ((32, ("2.5", "5")), (200, ("2", None))):
        work = {"ours": ours(X, y, size), "scikit-learn": scikit_learn(X, y, size)}
        if importlib.util.find_spec("torch"):
            work["PyTorch"] = pytorch(X, y, size)
        steps = EPOCHS[size] * batches_per_epoch(size, len(X))
        rates = {name: steps / took for name, took in interleaved(work).items()}
        yield Row(f"network, batch {size}: steps a second, ours", f"{rates['ours']:,.0f}", "")
        for other, aim in zip(("scikit-learn", "PyTorch"), aims, strict=True):
            if other in rates:
                ratio = f"{rates['ours'] / rates[other]:.1f}× ({rates[other]:,.0f})"
                yield Row(f"network, batch {size}: ours against {other}", ratio, f"≥ {aim}×" if aim else "")
    took = interleaved({"ours": ours(X, y, 32, REPLICAS), "scikit-learn": scikit_learn(X, y, 32)})
    quicker = took["scikit-learn"] / (took["ours"] / REPLICAS)
    yield Row(f"{REPLICAS} networks at once, batch 32: a run, against a scikit-learn fit", f"{quicker:.1f}×", "≥ 8×")


def interleaved(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each, measured in turn over ``ROUNDS`` rounds after one that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in work}
    for round_number in range(ROUNDS + 1):
        for name, run in work.items():
            start = perf_counter()
            run()
            if round_number:
                times[name].append(perf_counter() - start)
    return {name: median(each) for name, each in times.items()}


def ours(X: Any, y: Any, size: int, replicas: int | None = None) -> Callable[[], object]:
    """Our engine's loop; the ends are kept, as the others keep only theirs."""
    network = mlp((2, *HIDDEN, 1))
    adam = OPTIMIZERS["adam"].factory(RATE)
    steps = EPOCHS[size] * batches_per_epoch(size, len(X))

    def train() -> object:
        objective = network.objective(X, y, batch_size=size, seed=0)
        return last_step(descend(objective, adam, network.init(0, replicas), steps))

    return train


def scikit_learn(X: Any, y: Any, size: int) -> Callable[[], object]:
    """``MLPClassifier.fit`` for the same number of epochs."""
    from sklearn.neural_network import MLPClassifier

    def train() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            model = MLPClassifier(
                HIDDEN, learning_rate_init=RATE, batch_size=size, max_iter=EPOCHS[size], tol=0, alpha=0,
                n_iter_no_change=EPOCHS[size], random_state=0,
            )  # fmt: skip
            return model.fit(X, y)

    return train


def pytorch(X: Any, y: Any, size: int) -> Callable[[], object]:
    """The loop of PyTorch's tutorials, on tensors in memory."""
    import torch

    torch.set_num_threads(1)
    inputs, targets = torch.tensor(X), torch.tensor(y, dtype=torch.float32)[:, None]

    def train() -> object:
        torch.manual_seed(0)
        units = torch.nn
        model = units.Sequential(
            units.Linear(2, 64), units.ReLU(), units.Linear(64, 64), units.ReLU(), units.Linear(64, 1)
        )
        optimizer = torch.optim.Adam(model.parameters(), RATE)
        criterion = units.BCEWithLogitsLoss()
        for _ in range(EPOCHS[size]):
            for rows in torch.randperm(len(inputs)).split(size):
                optimizer.zero_grad()
                criterion(model(inputs[rows]), targets[rows]).backward()
                optimizer.step()
        return model

    return train
