"""Vanishing gradients: what each layer of a deep network hands back, at the start and while it learns."""

import numpy as np
import streamlit as st

from engine import limits
from engine.activations import ACTIVATIONS
from engine.depth import FLAT, Signals, data, signals
from engine.optimizers import OPTIMIZERS
from pages.parts import controls, depth_figures, depth_words, link, presets
from pages.parts.depth_training import DepthTraining, Settings, advance, begin, last_finite
from pages.parts.stage import chart
from pages.parts.variants import RESTING as VARIANTS_RESTING
from pages.parts.variants import RIVALS, Variant, variant_controls
from pages.parts.variants import RULES as VARIANT_RULES

TRAINING = "depth_training"
SLICE, TICK = 0.25, 0.4  # seconds of work between two pictures, and from one picture to the next
OPTIMIZER_LABELS = {key: entry.label for key, entry in OPTIMIZERS.items()}
STEPS, RATE, BATCH = 200, 0.02, 64

RULES = VARIANT_RULES | {
    "optimizer": link.Choice(OPTIMIZER_LABELS),
    "rate": link.Number(*limits.LEARNING_RATE),
    "steps": link.Number(*limits.DEPTH_STEPS, integer=True),
    "batch": link.Number(*limits.BATCH_SIZE, integer=True),
    "layers_of": link.Number(*limits.NETWORKS, integer=True),
}
RESTING = VARIANTS_RESTING | {"optimizer": "momentum", "rate": RATE, "steps": STEPS, "batch": BATCH, "layers_of": 1}


def training_controls(seed: int) -> Settings:
    """How all of them are trained."""
    st.subheader("Training")
    optimizer = controls.menu("Optimizer", "optimizer", OPTIMIZER_LABELS, "momentum")
    rate = controls.slider_with_box("Learning rate", "rate", RATE, *limits.LEARNING_RATE, True)
    steps = controls.whole_slider("Steps", "steps", STEPS, limits.DEPTH_STEPS, [10, 20, 50, 100, 200, 500, 1000])
    batch = controls.whole_slider("Batch size", "batch", BATCH, limits.BATCH_SIZE, [1, 2, 4, 8, 16, 32, 64, 128, 160])
    return Settings(optimizer, rate, steps, min(batch, len(data().X)), seed)


def train(variants: list[Variant], settings: Settings) -> None:
    """Begin, from the start."""
    st.session_state[TRAINING] = begin(variants, settings)


def stop() -> None:
    """Stop; what is there stays."""
    st.session_state[TRAINING].running = False


def current(variants: list[Variant], settings: Settings) -> DepthTraining:
    """The training of these networks in this way, which may not have begun."""
    live: DepthTraining | None = st.session_state.get(TRAINING)
    if live is None or not live.serves(variants, settings):
        return DepthTraining(variants, settings, [[] for _ in variants], [], running=False)
    return live


def transport(live: DepthTraining) -> None:
    """One button: train, or stop."""
    if live.running:
        st.button("Stop", on_click=stop, shortcut="Space")
    else:
        label = f"Train all for {live.settings.steps} steps"
        st.button(label, on_click=train, args=(live.variants, live.settings), shortcut="Space")


def training_picture(variants: list[Variant], settings: Settings) -> None:
    """The curves as far as they are; a slice of work first."""
    live = current(variants, settings)
    was_running = live.running
    if live.running:
        advance(live, SLICE)
    named = [(v.label, v.style, run) for v, run in zip(variants, live.progress, strict=True)]
    said = depth_words.trained(variants, live.progress)
    chart(
        depth_figures.losses_figure(named, settings.steps),
        "depth_losses",
        f"Loss by step. {said or 'Not trained yet.'}",
    )
    if live.running:
        st.progress(live.step / settings.steps, f"step {live.step} of {settings.steps}")
    elif was_running:
        st.rerun()


def after_training(variants: list[Variant], live: DepthTraining) -> None:
    """What the layers received on the way."""
    st.markdown(depth_words.trained(variants, live.progress))
    runs = [(v, run) for v, run in zip(variants, live.progress, strict=True) if run]
    st.subheader("The same norms, while it learns")
    scale = depth_figures.common_scale([run for _, run in runs])
    columns = st.columns(2)
    for index, (variant, run) in enumerate(runs):
        with columns[index % 2]:
            st.markdown(f"**{variant.label}**")
            heat = depth_figures.heat_figure(run, live.settings.steps, scale)
            alt = f"Gradient norm by layer and step of {variant.label}. {depth_words.trained([variant], [run])}"
            chart(heat, f"depth_heat_{index}", alt)
    st.subheader("How far one update moves a layer")
    st.markdown(
        "The length of the last update over the length of the layer's weights. In practice a layer learns at a good "
        "pace near one thousandth, which is the line at −3; a layer far below it stands still."
    )
    last = [(v.label, v.style, last_finite(run).ratios) for v, run in runs]
    if any(np.isfinite(ratios).any() for _, _, ratios in last):
        chart(depth_figures.ratios_figure(last), "depth_ratios", f"Update over weights by layer at step {live.step}.")
    else:
        st.info("There is no such ratio here: the weights are 0.")


def explanations(variants: list[Variant], measured: list[Signals], chosen: int) -> None:
    """Beneath the pictures: where the factors come from."""
    variant, one = variants[chosen], measured[chosen]
    entry = ACTIVATIONS[variant.deep.activation]
    st.header("Why the product shrinks")
    st.markdown(
        "Backpropagation hands δ = ∂L/∂z from each layer to the one beneath: δ ← (δ Wᵀ) · f′(z). So every layer "
        "multiplies by a slope and by weights. The sigmoid's slope is at most "
        f"{ACTIVATIONS['sigmoid'].steepest:g}; ReLU's is 1 wherever a unit is active. Weights of standard deviation 1 "
        "can partly make up for a small slope, and with ReLU they make signals explode."
    )
    left, right = st.columns(2)
    with left:
        shown = tuple(dict.fromkeys((*RIVALS[:3], variant.deep.activation)))
        steepest = ", ".join(f"{ACTIVATIONS[name].label} {ACTIVATIONS[name].steepest:.3g}" for name in shown)
        chart(depth_figures.derivatives_figure(shown), "depth_slopes", f"Slopes of activations. Largest: {steepest}.")
    with right:
        if variant.deep.normalization or variant.deep.residual:
            st.info(
                "The simple product bounds δ only in a plain network: residual connections add a second way back, and "
                "normalisation rescales on the way. Look inside a plain network to see the bound."
            )
        else:
            figure = depth_figures.bound_figure(one.deltas, one.bound, variant.label, entry.steepest)
            chart(figure, "depth_bound", f"Norm of δ by layer of {variant.label}, beneath its bound.")
    st.header("What the units answer")
    st.markdown(
        f"A unit is saturated for a sample where its slope is below {FLAT:.0%} of the activation's steepest, and dead "
        "where it has no slope for any sample."
    )
    left, right = st.columns(2)
    with left:
        chart(depth_figures.densities_figure(one.densities, one.edges, variant.label), "depth_densities",
              f"Distribution of the activations of {variant.label} by layer.")  # fmt: skip
    with right:
        rows = [(v.label, v.style, s.saturated, s.dead) for v, s in zip(variants, measured, strict=True)]
        chart(depth_figures.shares_figure(rows), "depth_shares", "Share of saturated and of dead units by layer.")


link.repair(RULES)
st.title("Why did deep sigmoid networks not learn?")
st.markdown("Each line is a network with two moons to learn, before its first step. Band: eight random starts.")
presets.preset_row(presets.VANISHING_PRESETS, RESTING)

with st.sidebar:
    variants, seed = variant_controls()
    settings = training_controls(seed)
    controls.reset_button(RESTING)

live = current(variants, settings)
transport(live)
measured = [signals(variant.deep, first=seed) for variant in variants]
left, right = st.columns(2)
with left:
    series = [(v.label, v.style, s.gradients) for v, s in zip(variants, measured, strict=True)]
    chart(depth_figures.norms_figure(series, "gradient norm, |∂L/∂W|"), "depth_norms",
          f"Gradient norm by layer at the start. {depth_words.summary(variants, measured)}")  # fmt: skip
with right:
    st.fragment(training_picture, run_every=TICK if live.running else None)(variants, settings)
for sentence in depth_words.findings(variants, measured):
    st.info(sentence)
preset = presets.active(presets.VANISHING_PRESETS)
if preset:
    st.info(f"**{preset.label}.** {preset.says}")
if settings.batch_size == 1 and any(v.deep.normalization == "batch" for v in variants):
    st.info(
        "Batch normalisation with a batch of one: the batch's mean is the sample itself, so every unit answers the "
        "same to everything, and no gradient passes. Choose a batch of two or more."
    )
st.markdown(
    "Gradient norms at the start, |∂L/∂W|: medians of the eight starts, the ratio of first to last hidden layer with "
    "its range, and the shares of saturated and dead units."
)
st.table(depth_words.table(variants, measured))
if st.session_state.get("compare", "cures") == "cures":
    st.markdown(depth_words.cures(measured))
if live.step and not live.running:
    after_training(variants, live)

chosen = 0
if len(variants) > 1:
    with st.sidebar:
        chosen = controls.whole_number_box("Look inside network", "layers_of", 1, limits.Bounds(1, len(variants))) - 1
explanations(variants, measured, chosen)
