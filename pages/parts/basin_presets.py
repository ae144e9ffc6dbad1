"""One-click settings of the page on basins, each of which shows one thing."""

from typing import Any

from pages.parts.basin_controls import SLOTS
from pages.parts.controls import surface_defaults
from pages.parts.presets import Preset


def maps_of(*optimizers: str, rates: tuple[float, ...] | None = None) -> dict[str, Any]:
    """A map for each optimizer at its default settings, at a rate of its own where ``rates`` are given."""
    values: dict[str, Any] = dict.fromkeys(SLOTS, "none")
    for index, (slot, optimizer) in enumerate(zip(SLOTS, optimizers, strict=False)):
        own = surface_defaults(optimizer)
        del own["learning_rate"]
        if rates:
            own["learning_rate"] = rates[index]
        values |= {slot: optimizer} | {f"{slot}_{name}": value for name, value in own.items()}
    return values | ({"mode": "own", "factor": 1.0} if rates else {"mode": "same"})


BASIN_PRESETS = (
    Preset(
        "Momentum flies past",
        "Plain descent stays in the well in which it starts. Momentum carries runs over the rim between the wells and "
        "back again; where they lose too much speed to return decides, and the border winds.",
        maps_of("sgd", "nesterov", "momentum") | {"rate": 0.03, "surface": "twin_wells", "x": 1.6, "y": 0.9},
    ),
    Preset(
        "Borders that fray",
        "The same momentum at three rates. The larger the rate, the farther a run is thrown before it settles, and the "
        "finer the pattern: neighbours end at different minima.",
        maps_of("momentum", "momentum", "momentum", rates=(0.002, 0.006, 0.01))
        | {"surface": "himmelblau", "x": -4.5, "y": 4.5},
    ),
    Preset(
        "Zoom into a border",
        "A fiftieth of the view, computed anew: the border is a band of borders, and so is each of them. Zoom in as "
        "often as you like. Nothing is random here, yet a start known to three digits does not tell where it ends.",
        maps_of("momentum", "momentum", "momentum", rates=(0.006, 0.008, 0.01))
        | {"surface": "himmelblau", "x": -4.9, "y": 4.6, "x0": -5.01, "x1": -4.77, "y0": 4.49, "y1": 4.73},
    ),
    Preset(
        "The edge of divergence",
        "Plain descent on one product of two weights. At a small rate no start diverges; at larger ones those beyond "
        "an oval do, and the coast is a fractal: bays of bays, in which starts of both branches lie side by side.",
        maps_of("sgd", "sgd", "sgd", rates=(0.2, 0.4, 0.6)) | {"surface": "two_weight_net", "x": 1.9, "y": -0.9},
    ),
    Preset(
        "A hundred traps",
        "Plain descent falls into the hollow in which it starts: one square each. To reach the lowest minimum, in the "
        "middle, it must start in that square. Steps that are longer, or gather speed, fly over rims: up to a grid of "
        "crumbs.",
        maps_of("sgd", "momentum", "adam", rates=(0.001, 0.006, 0.5)) | {"surface": "rastrigin", "x": 1.7, "y": -1.2},
    ),
)
