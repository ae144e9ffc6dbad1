"""One-click settings of the page on the learning rate."""

from engine.surfaces import SURFACES
from pages.parts.controls import usual_start
from pages.parts.presets import Preset

RAVINE = {"model": "surface", "surface": "ravine", "condition": 50.0, "angle": 0.0, "x": -4.5, "y": 2.0}


def _start(surface: str) -> dict[str, float]:
    return dict(zip("xy", usual_start(SURFACES[surface]), strict=True))


RATE_PRESETS = (
    Preset(
        "Too small, good, too large",
        "Three runs that differ in their rate alone, each picked from the sweep beneath: one crawls, one arrives, one "
        "overshoots the valley by more at every step.",
        {"model": "surface", "surface": "booth", "optimizer": "sgd", "steps": 60} | _start("booth"),
    ),
    Preset(
        "Arrive in one step",
        "Where the loss bends alike in all directions, with curvature λ = 2, the rate 1/λ = 0.5 arrives in one step. "
        "Half of it halves the distance at every step; at 2/λ = 1 the run would jump to and fro for ever, and just "
        "above it diverges.",
        {"model": "surface", "surface": "bowl", "optimizer": "sgd", "steps": 20, "small": 0.25, "good": 0.5,
         "large": 1.1} | _start("bowl"),
    ),
    Preset(
        "Past 2/λmax",
        "The steepest curvature of this ravine is λ = 50, so 2/λ = 0.04. Just below, the bounces from wall to wall "
        "shrink; at 0.04 they stay as they are; just above, they grow until the run is gone.",
        RAVINE | {"optimizer": "sgd", "steps": 80, "y": 0.8, "small": 0.038, "good": 0.04, "large": 0.042},
    ),
    Preset(
        "Momentum widens the range",
        "With a momentum of 0.9 the limit is 2(1 + 0.9)/λ = 0.076, nearly twice that of plain descent: a rate of 0.07, "
        "at which plain descent is long gone, still settles. The map of rates and momenta shows the whole border.",
        RAVINE | {"optimizer": "momentum", "momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0, "steps": 150,
                  "small": 0.0005, "good": 0.07, "large": 0.08},
    ),
    Preset(
        "A network",
        "The same sweep over networks with two moons to learn: 64 rates of three optimizers. Too small a rate learns "
        "nothing in 500 steps, too large a one jumps about or kills its units.",
        {"model": "network", "data": "moons", "layers": 2, "units": 32, "batch": 32, "network_steps": 500,
         "optimizer": "sgd"},
    ),
    Preset(
        "Warm-up",
        "A rate of 0.04 throws the run off the steep slope at the start, though the minimum itself would bear it. Look "
        "at the schedules, at the foot of the page: a warm-up takes short steps first, comes down safely, and then "
        "walks on at the full 0.04.",
        {"model": "surface", "surface": "beale", "optimizer": "sgd", "steps": 200, "large": 0.04, "base": 0.04}
        | _start("beale"),
    ),
)  # fmt: skip
