"""The controls of the page on basins: landscape, optimizers and rates, length, the part of the view, and one start."""

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from engine import limits
from engine.basins import axes
from engine.experiment import FORMULA_VIEW, Run, build_surface, round_rate
from engine.optimizers import OPTIMIZERS
from engine.surface import View
from engine.surfaces import Surface
from pages.parts import controls, link
from pages.parts.stage import triggered
from pages.parts.words import number

BASINS = "basins"
SLOTS = [f"r{i}" for i in range(1, int(limits.RUNNERS.high) + 1)]
FIELD = dict(zip(SLOTS, ["sgd", "momentum", "adam", "none", "none", "none"], strict=True))
CHOICES = {"none": "none"} | {key: entry.label for key, entry in OPTIMIZERS.items()}
MODES = {"own": "A rate for each", "same": "Same rate for all"}
SURFACE, SAME_RATE, STEPS = "himmelblau", 0.01, 200
STEP_STOPS = [*range(1, 10), *range(10, 100, 10), *range(100, int(limits.BASIN_STEPS.high) + 1, 50)]
CORNERS = ("x0", "x1", "y0", "y1")
SIZE = (limits.BASIN_STARTS, limits.BASIN_STARTS)

RULES: dict[str, link.Rule] = controls.SURFACE_RULES | {
    "mode": link.Choice(MODES),
    "rate": link.Number(*limits.LEARNING_RATE),
    "factor": link.Number(*limits.RATE_FACTOR),
    "steps": link.Number(*limits.BASIN_STEPS, integer=True),
    "step": link.Number(0, limits.BASIN_STEPS.high, integer=True),
}
RULES |= dict.fromkeys(CORNERS, link.Number(*limits.START))
for slot in SLOTS:
    RULES |= {slot: link.Choice(CHOICES)} | controls.hyperparameter_rules(f"{slot}_")


class Study(NamedTuple):
    """What the page shows: these runs from every start in ``box``, and from one start, which ``start`` is."""

    surface: Surface
    runs: tuple[Run, ...]
    box: View
    start: tuple[float, float]

    @property
    def zoomed(self) -> bool:
        """Whether the box is not the whole view."""
        return self.box != self.surface.domain


def resting() -> dict[str, object]:
    """Every value of the page as a fresh visit shows it."""
    x, y = controls.usual_start(build_surface(SURFACE))
    values: dict[str, object] = {
        "surface": SURFACE, controls.FORMULA: controls.FORMULA_EXAMPLE, "view": FORMULA_VIEW,
        "condition": controls.CONDITION, "angle": 0.0, "x": x, "y": y, "steps": STEPS, "mode": "own",
        "rate": SAME_RATE, "factor": 1.0,
    }  # fmt: skip
    values |= FIELD | dict.fromkeys(CORNERS)
    for slot, optimizer in FIELD.items():
        values |= _own_values(slot, optimizer, SURFACE, ())
    return values


def _own_values(slot: str, optimizer: str, name: str, parameters: tuple[tuple[str, float], ...]) -> dict[str, object]:
    """An optimizer's defaults, with a rate that suits the surface, by the keys of a slot."""
    if optimizer == "none":
        return {}
    own = controls.surface_defaults(optimizer)
    own["learning_rate"] = controls.default_rate(name, parameters, optimizer)
    return {f"{slot}_{key}": value for key, value in own.items()}


def study_controls() -> Study:
    """The whole sidebar. Without any optimizer the runs are empty."""
    name, parameters = controls.surface_controls(_new_surface, SURFACE)
    surface = build_surface(name, parameters)
    mode = controls.menu("Learning rates", "mode", MODES, next(iter(MODES)),
                         "Each begins at the rate that its own sweep recommends on this landscape")  # fmt: skip
    if mode == "same":
        rate = controls.slider_with_box("Learning rate of all", "rate", SAME_RATE, *limits.LEARNING_RATE, True)
    else:
        factor = controls.slider_with_box("All rates times", "factor", 1.0, *limits.RATE_FACTOR, True,
                                          "Raise it, and watch the borders fray")  # fmt: skip
    steps = controls.whole_slider("Steps", "steps", STEPS, limits.BASIN_STEPS, STEP_STOPS, step=10)
    with st.expander("Optimizers and their rates"):
        chosen = [_optimizer_control(slot, i, mode, name, parameters, steps) for i, slot in enumerate(SLOTS, 1)]
    runs = [run for run in chosen if run]
    if mode == "same":
        runs = [run.with_rate(rate) for run in runs]
    elif factor != 1:
        rates = (round_rate(run.learning_rate * factor, 4) for run in runs)
        runs = [run.with_rate(limits.LEARNING_RATE.clamp(rate)) for run, rate in zip(runs, rates, strict=True)]
    start = _start_controls(surface)
    return Study(surface, tuple(runs), _box_controls(surface), start)


def _optimizer_control(
    slot: str, position: int, mode: str, name: str, parameters: tuple[tuple[str, float], ...], steps: int
) -> Run | None:
    optimizer = controls.menu(f"Map {position}", slot, CHOICES, FIELD[slot], on_change=_new_optimizer, args=(slot,))
    if optimizer == "none":
        return None
    rate = controls.default_rate(name, parameters, optimizer) if mode == "own" else None
    values = controls.hyperparameter_controls(optimizer, rate, f"{slot}_", f"Map {position}: {{}}", sliders=False)
    return Run(name, parameters, optimizer, values, steps=steps)


def _new_surface() -> None:
    """A new landscape brings its own start and rates, and is seen whole."""
    name, parameters = controls.chosen_surface()
    x, y = controls.usual_start(build_surface(name, parameters))
    values: dict[str, object] = {"x": x, "y": y} | dict.fromkeys(CORNERS)
    for slot in SLOTS:
        values |= _own_values(slot, st.session_state.get(slot, "none"), name, parameters)
    controls.set_values(controls.present(values))


def _new_optimizer(slot: str) -> None:
    """Another optimizer in a slot brings its own defaults."""
    values = _own_values(slot, st.session_state[slot], *controls.chosen_surface())
    controls.set_values(controls.present(values))


def _start_controls(surface: Surface) -> tuple[float, float]:
    """The start whose path is drawn: what a click on a map writes, to its last digit, and what serves the keyboard."""
    chosen = []
    for column, axis, (low, high), usual in zip(
        st.columns(2), "xy", surface.domain, controls.usual_start(surface), strict=True
    ):
        value = column.number_input(
            f"Start {axis}", limits.START.low, limits.START.high, float(usual), (high - low) / 40, "%.12g", key=axis,
            bind="query-params", help="Its paths are drawn on the maps. Or click a map",
        )  # fmt: skip
        chosen.append(float(value))
    return chosen[0], chosen[1]


def _box_controls(surface: Surface) -> View:
    """The part of the view whose starts are computed: what a box dragged on a map writes. Empty is the whole view."""
    with st.expander("Part of the view"):
        columns = st.columns(2)
        typed: dict[str, float | None] = {}
        for key in CORNERS:
            axis, end = key[0], int(key[1])
            edge = surface.domain["xy".index(axis)][end]
            typed[key] = columns[end].number_input(
                f"{axis} {'to' if end else 'from'}", limits.START.low, limits.START.high, None, format="%.12g",
                key=key, placeholder=number(edge), bind="query-params",
            )  # fmt: skip
        st.button("Whole view", on_click=controls.set_values, args=(dict.fromkeys(CORNERS),), width="stretch")
    (x0, x1), (y0, y1) = surface.domain
    whole = dict(zip(CORNERS, (x0, x1, y0, y1), strict=True))
    x0, x1, y0, y1 = (whole[key] if value is None else float(value) for key, value in typed.items())
    for axis, low, high in (("x", x0, x1), ("y", y0, y1)):
        narrowest = limits.BOX_SIDE * max(1.0, abs(low), abs(high))
        if high - low < narrowest:
            st.warning(
                f"The box's {axis} must go up, by {number(narrowest)} at least, and goes from {low:.12g} to "
                f"{high:.12g}. The whole view is shown."
            )
            return surface.domain
    return (x0, x1), (y0, y1)


def new_start(study: Study) -> None:
    """A click on a map: the start is the one that the pixel under it stands for, so that its path is that pixel's."""
    point = triggered(BASINS, "start", "x", "y")
    if not point:
        return
    values = {}
    for axis, at, (low, high), starts in zip("xy", point, study.box, axes(study.box, SIZE), strict=True):
        index = (at - low) / (high - low) * len(starts)
        inside = 0 <= index < len(starts)  # or the click was on an older map, of another box
        values[axis] = float(starts[int(index)]) if inside else limits.START.clamp(float(f"{at:.4g}"))
    controls.set_values(values)


def new_box(study: Study) -> None:
    """A box dragged on a map, or one of its buttons: cut to legal numbers, and short ones; the whole view is empty."""
    corners = triggered(BASINS, "box", *CORNERS)
    if not corners:
        return
    sides = (corners[:2], corners[2:])
    if any(not low < high for low, high in sides):
        return
    box: list[float] = []
    for low, high in sides:
        digits = f".{_digits(low, high)}f"
        box += [limits.START.clamp(float(format(end, digits))) for end in (low, high)]
    whole = tuple(box) == tuple(end for side in study.surface.domain for end in side)
    controls.set_values(dict(zip(CORNERS, [None] * 4 if whole else box, strict=True)))


def _digits(low: float, high: float) -> int:
    """Decimals with which the ends of an interval are known to about a thousandth of it."""
    return max(0, 3 - int(f"{high - low:e}".partition("e")[2]))


def from_start(study: Study) -> list[Run]:
    """The runs from the chosen start."""
    return [replace(run, start=study.start) for run in study.runs]
