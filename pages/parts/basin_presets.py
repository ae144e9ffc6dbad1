"""One-click settings of the page on basins, each of which shows one thing."""

from typing import Any

from pages.parts.presets import Preset

NOBODY: dict[str, Any] = dict.fromkeys(("r1", "r2", "r3", "r4", "r5", "r6"), "none")


def rates_of(optimizer: str, *rates: float) -> dict[str, Any]:
    """One optimizer at several rates, a map each."""
    maps = {f"r{i}": optimizer for i in range(1, len(rates) + 1)}
    return (
        NOBODY
        | maps
        | {f"r{i}_learning_rate": rate for i, rate in enumerate(rates, 1)}
        | {"mode": "own", "factor": 1.0}
    )


BASIN_PRESETS: tuple[Preset, ...] = (
    Preset(
        "Momentum flies past",
        "Plain descent stays in the well in which it starts. Momentum carries runs over the rim between the wells and "
        "back again; where they lose too much speed to return decides, and the border winds.",
        NOBODY
        | {
            "surface": "twin_wells",
            "mode": "same",
            "rate": 0.05,
            "r1": "sgd",
            "r2": "nesterov",
            "r3": "momentum",
            "x": 1.6,
            "y": 0.9,
        },
    ),
    Preset(
        "Borders that fray",
        "The same momentum at three rates. The larger the rate, the farther a run is thrown before it settles, and the "
        "finer the pattern: neighbours end at different minima.",
        rates_of("momentum", 0.002, 0.006, 0.01) | {"surface": "himmelblau", "x": -4.5, "y": 4.5},
    ),
    Preset(
        "Zoom into a border",
        "A fiftieth of the view, computed anew: the border is a band of borders, and so is each of them. Zoom in as "
        "often as you like. Nothing is random here, yet a start known to three digits does not tell where it ends.",
        rates_of("momentum", 0.006, 0.008, 0.01)
        | {"surface": "himmelblau", "x": -4.9, "y": 4.6, "x0": -5.01, "x1": -4.77, "y0": 4.49, "y1": 4.73},
    ),
    Preset(
        "The edge of divergence",
        "Plain descent on one product of two weights. At a small rate every start arrives; at larger ones those beyond "
        "an oval diverge, and the coast is a fractal: bays of bays, in which starts of both branches lie side by side.",
        rates_of("sgd", 0.2, 0.4, 0.6) | {"surface": "two_weight_net", "x": 1.9, "y": -0.9},
    ),
    Preset(
        "A hundred traps",
        "Plain descent falls into the hollow in which it starts: one square each. To reach the lowest minimum, in the "
        "middle, you must start in its square, or fly over the rims.",
        NOBODY
        | {
            "surface": "rastrigin",
            "mode": "own",
            "factor": 1.0,
            "r1": "sgd",
            "r1_learning_rate": 0.001,
            "r2": "momentum",
            "r2_learning_rate": 0.006,
            "r3": "adam",
            "r3_learning_rate": 1.0,
            "x": 1.7,
            "y": -1.2,
        },
    ),
)
