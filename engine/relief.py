"""The picture of a surface: its heights on a grid, in the scale in which they are drawn."""

from dataclasses import dataclass

import numpy as np

from engine import Array
from engine.surfaces import Surface

LOG_RANGE = 1e3  # heights that span more than this are drawn as logarithms


@dataclass(frozen=True)
class Relief:
    """Heights over the view of a surface, as drawn: the loss, or log10(1 + loss - lowest) where it spans much."""

    x: Array  # (n,)
    y: Array  # (n,)
    heights: Array  # (n, n), row i at y[i]; NaN where the surface or its logarithm is not finite
    low: float  # limits of the colours and of the 3-D box, robust against a few extreme cells
    high: float
    lowest: float  # the loss at the global minimum, or the smallest on the grid where no minimum is known
    log: bool

    @property
    def label(self) -> str:
        """Name of the height axis."""
        if not self.log:
            return "loss"
        return "log₁₀(1 + loss)" if self.lowest == 0 else "log₁₀(1 + loss − lowest)"

    @property
    def flat(self) -> bool:
        """Whether there is nothing to descend: a constant surface."""
        return not self.high > self.low

    def height(self, loss: Array) -> Array:
        """Losses (...,) as heights (...,); losses below the grid's lowest, outside the view, count as the lowest."""
        return np.log10(1 + np.maximum(loss - self.lowest, 0)) if self.log else np.asarray(loss)


def relief(surface: Surface, grid: int = 101) -> Relief:
    """Evaluate ``surface`` on ``grid`` x ``grid`` points of its view. Raises ValueError where no cell is finite."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.linspace(x0, x1, grid), np.linspace(y0, y1, grid)
    with np.errstate(all="ignore"):
        loss = surface.value(np.stack(np.meshgrid(x, y), -1))
    loss = np.where(np.isfinite(loss), loss, np.nan)
    if np.isnan(loss).all():
        raise ValueError("the surface has no finite value in this view")
    lowest, most = float(np.nanmin(loss)), float(np.nanmax(loss))
    if np.isfinite(surface.lowest):
        lowest = min(lowest, surface.lowest)
    log = most - lowest > LOG_RANGE
    with np.errstate(over="ignore"):
        heights = np.log10(1 + (loss - lowest)) if log else loss
    heights = np.where(np.isfinite(heights), heights, np.nan)
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    inner_low, inner_high = (float(v) for v in np.nanpercentile(heights, (1, 99)))
    if high - low > 20 * (inner_high - inner_low) > 0:
        low, high = inner_low, inner_high
    return Relief(x, y, heights, low, high, lowest, log)


def gradient_field(surface: Surface, grid: int = 17) -> tuple[Array, Array]:
    """Cell centres (grid², 2) of the view and the downhill direction -∇L there, (grid², 2); zero where not finite."""
    axes = [low + (high - low) * (np.arange(grid) + 0.5) / grid for low, high in surface.domain]
    points = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        downhill = -surface.gradient(points)
    return points, np.where(np.isfinite(downhill), downhill, 0.0)
