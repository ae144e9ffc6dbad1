"""Optimizer race: up to six runners on one surface from one start, each at a rate of its own or all at one."""

from dataclasses import replace

import streamlit as st

from engine import limits
from engine.experiment import Run, build_surface
from pages.parts import comparison, controls, link, presets, runs

SLOTS = [f"r{i}" for i in range(1, int(limits.RUNNERS.high) + 1)]
FIELD = dict(zip(SLOTS, ["sgd", "momentum", "nesterov", "rmsprop", "adam", "none"], strict=True))
CHOICES = {"none": "none"} | controls.RUNNER_LABELS
MODES = {"best": "Each at its best rate", "same": "Same rate for all", "own": "A rate for each"}
SURFACE, SAME_RATE = "beale", 0.001

RULES: dict[str, link.Rule] = controls.SURFACE_RULES | controls.RUN_RULES
RULES |= {"change_factor": link.Number(*limits.RATE_FACTOR)}
RULES |= {"mode": link.Choice(MODES), "rate": link.Number(*limits.LEARNING_RATE)}
for slot in SLOTS:
    RULES |= {slot: link.Choice(CHOICES)} | controls.hyperparameter_rules(f"{slot}_")


def resting() -> dict[str, object]:
    """Every value of the page as a fresh visit shows it."""
    values: dict[str, object] = controls.resting_run(SURFACE) | FIELD | {"mode": "best", "rate": SAME_RATE}
    for slot, optimizer in FIELD.items():
        if optimizer != "none":
            own = controls.surface_defaults(optimizer)
            own["learning_rate"] = controls.default_rate(SURFACE, (), optimizer)
            values |= {f"{slot}_{name}": value for name, value in own.items()}
    return values


def new_surface() -> None:
    """A new landscape brings its own start; runners with rates of their own get rates that suit it."""
    name, parameters = controls.chosen_surface()
    x, y = controls.usual_start(build_surface(name, parameters))
    values = {"x": x, "y": y}
    for slot in SLOTS:
        optimizer = st.session_state.get(slot, "none")
        if optimizer != "none":
            values[f"{slot}_learning_rate"] = controls.default_rate(name, parameters, optimizer)
    controls.set_values(controls.present(values))


def new_runner(slot: str) -> None:
    """Another optimizer in a slot brings its own defaults."""
    optimizer = st.session_state[slot]
    if optimizer != "none":
        own = controls.surface_defaults(optimizer)
        own["learning_rate"] = controls.default_rate(*controls.chosen_surface(), optimizer)
        controls.set_values(controls.present({f"{slot}_{name}": value for name, value in own.items()}))


def runner_control(slot: str, number: int, mode: str, surface: tuple[str, tuple[tuple[str, float], ...]]) -> Run | None:
    """One slot: which optimizer, and its hyper-parameters."""
    optimizer = controls.menu(f"Runner {number}", slot, CHOICES, FIELD[slot], on_change=new_runner, args=(slot,))
    if optimizer == "none":
        return None
    rate = controls.default_rate(*surface, optimizer) if mode == "own" else None
    values = controls.hyperparameter_controls(optimizer, rate, f"{slot}_", f"Runner {number}: {{}}", sliders=False)
    return Run(*surface, optimizer, values)


link.repair(RULES)
st.title("Which optimizer suits which landscape?")
st.markdown("One landscape, one start, one gradient a step for each. Press **Play**, or drag the ring on the map.")
presets.preset_row(presets.RACE_PRESETS, resting())

with st.sidebar:
    name, parameters = controls.surface_controls(new_surface, SURFACE)
    surface = build_surface(name, parameters)
    start = controls.start_controls(surface)
    mode = controls.menu("Learning rates", "mode", MODES, next(iter(MODES)),
                         "A rate that suits one runner may starve or upset another: only each at its own good "
                         "rate is a fair race")  # fmt: skip
    if mode == "same":
        rate = controls.slider_with_box("Learning rate of all", "rate", SAME_RATE, *limits.LEARNING_RATE, True)
    steps = controls.steps_control()
    with st.expander("Runners", expanded=False):
        chosen = [runner_control(slot, i, mode, (name, parameters)) for i, slot in enumerate(SLOTS, 1)]
    schedule = controls.schedule_control()
    noise, seed = controls.noise_control()
    change = controls.change_factor_control(steps)
    view = controls.view_controls(curvature=False)
    controls.reset_button(resting())

field = [run for run in chosen if run]
if not field:
    st.info("No runner is chosen. Choose at least one under **Runners**, in the sidebar.")
    st.stop()
field = [replace(run, start=start, steps=steps, schedule=schedule, noise=noise, seed=seed) for run in field]
if mode == "best":
    field = [run.with_rate(comparison.best_rate(run)) for run in field]
elif mode == "same":
    field = [run.with_rate(rate) for run in field]
if change:
    at, factor = change
    field = [replace(run, rate_change=(at, run.learning_rate * factor)) for run in field]

shown = comparison.labelled(field)
controls.stage(runs.message(shown, **view, change=True, playhead=link.playhead()))

preset = presets.active(presets.RACE_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")

st.header("How much does each depend on its rate?")
comparison.rate_chart(shown)
st.header("What each optimizer is, and what it is best for")
comparison.optimizer_table()
