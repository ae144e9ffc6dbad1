"""Gradient descent as a stream of steps: surfaces, optimizers, and the one loop that joins them, in plain NumPy.

Shapes used everywhere: parameters, gradients and updates are ``(..., D)``, losses are ``(...,)``; every leading
axis is a replica, an independent run that happens to be computed alongside the others.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""A NumPy array of floats."""

Objective: TypeAlias = Callable[[Array, int], tuple[Array, Array]]
"""``(params (..., D), count) -> (loss (...,), grads (..., D))``; ``count`` numbers the step, for batches and noise."""

__all__ = ["Array", "Objective"]
