"""Record what PyTorch's optimizers and schedules do, as the test data beside this script.

Made with torch 2.13.0 (CPU, float64) and NumPy 2.4. To make it again, install torch into an environment of its own (the
project itself doesn't need it) and run this file with that environment's Python; it writes optimizers.npz beside it.

Two kinds of run, 100 steps each, for every setting in CASES:
- ``fixed``: gradients that don't depend on the parameters, of sizes from 1e-3 to 1e3, the same for all settings;
- ``valley``: the gradient of (1 - x)² / 2 + 5 (y - x²)² at the current point, stored with the points.
"""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import lr_scheduler

STEPS = 100
KEPT = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 50, 99, 100])
START = np.array([-0.7, 0.9, 2.0])
VALLEY_START = np.array([-0.8, 1.1])

TORCH: dict[str, tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "adamw": (torch.optim.AdamW, {}),
    "adamax": (torch.optim.Adamax, {}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
}
NAMES = {"learning_rate": "lr", "adadelta.decay": "rho", "rmsprop.decay": "alpha"}

_BETAS = {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.1}
CASES: list[tuple[str, dict[str, float]]] = [
    ("sgd", {}),
    ("sgd", {"learning_rate": 0.02, "weight_decay": 0.1}),
    ("momentum", {}),
    ("momentum", {"learning_rate": 0.01, "momentum": 0.7, "dampening": 0.4, "weight_decay": 0.1}),
    ("momentum", {"learning_rate": 0.01, "momentum": 0.95, "dampening": 0.95}),
    ("nesterov", {}),
    ("nesterov", {"learning_rate": 0.01, "momentum": 0.7, "weight_decay": 0.1}),
    ("adagrad", {}),
    ("adagrad", {"learning_rate": 0.3, "eps": 1e-2, "weight_decay": 0.1}),
    ("adadelta", {}),
    ("adadelta", {"learning_rate": 0.5, "decay": 0.7, "eps": 1e-3, "weight_decay": 0.1}),
    ("rmsprop", {}),
    ("rmsprop", {"learning_rate": 0.005, "decay": 0.9, "momentum": 0.8, "eps": 1e-2, "weight_decay": 0.1}),
    ("adam", {}),
    ("adam", _BETAS),
    ("amsgrad", {}),
    ("amsgrad", _BETAS),
    ("adamw", {}),
    ("adamw", _BETAS),
    ("adamax", {}),
    ("adamax", _BETAS),
    ("nadam", {}),
    ("nadam", _BETAS | {"momentum_decay": 0.5}),
    ("radam", {}),
    ("radam", _BETAS),
    ("radam", {"learning_rate": 0.01, "beta2": 0.6}),
]
SCHEDULED = ["momentum", "adam", "adamw"]


def build(
    key: str, hyperparameters: dict[str, float], params: list[torch.Tensor]
) -> tuple[torch.optim.Optimizer, dict[str, Any]]:
    factory, arguments = TORCH[key]
    values = dict(hyperparameters)
    renamed: dict[str, Any] = {}
    if "beta1" in values or "beta2" in values:
        renamed["betas"] = (values.pop("beta1", 0.9), values.pop("beta2", 0.999))
    for name, value in values.items():
        renamed[NAMES.get(f"{key}.{name}", NAMES.get(name, name))] = value
    return factory(params, **(arguments | renamed)), renamed


def run(key: str, hyperparameters: dict[str, float], grads: np.ndarray, scheduled: bool = False) -> np.ndarray:
    """Parameters after each step of ``grads`` (T, D): (T, D); with StepLR halving the rate each 10 steps if asked."""
    params = torch.tensor(START, requires_grad=True)
    optimizer, _ = build(key, hyperparameters, [params])
    schedule = lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5) if scheduled else None
    rows = []
    for grad in grads:
        params.grad = torch.tensor(grad)
        optimizer.step()
        if schedule:
            schedule.step()
        rows.append(params.detach().numpy().copy())
    return np.array(rows)


def run_valley(key: str, hyperparameters: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Points before each step and the last (T + 1, 2), gradients (T, 2), by automatic differentiation."""
    params = torch.tensor(VALLEY_START, requires_grad=True)
    optimizer, _ = build(key, hyperparameters, [params])
    points, grads = [VALLEY_START], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        x, y = params
        (0.5 * (1 - x) ** 2 + 5 * (y - x**2) ** 2).backward()
        grads.append(params.grad.numpy().copy())
        optimizer.step()
        points.append(params.detach().numpy().copy())
    return np.array(points), np.array(grads)


def defaults(key: str) -> dict[str, float]:
    """PyTorch's own default values under this project's names, where both have them."""
    signature = inspect.signature(TORCH[key][0]).parameters
    found = {"learning_rate": signature["lr"].default, "weight_decay": signature["weight_decay"].default}
    if "betas" in signature:
        found["beta1"], found["beta2"] = signature["betas"].default
    for ours, theirs in {"eps": "eps", "momentum_decay": "momentum_decay", "decay": NAMES.get(f"{key}.decay")}.items():
        if theirs in signature:
            found[ours] = signature[theirs].default
    return {name: float(value) for name, value in found.items()}


def rates(make: Callable[[torch.optim.Optimizer], Any], count: int) -> np.ndarray:
    """The learning rate at each of ``count`` steps, from a peak of 0.3."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule = make(optimizer)
    found = []
    for _ in range(count):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return np.array(found)


def main() -> None:
    torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in the default dtype
    random = np.random.default_rng(20)
    sizes = 10.0 ** random.uniform(-3, 3, (STEPS, 3))
    grads = sizes * np.sign(random.standard_normal((STEPS, 3)))
    grads[30, 0] = 0.0
    arrays: dict[str, Any] = {
        "start": START,
        "grads": grads,
        "kept": KEPT,
        "cases": json.dumps(CASES),
        "scheduled": json.dumps(SCHEDULED),
        "defaults": json.dumps({key: defaults(key) for key in TORCH}),
        "schedule.step": rates(lambda o: lr_scheduler.StepLR(o, step_size=20, gamma=0.3), 81),
        "schedule.exponential": rates(lambda o: lr_scheduler.ExponentialLR(o, gamma=0.02 ** (1 / 80)), 81),
        "schedule.cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=80, eta_min=0.3 * 0.1), 81),
        "schedule.warmup": rates(lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 16, total_iters=15), 81),
        "schedule.one_cycle": rates(
            lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.3, total_steps=81, cycle_momentum=False), 80
        ),
    }
    for index, (key, hyperparameters) in enumerate(CASES):
        arrays[f"fixed.{index}"] = run(key, hyperparameters, grads)[KEPT - 1]
        arrays[f"valley.{index}"], arrays[f"valley_grads.{index}"] = run_valley(key, hyperparameters)
    for key in SCHEDULED:
        arrays[f"scheduled.{key}"] = run(key, {"learning_rate": 0.05}, grads, scheduled=True)[KEPT - 1]
    np.savez_compressed(Path(__file__).with_name("optimizers.npz"), **arrays)


if __name__ == "__main__":
    main()
