"""Descent: one optimizer on one surface, in the linked stage."""

import streamlit as st

from engine.experiment import RUNNERS, Run, build_surface
from pages.parts import controls, link, presets, runs

SURFACE, OPTIMIZER = "rosenbrock", "sgd"

RULES: dict[str, link.Rule] = (
    controls.SURFACE_RULES
    | controls.RUN_RULES
    | controls.hyperparameter_rules()
    | {"optimizer": link.Choice(controls.RUNNER_LABELS)}
)


def resting() -> dict[str, object]:
    """Every value of the page as a fresh visit shows it."""
    own = controls.surface_defaults(OPTIMIZER) | {"learning_rate": controls.default_rate(SURFACE, (), OPTIMIZER)}
    return controls.resting_run(SURFACE) | {"optimizer": OPTIMIZER} | own


def new_surface() -> None:
    """A new landscape brings its own start and a rate that suits it."""
    name, parameters = controls.chosen_surface()
    x, y = controls.usual_start(build_surface(name, parameters))
    rate = controls.default_rate(name, parameters, st.session_state["optimizer"])
    controls.set_values({"x": x, "y": y, "learning_rate": rate})


def new_optimizer() -> None:
    """Another optimizer brings its own defaults and a rate that suits it; the last one's would mean something else."""
    optimizer = st.session_state["optimizer"]
    own = controls.surface_defaults(optimizer)
    own["learning_rate"] = controls.default_rate(*controls.chosen_surface(), optimizer)
    controls.set_values(controls.present(own))


link.repair(RULES)
st.title("How does one optimizer walk a surface?")
st.markdown(
    "It feels the slope where it stands, takes a step, and repeats. Press **Play**, or click the map to move the start."
)
presets.preset_row(presets.DESCENT_PRESETS, resting())

with st.sidebar:
    name, parameters = controls.surface_controls(new_surface, SURFACE)
    surface = build_surface(name, parameters)
    start = controls.start_controls(surface)
    optimizer = controls.menu("Optimizer", "optimizer", controls.RUNNER_LABELS, next(iter(RUNNERS)),
                              on_change=new_optimizer)  # fmt: skip
    rate = controls.default_rate(name, parameters, optimizer)
    hyperparameters = controls.hyperparameter_controls(optimizer, rate)
    steps = controls.steps_control()
    schedule = controls.schedule_control()
    change = controls.change_control(steps, dict(hyperparameters)["learning_rate"])
    noise, seed = controls.noise_control()
    view = controls.view_controls(curvature=True)
    controls.reset_button(resting())

run = Run(name, parameters, optimizer, hyperparameters, schedule, start, steps, noise, seed, change)
shown = runs.show(run)
controls.stage(runs.message([shown], **view, change=True, playhead=link.playhead()))

preset = presets.active(presets.DESCENT_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")

entry = RUNNERS[optimizer]
left, right = st.columns(2)
with left:
    st.header(surface.label)
    st.latex(surface.formula)
    st.markdown(surface.teaches)
with right:
    st.header(entry.label)
    st.latex(entry.formula)
    st.markdown(f"Best for {entry.best_for}. Source: {entry.source}.")
