"""One step: the update rule on one weight and on two, predicted by the reader, and the fates that a rate decides."""

import streamlit as st

from pages.parts import controls, curve_walk, fates, link, onestep, presets, two_weights
from pages.parts.step_presets import STEP_PRESETS

RULES: dict[str, link.Rule] = curve_walk.RULES | fates.RULES | two_weights.RULES
RESTING = curve_walk.RESTING | fates.RESTING | two_weights.RESTING

link.repair(RULES)
st.title("What does one update do?")
st.markdown(
    "The ball feels the slope under it and steps against it. **Where will it land?** Predict, then take the step."
)
presets.preset_row(STEP_PRESETS, RESTING)

with st.sidebar:
    setting, predict = curve_walk.walk_controls()
    shares = fates.share_controls()
    st.subheader("Two weights")
    run, chosen = two_weights.surface_controls(setting.steps)
    view = controls.view_controls(curvature=False)
    controls.reset_button(RESTING | curve_walk.GAME)

onestep.picture(setting, predict, link.playhead())
preset = presets.active(STEP_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")

st.header("One start, four rates")
fates.picture(setting, shares)

st.header("What the rule says")
left, right = st.columns(2)
with left:
    st.latex(r"w_\text{new} = w_\text{old} - \alpha \cdot \frac{\partial L}{\partial w}")
    st.markdown(
        "∂L/∂w is the slope of the tangent: how fast the loss rises as w grows. Where it is positive the step goes "
        "left, where it is negative right: always downhill. A steep place makes a long step, a flat one a short step; "
        "α, the learning rate, scales them all. The rule knows nothing of where the minimum is."
    )
with right:
    curve = setting.curve
    st.latex(rf"L(w) = {curve.formula} \qquad \frac{{\partial L}}{{\partial w}} = {curve.slope_formula}")
    st.markdown(f"**{curve.label}.** {curve.teaches}")

st.header("Two weights")
st.markdown("Each weight follows the same rule with a slope of its own, ∂L/∂w₁ or ∂L/∂w₂, and one α serves both.")
two_weights.picture(run, shares, chosen, link.playhead(), **view)
st.markdown(
    "Too large is decided by the steepest direction, 2/λmax; too small is felt in the flattest. In a ravine no single "
    "rate suits both weights: the larger κ, the longer the good one crawls along the floor."
)
