"""Batch size: full batch, mini-batch and single samples on one exact loss surface, and the noise between them."""

import streamlit as st

from pages.parts import batch_controls, batch_noise, batches, controls, link, presets

link.repair(batch_controls.RULES)
st.title("How much data for one gradient?")
st.markdown(
    "All samples at every step, a few, or one: three runs from one start at one rate. Press **Play**, or move the "
    "batch size."
)
presets.preset_row(presets.BATCH_PRESETS, batch_controls.resting())

with st.sidebar:
    name, parameters = batch_controls.data_controls()
    study = batch_controls.study_controls(name, parameters)
    view = controls.view_controls(curvature=False)
    controls.reset_button(batch_controls.resting())

trio = batches.runs_of(study)
controls.stage(batches.message(study, trio, **view, playhead=link.playhead()))

for sentence in batch_controls.notes(study):
    st.info(sentence)
preset = presets.active(presets.BATCH_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")

st.header("The noise floor")
batches.floor_table(study, trio)
st.header("A cloud of gradients")
batch_noise.cloud(study, trio)
st.header("How much noise is too much?")
batch_noise.scale(study, trio)
st.header("Equal steps or equal epochs?")
batch_noise.fairness(study, trio)
st.header("What does a step cost?")
batch_noise.cost()
st.header("What does “SGD” mean in a framework?")
batch_noise.frameworks()
