"""The sidebar's controls: each writes one value of a run, and each value lives in the page's link."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import streamlit as st

from engine import limits
from engine.experiment import FORMULA_VIEW, RUNNERS, Run, build_surface
from engine.expressions import FormulaError
from engine.schedules import SCHEDULES
from engine.surfaces import SURFACES, Surface
from engine.sweeps import recommended_rate
from pages.parts.link import Choice, Flag, Number, Rule, Text
from pages.parts.stage import show, triggered
from pages.parts.words import escaped, plain

STAGE = "stage"
FORMULA = "formula"
SHOWN_FORMULA = "shown_formula"
FORMULA_EXAMPLE = "x**2 + 3*y**2 + sin(x*y)"
STEPS = 200
SENDING = 0.06  # seconds in which the browser gets the stage and paints its map before the rest arrives
CONDITION = 50.0

SYMBOLS = {
    "learning_rate": "Learning rate η",
    "momentum": "Momentum μ",
    "dampening": "Dampening τ",
    "decay": "Decay of the mean of g²",
    "beta1": "β₁, memory of gradients",
    "beta2": "β₂, memory of squared gradients",
    "eps": "ε, added to the denominator",
    "weight_decay": "Weight decay λ",
    "momentum_decay": "Momentum decay ψ",
    "damping": "Damping",
}

SURFACE_LABELS = {key: surface.label for key, surface in SURFACES.items()} | {FORMULA: "Your own formula"}
RUNNER_LABELS = {key: entry.label for key, entry in RUNNERS.items()}
SCHEDULE_LABELS = {key: entry.label for key, entry in SCHEDULES.items()}

SURFACE_RULES: dict[str, Rule] = {
    "surface": Choice(SURFACE_LABELS),
    FORMULA: Text(limits.FORMULA_LENGTH),
    "view": Number(0.01, 1000.0),
    "condition": Number(1.0, 1000.0),
    "angle": Number(-90.0, 90.0),
    "x": Number(*limits.START),
    "y": Number(*limits.START),
}
RUN_RULES: dict[str, Rule] = {
    "steps": Number(*limits.STEPS, integer=True),
    "schedule": Choice(SCHEDULE_LABELS),
    "noise": Number(*limits.NOISE),
    "seed": Number(*limits.SEED, integer=True),
    "change": Flag(),
    "change_step": Number(*limits.STEPS, integer=True),
    "change_rate": Number(*limits.LEARNING_RATE),
    "step": Number(0, limits.STEPS.high, integer=True),
    "field": Flag(),
    "curvature": Flag(),
    "ghost": Flag(),
}


def hyperparameter_rules(prefix: str = "") -> dict[str, Rule]:
    """A rule for every hyper-parameter of every runner, by name."""
    return {prefix + h.name: Number(h.low, h.high) for entry in RUNNERS.values() for h in entry.hyperparameters}


def menu(label: str, key: str, labels: Mapping[str, str], default: str, help: str | None = None, **options: Any) -> str:
    """One of a registry's entries, shown by its label and bound to the link; ``options`` are st.selectbox's own."""
    keys = list(labels)
    return str(
        st.selectbox(
            label, keys, keys.index(default), labels.__getitem__, key=key, help=help, bind="query-params", **options
        )
    )


def number_box(label: str, key: str, default: float, bounds: limits.Bounds, help: str | None = None) -> float:
    """A number bound to the link, shown as a reader would type it."""
    return float(
        st.number_input(
            label,
            float(bounds.low),
            float(bounds.high),
            float(default),
            step=float((bounds.high - bounds.low) / 100),
            format="%.6g",
            key=key,
            bind="query-params",
            help=help,
        )
    )


def whole_number_box(
    label: str,
    key: str,
    default: int,
    bounds: limits.Bounds,
    step: int = 1,
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> int:
    """A whole number bound to the link."""
    low, high = int(bounds.low), int(bounds.high)
    return int(
        st.number_input(
            label, low, high, default, step, key=key, bind="query-params", label_visibility=label_visibility
        )
    )


def slider_with_box(
    label: str, key: str, default: float, low: float, high: float, log: bool, help: str | None = None,
    automatic: bool = False,
) -> float:  # fmt: skip
    """A slider for the hand and a number box for the exact value, which is the one the link holds.

    ``automatic``: an empty box stands for ``default``, which may then be another at every run.
    """
    slider = f"{key}_slider"
    wide, narrow = st.columns([3, 2], vertical_alignment="bottom", gap="small")
    with narrow:
        exact = st.number_input(
            f"{label}, exact value", low, high, None if automatic else default, _step(default, low, high, log), "%.6g",
            key=key, bind="query-params", label_visibility="collapsed",
            placeholder=plain(default) if automatic else None,
        )  # fmt: skip
    value = default if exact is None else float(exact)
    stops = _stops(low, high, log)
    st.session_state[slider] = min(stops, key=lambda stop: _distance(stop, value, log))
    with wide:
        st.select_slider(
            label, stops, key=slider, format_func=plain, help=help,
            on_change=lambda: st.session_state.update({key: st.session_state[slider]}),
        )  # fmt: skip
    return value


def _stops(low: float, high: float, log: bool) -> list[float]:
    """Sixteen a decade on a log scale, where a decade is a wide hand's breadth; a hundred on a linear one."""
    if not log:
        return [float(f"{v:.6g}") for v in np.linspace(low, high, 101)]
    decades = np.log10(high / low)
    stops = np.geomspace(low, high, round(decades * limits.RATES_PER_DECADE) + 1)
    return [float(f"{v:.2g}") for v in stops]


def _distance(stop: float, value: float, log: bool) -> float:
    return abs(np.log(stop / value)) if log and value > 0 else abs(stop - value)


def _step(default: float, low: float, high: float, log: bool) -> float:
    return float(f"{default / 10:.1g}") if log and default > 0 else (high - low) / 100


def surface_controls(on_change: Callable[[], None], default: str) -> tuple[str, tuple[tuple[str, float], ...]]:
    """Choose a surface: (key or formula, its parameters). A faulty formula is named, and the example used instead."""
    key = menu("Landscape", "surface", SURFACE_LABELS, default, on_change=on_change)
    if key == FORMULA:
        return _formula()
    if key == "ravine":
        condition = slider_with_box(
            "Condition κ", "condition", CONDITION, 1.0, 1000.0, True, "How many times steeper across than along"
        )
        angle = slider_with_box("Angle (degrees)", "angle", 0.0, -90.0, 90.0, False, "The ravine, turned")
        return key, (("condition", condition), ("angle", float(np.radians(angle))))
    return key, ()


def _formula() -> tuple[str, tuple[tuple[str, float], ...]]:
    text = st.text_input(
        "Loss, a formula in x and y", FORMULA_EXAMPLE, max_chars=limits.FORMULA_LENGTH, key=FORMULA,
        bind="query-params",
        help="Numbers, x, y, pi, e, + − * / ** ( ), and sin cos tan exp log sqrt abs tanh min max",
    )  # fmt: skip
    half = number_box("View: half the side", "view", FORMULA_VIEW, limits.Bounds(0.01, 1000.0))
    parameters = (("view", half),)
    try:
        build_surface(text, parameters)
    except FormulaError as fault:
        st.error(escaped(f"The formula can't be drawn: {fault}. Shown instead: {FORMULA_EXAMPLE}"))
        text = FORMULA_EXAMPLE
    st.session_state[SHOWN_FORMULA] = (text, parameters)
    return text, parameters


def usual_start(surface: Surface) -> tuple[float, float]:
    """The surface's own start, as a reader would type it."""
    x, y = (float(f"{value:.3g}") for value in surface.start)
    return x, y


def start_controls(surface: Surface) -> tuple[float, float]:
    """The start's coordinates: what a click on the map writes, and what serves the keyboard."""
    columns = st.columns(2)
    values = []
    for column, axis, (low, high), default in zip(columns, "xy", surface.domain, usual_start(surface), strict=True):
        with column:
            value = st.number_input(
                f"Start {axis}", limits.START.low, limits.START.high, float(default), (high - low) / 40, "%.6g",
                 key=axis, bind="query-params", help="Or click the map, or drag the ring on it",
            )  # fmt: skip
            values.append(float(value))
    return values[0], values[1]


def default_rate(surface: str, parameters: tuple[tuple[str, float], ...], optimizer: str) -> float:
    """The rate a page begins with: computed, the same for every start."""
    return _default_rate(surface, parameters, optimizer)


@st.cache_data(max_entries=512, show_spinner=False)
def _default_rate(surface: str, parameters: tuple[tuple[str, float], ...], optimizer: str) -> float:
    run = Run(surface, parameters, optimizer, tuple(surface_defaults(optimizer).items()))
    return float(np.clip(recommended_rate(run, STEPS), *limits.LEARNING_RATE))


def surface_defaults(optimizer: str) -> dict[str, float]:
    """Defaults on a two-weight surface: PyTorch's, but without weight decay, which would move the minimum."""
    values = {h.name: h.default for h in RUNNERS[optimizer].hyperparameters}
    return values | ({"weight_decay": 0.0} if "weight_decay" in values else {})


def hyperparameter_controls(
    optimizer: str, rate: float | None, prefix: str = "", title: str = "More of {}", sliders: bool = True
) -> tuple[tuple[str, float], ...]:
    """Slider and box for each hyper-parameter: the rate in sight, the others folded away.

    ``rate`` None: no rate. Without ``sliders`` the others are boxes alone, where many of them would slow the page.
    """
    entry = RUNNERS[optimizer]
    defaults = surface_defaults(optimizer)
    values: dict[str, float] = {}
    if rate is not None:
        values["learning_rate"] = slider_with_box(
            SYMBOLS["learning_rate"], prefix + "learning_rate", rate, *limits.LEARNING_RATE, True,
            "The length of a step is the rate times the slope (or what the optimizer makes of it)",
        )  # fmt: skip
    others = [h for h in entry.hyperparameters if h.name != "learning_rate"]
    if others:
        with st.expander(title.format(entry.label)):
            for h in others:
                key, default = prefix + h.name, defaults[h.name]
                if sliders:
                    values[h.name] = slider_with_box(SYMBOLS[h.name], key, default, h.low, h.high, h.log)
                else:
                    values[h.name] = number_box(SYMBOLS[h.name], key, default, limits.Bounds(h.low, h.high))
    return tuple(values.items())


def steps_control(default: int = STEPS) -> int:
    """How many steps to take."""
    stops = [*range(1, 10), *range(10, 100, 10), *range(100, 1000, 50), *range(1000, int(limits.STEPS.high) + 1, 500)]
    return whole_slider("Steps", "steps", default, limits.STEPS, stops, step=10)


def whole_slider(
    label: str, key: str, default: int, bounds: limits.Bounds, stops: Sequence[int], step: int = 1
) -> int:  # fmt: skip
    """A slider over some whole numbers for the hand, and a box for the exact one, which is what the link holds."""
    slider = f"{key}_slider"
    wide, narrow = st.columns([3, 2], vertical_alignment="bottom", gap="small")
    with narrow:
        value = whole_number_box(f"{label}, exact value", key, default, bounds, step, label_visibility="collapsed")
    st.session_state[slider] = min(stops, key=lambda stop: abs(stop - value))
    with wide:
        st.select_slider(label, stops, key=slider,
                         on_change=lambda: st.session_state.update({key: st.session_state[slider]}))  # fmt: skip
    return value


def schedule_control() -> str:
    """How the rate changes over the run."""
    return menu("Schedule of the rate", "schedule", SCHEDULE_LABELS, next(iter(SCHEDULE_LABELS)))


def change_control(steps: int, rate: float) -> tuple[int, float] | None:
    """Another rate from some step on, or None."""
    if not st.toggle("Change the rate in mid-run", key="change", bind="query-params"):
        return None
    at = _change_step(steps)
    return at, slider_with_box("New rate", "change_rate", rate / 10, *limits.LEARNING_RATE, True)


def change_factor_control(steps: int) -> tuple[int, float] | None:
    """The same for every runner of a race: from which step, and by which factor its rate changes."""
    if not st.toggle("Change the rates in mid-run", key="change", bind="query-params"):
        return None
    return _change_step(steps), slider_with_box("Times", "change_factor", 0.1, *limits.RATE_FACTOR, True)


def _change_step(steps: int) -> int:
    return whole_number_box("From step", "change_step", max(1, steps // 2), limits.STEPS)


def noise_control() -> tuple[float, int]:
    """Noise added to every gradient, as small batches add it, and its seed."""
    with st.expander("Gradient noise"):
        noise = number_box("Standard deviation", "noise", 0.0, limits.NOISE, "Added to each component of each gradient")
        seed = whole_number_box("Seed", "seed", 0, limits.SEED)
    return noise, seed


def view_controls(*, curvature: bool) -> dict[str, bool]:
    """What else the stage draws."""
    with st.expander("On the map"):
        shown = {"field": st.toggle("Downhill directions", key="field", bind="query-params")}
        if curvature:
            shown["curvature"] = st.toggle(
                "Curvature at the ball", key="curvature", bind="query-params",
                help="The Hessian's eigen-directions: the long line is the flat one, the short one the steep one",
            )  # fmt: skip
        shown["ghost"] = st.toggle("Keep the last run as a ghost", True, key="ghost", bind="query-params")
    return shown


def set_values(values: Mapping[str, Any], resting: Mapping[str, Any] | None = None) -> None:
    """Set bound widgets from a callback; what ``resting`` has too needs no place in the link."""
    for key, value in values.items():
        if key not in st.session_state and (resting or {}).get(key) != value:
            # a widget that first appears with a value from the session state would not write it to the link
            st.query_params[key] = str(value)
    st.session_state.update(values)


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values whose widgets are on the page."""
    return {key: value for key, value in values.items() if key in st.session_state}


def resting_run(surface: str) -> dict[str, Any]:
    """Every value that the two pages share, as a fresh visit shows it."""
    x, y = usual_start(SURFACES[surface])
    return {
        "surface": surface, FORMULA: FORMULA_EXAMPLE, "view": FORMULA_VIEW, "condition": CONDITION, "angle": 0.0,
        "x": x, "y": y, "steps": STEPS, "schedule": "constant", "change": False, "noise": 0.0, "seed": 0,
        "field": False, "curvature": False, "ghost": True,
    }  # fmt: skip


def chosen_surface() -> tuple[str, tuple[tuple[str, float], ...]]:
    """The landscape just chosen in the menu, with its parameters as they stand, for a callback."""
    state = st.session_state
    key = state["surface"]
    if key == FORMULA:
        return state.get(SHOWN_FORMULA, (FORMULA_EXAMPLE, (("view", FORMULA_VIEW),)))
    if key == "ravine":
        angle = float(np.radians(state.get("angle", 0.0)))
        return key, (("condition", state.get("condition", CONDITION)), ("angle", angle))
    return key, ()


def reset_button(values: Mapping[str, Any]) -> None:
    """Every value that the page's link can hold, back to what a fresh visit shows."""
    st.button("Reset this page", on_click=set_values, args=(present(values),), width="stretch")


def stage(message: dict[str, Any]) -> None:
    """The linked stage; a start chosen on its map and its wish to change the rate become values of the controls."""
    show(message, STAGE, _new_start, _change_here)
    # the server sends from this process too, and would wait until the rest of the page has been computed
    time.sleep(SENDING)


def _new_start() -> None:
    point = triggered(STAGE, "start", "x", "y")
    if point:
        # four digits are finer than a pixel, and keep the link short
        set_values({axis: limits.START.clamp(float(f"{v:.4g}")) for axis, v in zip("xy", point, strict=True)})


def _change_here() -> None:
    at = triggered(STAGE, "change", "step")
    if at:
        set_values({"change": True, "change_step": int(limits.STEPS.clamp(at[0]))})
