"""Learning rate: too small, good and too large rates from one sweep, the edge of stability, range test, schedules."""

import streamlit as st

from pages.parts import (
    controls,
    link,
    presets,
    rate_controls,
    rate_map,
    rate_networks,
    rate_presets,
    rate_runs,
    rates,
)  # fmt: skip
from pages.parts.rate_controls import NetworkStudy, SurfaceStudy


def explain_preset() -> None:
    """What to look for."""
    preset = presets.active(rate_presets.RATE_PRESETS)
    if preset:
        st.info(f"**{preset.label}.** {preset.says}")


def surface_page(study: SurfaceStudy, three: tuple[float, ...], view: dict[str, bool]) -> None:
    """Three runs on the stage, and everything else on the same surface."""
    shown = rates.trio(study, three)
    controls.stage(rates.message(study, shown, **view, playhead=link.playhead()))
    explain_preset()
    limit = rates.limit_of(study, shown)
    st.header("Every rate at once")
    rates.sweep(study, shown, limit)
    st.header("What does momentum do to the edge?")
    rate_map.rate_by_momentum(study)
    st.header("All rates in one run")
    rates.range_test(study, limit)
    st.header("Should the rate change on the way?")
    base = rate_controls.base_control(rates.chosen(study)[1])
    names = rate_controls.schedules_control()
    if names:
        rate_runs.on_a_surface(study, names, base, rates.height(study.run))


def network_page(study: NetworkStudy) -> None:
    """The sweep of a network, which takes a while, and then the rest."""
    job = rate_networks.job_of(study)
    ticking = job.sweep.running
    st.fragment(rate_networks.picture, run_every=rate_networks.TICK if ticking else None)(job, ticking)
    if study.cut:
        st.info(study.cut)
    explain_preset()
    if job.sweep.running:
        return
    rate_networks.words(job)
    st.header("All rates in one run")
    rate_networks.range_test(study)
    st.header("Should the rate change on the way?")
    base = rate_controls.base_control(rate_networks.base_rate(job))
    names = rate_controls.schedules_control()
    if names:
        rate_networks.schedules(study, names, base)


SENTENCES = {
    "surface": "The learning rate decides: too short a step crawls, too long a one overshoots. Press **Play**, or move "
    "a rate.",
    "network": "The same networks, from the same start on the same batches, each trained at a rate of its own.",
}

link.repair(rate_controls.RULES)
st.title("How long should a step be?")
with st.sidebar:
    model = rate_controls.model_control()
st.markdown(SENTENCES[model])
presets.preset_row(rate_presets.RATE_PRESETS, rate_controls.resting())
if model == "surface":
    with st.sidebar:
        descent = rate_controls.descent_controls()
        above = st.container()  # the rates come before what they are chosen from
        study = rate_controls.surface_study(descent)
        with above:
            three = rate_controls.three_controls(rates.chosen(study))
        view = controls.view_controls(curvature=False)
        controls.reset_button(rate_controls.resting())
    surface_page(study, three, view)
else:
    with st.sidebar:
        network = rate_controls.network_study()
        controls.reset_button(rate_controls.resting())
    network_page(network)
