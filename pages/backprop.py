"""Backpropagation by hand: a small network forward and backward, edge by edge, with every number."""

from functools import partial

import streamlit as st

from pages.parts import backprop_controls, backprop_layout, backprop_words, controls, link, presets, stage
from pages.parts.backprop_controls import RESTING, RULES, VIEW
from pages.parts.backprop_presets import PRESETS
from pages.parts.words import number

link.repair(RULES)
st.title("Which way is down for each weight?")
st.markdown(
    "Step forward with **→**: first the values, from the inputs to the loss, then the slopes, from the loss back to "
    "every weight."
)
presets.preset_row(PRESETS, RESTING)

with st.sidebar:
    work = backprop_controls.work_controls()
    controls.reset_button(RESTING)

graph = work.graph
picked = st.session_state.get(f"chosen_{graph.widths}", 0)
stage.backprop(
    backprop_words.message(work, backprop_layout.layouts(work), link.playhead(), picked),
    VIEW,
    partial(backprop_controls.pick, graph.widths, graph.size),
)
left, right = st.columns([1, 3], vertical_alignment="center")
with left:
    st.button("Take the update", on_click=backprop_controls.write_weights, args=(work.updated,),
              help="Every weight moves by −η times its slope, and the walk can begin again")  # fmt: skip
with right:
    st.markdown(f"Loss now {number(float(work.values[-1]), 4)}, after one update {number(work.loss_after, 4)}.")
preset = presets.active(PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")

st.header("The chain rule, and why backward")
for column, formula in zip(st.columns(3, vertical_alignment="center"), backprop_words.CHAIN_RULE, strict=True):
    with column:
        st.latex(formula)
st.markdown(
    "A weight moves the loss only through the sum z that it enters, so its slope is the slope of that z times the "
    "activation it multiplies. An activation moves the loss through every unit that it feeds: those ways add up. And a "
    "sum moves it through its own activation, which multiplies by f′(z).\n\n"
    "Going backward, the slope of each z is worked out once and then used by all weights beneath it. "
    + backprop_words.cost(work)
    + " Rumelhart, Hinton and Williams made this known in 1986."
)
st.header("Checked against differences")
st.markdown(
    "A central difference changes one weight a little both ways, and measures the loss twice: "
    "(L(w + h) − L(w − h)) / 2h. " + backprop_words.verdict(work)
)
st.table(backprop_words.table(work), hide_index=True)
