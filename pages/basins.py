"""Basins: where every start ends, for up to six optimizers, and how soon."""

from functools import partial

import streamlit as st

from pages.parts import basin_controls, basin_maps, basin_words, comparison, controls, link, presets, stage
from pages.parts.basin_picture import message
from pages.parts.basin_presets import BASIN_PRESETS

FIRST, SLICE, TICK = 0.7, 0.5, 0.1  # seconds of work before the page answers, then at each tick, and between ticks


def progress(task: basin_maps.Task) -> None:
    """How far the maps are; the page runs anew whenever one more is whole."""
    whole = task.finished
    st.progress(task.job.share, f"{whole} of {len(task.keys)} maps computed")
    task.advance(SLICE)
    if task.finished > whole or not task.job.running:
        st.rerun()


link.repair(basin_controls.RULES)
st.title("Where do I end up?")
st.markdown(
    "Each pixel is a start, coloured by the minimum its run reaches. **Click** one to play its paths; **drag** a box "
    "to zoom in."
)
presets.preset_row(BASIN_PRESETS, basin_controls.resting())

with st.sidebar:
    study = basin_controls.study_controls()
    controls.reset_button(basin_controls.resting())

if not study.runs:
    st.info("No optimizer is chosen. Choose at least one under **Optimizers and their rates**, in the sidebar.")
    st.stop()

task = basin_maps.task(study, FIRST)
if not task.job.running and task.finished < len(task.keys):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"Stopped with {task.finished} of {len(task.keys)} maps whole; blank rows have not been computed.")
        st.button("Go on", on_click=basin_maps.go_on, args=(task,))
shown = comparison.labelled(basin_controls.from_start(study))
stage.basins(
    message(study, task, shown, link.playhead()),
    basin_controls.BASINS,
    partial(basin_controls.new_start, study),
    partial(basin_controls.new_box, study),
)
if task.job.said:
    st.warning(task.job.said)

for sentence in basin_words.notes(study):
    st.info(sentence)
preset = presets.active(BASIN_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")

st.header("How many starts reach what")
basin_words.table(study, shown, [task.part(index) for index in range(len(task.keys))])
st.header("How rough is the border?")
basin_words.border()
st.header("What counts as arriving")
basin_words.counted(study)

if task.job.running:
    # it floats, so that nothing moves when it comes and goes; last, because it works before it returns
    with st.container(key="basins_progress", horizontal=True, vertical_alignment="center"):
        st.button("Stop computing", on_click=task.job.stop)
        st.fragment(progress, run_every=TICK)(task)
