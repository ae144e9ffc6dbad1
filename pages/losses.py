"""Loss functions: what one prediction costs, and how steeply that changes."""

import streamlit as st

from engine.penalties import PENALTIES
from pages.parts import controls, link, loss_figures, loss_table, penalty, presets, saturation, softmax

RULES: dict[str, link.Rule] = penalty.RULES | saturation.RULES | softmax.RULES
RESTING = penalty.RESTING | saturation.RESTING | softmax.RESTING

link.repair(RULES)
st.title("How wrong is a prediction?")
st.markdown("The answer yes gets the probability ŷ; the truth is y. **Drag a ball**: what does each loss ask?")
presets.preset_row(presets.LOSS_PRESETS, RESTING)

with st.sidebar:
    y, prediction = penalty.prediction_controls()
    st.subheader("Through a sigmoid")
    z, rate, steps = saturation.start_controls()
    controls.reset_button(RESTING)

penalty.picture(prediction, y)
preset = presets.active(presets.LOSS_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")
st.caption("log is the natural logarithm. ŷ runs from 0.001 to 0.999: at the wrong end of the scale cross-entropy and "
           "its slope grow without bound. Where a slope leaves the frame, an arrow says so.")  # fmt: skip
for column, entry in zip(st.columns(2), PENALTIES.values(), strict=True):
    with column:
        st.markdown(f"**{entry.label}**")
        st.latex(f"L = {entry.formula}")
        st.latex(rf"\frac{{dL}}{{d\hat y}} = {entry.prediction_slope}")
st.markdown(penalty.comparison())
st.markdown(
    "A loss makes one number of it all: the mean over all samples of what each prediction costs. One number can be "
    "compared, and it has a slope in every weight. That is all that descent needs, and all that it ever sees: what the "
    "loss does not ask for is not learned."
)

st.header("Why not squared error for a yes or no?")
runs = saturation.descents(y, z, rate, steps)
slopes, crossed = saturation.slopes_sentence(runs, y), saturation.crossing_sentence(runs, y, rate)
st.markdown(
    "A network answers with a logit z, and ŷ = σ(z) squeezes it between 0 and 1. Descent moves z, so what counts is "
    "the slope in z: by the chain rule the slope in ŷ times σ′(z) = ŷ(1 − ŷ), which is almost nothing where ŷ is "
    "nearly 0 or 1. Cross-entropy's slope in ŷ grows just as fast as that factor shrinks. Squared error's does not."
)
for column, entry in zip(st.columns(2), PENALTIES.values(), strict=True):
    with column:
        st.latex(rf"\text{{{entry.label}:}}\quad \frac{{dL}}{{dz}} = {entry.logit_slope}")
figures = saturation.logit_figures(z, y)
loss_figures.pair(figures, "by_logit", (f"Loss against the logit. {slopes}", f"Slope against the logit. {slopes}"))
st.markdown(slopes)
figures = saturation.step_figures(y, z, rate, steps)
loss_figures.pair(figures, "by_step", (f"Loss by step. {crossed}", f"Prediction by step. {crossed}"))
st.markdown(crossed)
st.markdown(
    "Where an answer is sure and wrong there is most to learn, and there squared error sees flat ground. No rate is "
    "too large to be stable here: a single sample only ever pushes its logit further the right way."
)

st.header("More than two classes")
st.markdown("Softmax turns k logits into k probabilities that sum to 1; the loss looks only at the true class's.")
for column, formula in zip(st.columns(3, vertical_alignment="center"), softmax.FORMULAS, strict=True):
    with column:
        st.latex(formula)
left, right = st.columns([2, 3], gap="medium")
with left:
    logits, true = softmax.class_controls()
    st.markdown("Add 1 to all logits: nothing changes but the logits. Only their differences count.")
with right, st.container(key="losses_of_classes"):
    softmax.class_charts(logits, true)
st.markdown(
    "The gradient sums to 0: what the true class is pushed up, the others are pushed down, each in proportion to the "
    "probability it had taken. With two classes all this is binary cross-entropy on the logit z₁ − z₂."
)

st.header("Which loss for which target?")
st.markdown("Yes or no: binary cross-entropy. One of several classes: categorical cross-entropy. A value: squared "
            "error, or Huber where there are outliers.")  # fmt: skip
with st.expander("All losses, with their formulas"):
    loss_table.table()
    loss_figures.pair(loss_table.figures(), "compared", loss_table.texts())
