"""Record what PyTorch computes for activations, losses and small networks, as the test data beside this script.

Made with torch 2.13.0 (CPU, float64) and NumPy 2.4. To make it again, install torch into an environment of its own (the
project itself doesn't need it) and run this file with that environment's Python; it writes networks.npz beside it.

A network's arrays are laid out as this project's flat vector: for each layer W (in, out), b, and gain and shift where
it is normalised. PyTorch's Linear keeps W transposed.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": lambda z: F.elu(z, alpha=1.0),
    "gelu": lambda z: F.gelu(z, approximate="none"),
    "silu": F.silu,
    "softplus": lambda z: F.softplus(z, beta=1.0),
    "sin": torch.sin,
}
POINTS = np.concatenate([np.linspace(-9, 9, 73), [-30.0, -15.0, -1e-3, -1e-9, 1e-9, 1e-3, 15.0, 30.0]])

# widths, activation, normalisation, residual, loss
CASES: list[tuple[list[int], str, str | None, bool, str]] = [
    ([2, 5, 1], "relu", None, False, "binary_cross_entropy"),
    ([2, 6, 6, 1], "tanh", None, True, "binary_cross_entropy"),
    ([2, 6, 6, 6, 1], "sigmoid", "layer", False, "binary_cross_entropy"),
    ([2, 6, 6, 6, 1], "relu", "batch", True, "binary_cross_entropy"),
    ([2, 2, 2, 3], "gelu", "layer", True, "categorical_cross_entropy"),
    ([3, 5, 4, 4], "silu", "batch", False, "categorical_cross_entropy"),
    ([3, 5, 5, 2], "elu", "batch", True, "mean_squared_error"),
    ([3, 5, 5, 2], "softplus", "layer", True, "huber"),
    ([1, 4, 4, 4, 1], "sin", "batch", False, "mean_squared_error"),
    ([1, 4, 4, 1], "leaky_relu", "layer", True, "huber"),
    ([2, 3, 2], "identity", "batch", True, "binary_cross_entropy"),
    ([2, 3], "relu", None, False, "categorical_cross_entropy"),
]
SAMPLES = 12
TRAINED, RATE, STEPS = 3, 0.05, 40  # the case whose loss is followed under Adam


def per_sample(loss: str, logits: Tensor, targets: Tensor) -> Tensor:
    """The loss of each sample; the mean over the outputs but for cross-entropy, whose targets are probabilities."""
    if loss == "categorical_cross_entropy":
        return F.cross_entropy(logits, targets, reduction="none")
    function: Callable[..., Tensor] = {
        "binary_cross_entropy": F.binary_cross_entropy_with_logits,
        "mean_squared_error": F.mse_loss,
        "huber": F.huber_loss,
    }[loss]
    return function(logits, targets, reduction="none").mean(-1)


def targets_for(loss: str, samples: int, outputs: int, random: np.random.Generator) -> np.ndarray:
    if loss == "binary_cross_entropy":
        return random.integers(0, 2, (samples, outputs)).astype(float)
    if loss == "categorical_cross_entropy":
        return np.eye(outputs)[random.integers(0, outputs, samples)]
    return random.standard_normal((samples, outputs))


class Net:
    """h + activation(normalise(Linear(h))) with the ``h +`` where widths agree, and a Linear at the end."""

    def __init__(self, widths: list[int], activation: str, normalization: str | None, residual: bool) -> None:
        kind = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}
        *self.hidden, self.last = (nn.Linear(*pair) for pair in pairwise(widths))
        self.norms = [kind[normalization](width) for width in widths[1:-1]] if normalization else []
        self.activation, self.residual = ACTIVATIONS[activation], residual

    def __call__(self, h: Tensor) -> Tensor:
        for index, linear in enumerate(self.hidden):
            z = linear(h)
            a = self.activation(self.norms[index](z) if self.norms else z)
            h = h + a if self.residual and h.shape == a.shape else a
        return self.last(h)

    def tensors(self) -> list[Tensor]:
        """The parameters in the order of the flat vector, W transposed."""
        found: list[Tensor] = []
        for index, linear in enumerate([*self.hidden, self.last]):
            found += [linear.weight, linear.bias]
            if self.norms and index < len(self.hidden):
                found += [self.norms[index].weight, self.norms[index].bias]
        return found


def flat(arrays: list[Tensor]) -> np.ndarray:
    return np.concatenate([array.detach().numpy().T.ravel() for array in arrays])


def scatter(net: Net, random: np.random.Generator) -> None:
    """Every parameter drawn anew, so that no bias is 0 and no gain 1."""
    with torch.no_grad():
        for tensor in net.tensors():
            tensor.copy_(torch.tensor(0.7 * random.standard_normal(tuple(tensor.shape))))


def network(index: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """One case: data, parameters, logits, loss and gradient, and logits in evaluation mode by given statistics."""
    widths, activation, normalization, residual, loss = CASES[index]
    net = Net(widths, activation, normalization, residual)
    scatter(net, random)
    X = random.standard_normal((SAMPLES, widths[0]))
    y = targets_for(loss, SAMPLES, widths[-1], random)
    logits = net(torch.tensor(X))
    value = per_sample(loss, logits, torch.tensor(y)).mean()
    value.backward()
    found = {
        "X": X,
        "y": y,
        "params": flat(net.tensors()),
        "logits": logits.detach().numpy(),
        "loss": value.detach().numpy(),
        "grads": flat([tensor.grad for tensor in net.tensors()]),
    }
    if normalization == "batch":
        means = [random.standard_normal(width) for width in widths[1:-1]]
        variances = [random.uniform(0.1, 3, width) for width in widths[1:-1]]
        for norm, mean, variance in zip(net.norms, means, variances, strict=True):
            norm.running_mean, norm.running_var = torch.tensor(mean), torch.tensor(variance)
            norm.eval()
        found |= {"means": np.concatenate(means), "variances": np.concatenate(variances)}
        found["eval_logits"] = net(torch.tensor(X)).detach().numpy()
    if index == TRAINED:
        for norm in net.norms:
            norm.train()
        found["curve"], found["last_params"] = training_curve(net, X, y, loss)
    return found


def training_curve(net: Net, X: np.ndarray, y: np.ndarray, loss: str) -> tuple[np.ndarray, np.ndarray]:
    """The loss before each of STEPS updates of Adam on all the data, and the parameters after the last."""
    optimizer = torch.optim.Adam(net.tensors(), lr=RATE)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = per_sample(loss, net(torch.tensor(X)), torch.tensor(y)).mean()
        value.backward()
        losses.append(value.item())
        optimizer.step()
    return np.array(losses), flat(net.tensors())


def normalisation(kind: str, random: np.random.Generator) -> dict[str, np.ndarray]:
    """One layer alone: values, and the gradients of a random weighting of its outputs."""
    z, weights = random.standard_normal((2, 7, 5))
    z[:, 3] = 2 + 1e-3 * z[:, 3]  # hardly any spread: ε counts
    z[4] = -1 + 1e-3 * z[4]
    gain, shift = random.standard_normal((2, 5))
    tensors = [torch.tensor(array, requires_grad=True) for array in (z, gain, shift)]
    if kind == "layer":
        out = F.layer_norm(tensors[0], (5,), tensors[1], tensors[2])
    else:
        out = F.batch_norm(tensors[0], None, None, tensors[1], tensors[2], training=True)
    (out * torch.tensor(weights)).sum().backward()
    found = dict(zip(("z", "gain", "shift", "weights"), (z, gain, shift, weights), strict=True))
    found |= dict(zip(("dz", "dgain", "dshift"), (tensor.grad.numpy() for tensor in tensors), strict=True))
    found["out"] = out.detach().numpy()
    if kind == "batch":
        mean, variance = random.standard_normal(5), random.uniform(0.1, 3, 5)
        tensors[0].grad = None
        given = (torch.tensor(mean), torch.tensor(variance))
        fixed = F.batch_norm(tensors[0], *given, tensors[1].detach(), tensors[2].detach(), training=False)
        (fixed * torch.tensor(weights)).sum().backward()
        found |= {"mean": mean, "variance": variance, "fixed_out": fixed.detach().numpy()}
        found["fixed_dz"] = tensors[0].grad.numpy()
    return found


def losses(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Each loss on logits of sizes from 0.01 to 100, with one output and with three, soft targets included."""
    found: dict[str, np.ndarray] = {}
    for loss in ("binary_cross_entropy", "categorical_cross_entropy", "mean_squared_error", "huber"):
        for outputs in (1, 3) if loss != "categorical_cross_entropy" else (3,):
            z = random.standard_normal((20, outputs)) * 10.0 ** random.uniform(-2, 2, (20, 1))
            y = targets_for(loss, 20, outputs, random)
            if loss == "categorical_cross_entropy":
                y[:8] = random.dirichlet(np.ones(3), 8)
            elif loss == "binary_cross_entropy":
                y[:8] = random.uniform(0, 1, (8, outputs))
            logits = torch.tensor(z, requires_grad=True)
            values = per_sample(loss, logits, torch.tensor(y))
            values.sum().backward()
            arrays = {"z": z, "y": y, "values": values.detach().numpy(), "slopes": logits.grad.numpy()}
            found |= {f"loss.{loss}.{outputs}.{name}": array for name, array in arrays.items()}
    return found


def activations() -> dict[str, np.ndarray]:
    found = {"points": POINTS}
    for key, function in ACTIVATIONS.items():
        z = torch.tensor(POINTS, requires_grad=True)
        h = function(z)
        h.sum().backward()
        found |= {f"activation.{key}": h.detach().numpy(), f"activation.{key}.slope": z.grad.numpy()}
    return found


def main() -> None:
    torch.set_default_dtype(torch.float64)
    random = np.random.default_rng(21)
    arrays: dict[str, Any] = {"cases": json.dumps(CASES), "trained": json.dumps([TRAINED, RATE, STEPS])}
    arrays |= activations() | losses(random)
    for kind in ("layer", "batch"):
        arrays |= {f"{kind}.{name}": array for name, array in normalisation(kind, random).items()}
    for index in range(len(CASES)):
        arrays |= {f"network.{index}.{name}": array for name, array in network(index, random).items()}
    np.savez_compressed(Path(__file__).with_name("networks.npz"), **arrays)


if __name__ == "__main__":
    main()
