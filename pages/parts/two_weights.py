"""Two weights: the same rule for each, on a bowl or a ravine, at the rates of the fates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from engine import limits
from engine.curvature import largest_stable_rate
from engine.experiment import Run, build_surface, surface_of
from engine.surfaces import Surface
from pages.parts import controls, runs
from pages.parts.link import Choice, Rule
from pages.parts.runs import Shown
from pages.parts.theme import SERIES
from pages.parts.words import number, plain

SURFACES = {key: controls.SURFACE_LABELS[key] for key in ("ravine", "bowl")}
SURFACE, CONDITION = "ravine", 8.0
WEIGHTS = ("w₁", "w₂")
ALL = "all"
SHOWN = {ALL: "All four rates", "0": "The smallest rate", "1": "The second", "2": "The third", "3": "The largest"}

RULES: dict[str, Rule] = {key: controls.SURFACE_RULES[key] for key in ("x", "y", "condition")} | {
    "surface": Choice(SURFACES),
    "shown": Choice(SHOWN),
    "field": controls.RUN_RULES["field"],
    "ghost": controls.RUN_RULES["ghost"],
}
RESTING: dict[str, object] = {"surface": SURFACE, "condition": CONDITION, "shown": ALL, "field": False, "ghost": True}
RESTING |= dict(zip("xy", controls.usual_start(build_surface(SURFACE)), strict=True))


def surface_controls(steps: int) -> tuple[Run, str]:
    """The surface, the start, and which of the runs to show; the run has no rate yet."""
    name = controls.menu("Landscape", "surface", SURFACES, SURFACE, on_change=_new_surface)
    parameters: tuple[tuple[str, float], ...] = ()
    if name == "ravine":
        condition = controls.slider_with_box(
            "Condition κ", "condition", CONDITION, 1.0, 1000.0, True, "How many times steeper along w₂ than along w₁"
        )
        parameters = (("condition", condition),)
    surface = build_surface(name, parameters)
    left, right = st.columns(2)
    with left:
        x = _start_box("x", surface, 0)
    with right:
        y = _start_box("y", surface, 1)
    shown = controls.menu("Runs shown", "shown", SHOWN, ALL, "One run alone shows every step in numbers")
    return Run(name, parameters, start=(x, y), steps=steps), shown


def _start_box(key: str, surface: Surface, axis: int) -> float:
    low, high = surface.domain[axis]
    value = st.number_input(
        f"Start {WEIGHTS[axis]}", *limits.START, controls.usual_start(surface)[axis], (high - low) / 40, "%.6g",
        key=key, bind="query-params", help="Or click the map, or drag the ring on it",
    )  # fmt: skip
    return float(value)


def _new_surface() -> None:
    start = controls.usual_start(build_surface(st.session_state["surface"]))
    controls.set_values(dict(zip("xy", start, strict=True)))


def edge(run: Run) -> float:
    """2/λmax of the run's surface, whose curvature is the same everywhere."""
    surface = surface_of(run)
    return float(largest_stable_rate(surface.hessian(surface.minima[0])))


def four(run: Run, shares: Sequence[float]) -> list[Shown]:
    """The run at each share of the largest stable rate."""
    rates = [float(f"{share * edge(run):.3g}") for share in shares]
    return [
        runs.show(run.with_rate(rate), f"α = {plain(rate)}", style) for rate, style in zip(rates, SERIES, strict=True)
    ]


def picture(run: Run, shares: Sequence[float], chosen: str, playhead: int | None, **view: Any) -> None:
    """The linked stage with its axes named for the weights, and the first step written out for both."""
    shown = four(run, shares)
    seen = shown if chosen == ALL else [shown[int(chosen)]]
    message = runs.message(seen, **view, playhead=playhead)
    message["axes"] = list(WEIGHTS)
    for layout in (message["ground"]["map"]["layout"], message["ground"]["scene"]["layout"]["scene"]):
        for axis, weight in zip(("xaxis", "yaxis"), WEIGHTS, strict=True):
            layout[axis] = layout[axis] | {"title": layout[axis]["title"] | {"text": weight}}
    if message["inspector"]:
        lines = message["inspector"]["lines"]
        named = dict(zip("xy", WEIGHTS, strict=True))
        message["inspector"]["lines"] = [(named.get(label, label), line) for label, line in lines]
    controls.stage(message)
    st.markdown(f"**The first step, weight by weight.** The largest stable rate here is 2/λmax = {number(edge(run))}.")
    st.table(first_steps(shown), hide_index=True)


def first_steps(shown: Sequence[Shown]) -> list[dict[str, str]]:
    """w_new = w_old − α · ∂L/∂w with the numbers of the first step of each run, for both weights."""
    rows = []
    for run in shown:
        path = run.trajectory
        columns = path.params[0], path.grads[0], path.params[0] + path.updates[0]
        rows.append(
            {"Run": run.label}
            | {weight: updated(float(old), run.run.learning_rate, float(slope), float(new))
               for weight, old, slope, new in zip(WEIGHTS, *columns, strict=True)}
            | {"Ends": f"{run.outcome.kind}, step {run.outcome.step}"}
        )  # fmt: skip
    return rows


def updated(old: float, rate: float, slope: float, new: float) -> str:
    """The rule with its numbers.

    >>> updated(1.2, 0.3, 2.4, 0.48), updated(1.0, 0.3, -2.0, 1.6)
    ('1.20 − 0.3 · 2.40 = 0.480', '1.00 − 0.3 · (−2.00) = 1.60')
    """
    factor = number(slope) if slope >= 0 or np.isnan(slope) else f"({number(slope)})"
    return f"{number(old)} − {plain(rate)} · {factor} = {number(new)}"
