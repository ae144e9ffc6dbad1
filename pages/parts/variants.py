"""Which deep networks stand side by side: one base, and what each of them changes in it."""

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from engine import limits
from engine.activations import ACTIVATIONS
from engine.depth import Deep
from engine.initializers import INITIALIZERS
from engine.normalization import NORMALIZATIONS
from pages.parts import controls, link
from pages.parts.network_controls import ACTIVATION_LABELS, INITIALIZER_LABELS, UNITS
from pages.parts.theme import SERIES, Style

COMPARISONS = {
    "cures": "nothing, normalisation, residual, both",
    "activations": "four activations",
    "initializers": "four initial weights",
    "depths": "four depths",
    "alone": "one network alone",
}
NORMALIZATION_LABELS = {key: entry.label for key, entry in NORMALIZATIONS.items()}
WITH_NONE = {"none": "None"} | NORMALIZATION_LABELS
RIVALS = ("sigmoid", "tanh", "relu", "gelu")
STARTS = ("glorot_uniform", "he_normal", "lecun_normal", "orthogonal")
DEPTHS = (2, 5, 10, 20)

RULES: dict[str, link.Rule] = {
    "compare": link.Choice(COMPARISONS),
    "depth": link.Number(*limits.DEPTH, integer=True),
    "width": link.Number(*limits.UNITS, integer=True),
    "activation": link.Choice(ACTIVATION_LABELS),
    "start": link.Choice(INITIALIZER_LABELS),
    "scale": link.Number(*limits.WEIGHT_SCALE),
    "norm": link.Choice(WITH_NONE),
    "cure": link.Choice(NORMALIZATION_LABELS),
    "residual": link.Flag(),
    "seed": link.Number(*limits.SEED, integer=True),
}
RESTING: dict[str, object] = {
    "compare": "cures", "depth": 10, "width": 32, "activation": "sigmoid", "start": "glorot_uniform", "scale": 1.0,
    "norm": "none", "cure": "layer", "residual": False, "seed": 0,
}  # fmt: skip


class Variant(NamedTuple):
    """A network with its name and look."""

    label: str
    deep: Deep
    style: Style


def variant_controls() -> tuple[list[Variant], int]:
    """The sidebar's part: the networks to compare, and the seed of the first draw."""
    st.subheader("Networks")
    mode = controls.menu("Compare", "compare", COMPARISONS, "cures")
    base = Deep()
    if mode != "depths":
        base = replace(base, depth=controls.whole_slider("Hidden layers", "depth", 10, limits.DEPTH, _depths()))
    base = replace(base, width=controls.whole_slider("Units a layer", "width", 32, limits.UNITS, UNITS))
    if mode != "activations":
        base = replace(base, activation=controls.menu("Activation", "activation", ACTIVATION_LABELS, "sigmoid"))
    if mode != "initializers":
        base = replace(
            base, initializer=controls.menu("Initial weights", "start", INITIALIZER_LABELS, "glorot_uniform")
        )
    scale = controls.slider_with_box("Initial weights times", "scale", 1.0, *limits.WEIGHT_SCALE, True)
    base = replace(base, scale=scale)
    cure = "layer"
    if mode == "cures":
        cure = controls.menu("Normalisation", "cure", NORMALIZATION_LABELS, "layer")
    else:
        norm = controls.menu("Normalisation", "norm", WITH_NONE, "none")
        residual = st.toggle("Residual connections", key="residual", bind="query-params")
        base = replace(base, normalization=None if norm == "none" else norm, residual=residual)
    seed = controls.whole_number_box("Seed of the first draw", "seed", 0, limits.SEED)
    return variants(base, mode, cure), seed


def _depths() -> list[int]:
    return [*range(1, 13), 16, 20, 24, 28, 32]


def variants(base: Deep, mode: str, cure: str = "layer") -> list[Variant]:
    """The networks of a comparison, at most four."""
    match mode:
        case "cures":
            short = {"layer": "layer norm", "batch": "batch norm"}[cure]
            named = [
                ("plain", base),
                (short, replace(base, normalization=cure)),
                ("residual", replace(base, residual=True)),
                (f"{short} + residual", replace(base, normalization=cure, residual=True)),
            ]
        case "activations":
            named = [(ACTIVATIONS[key].label, replace(base, activation=key)) for key in RIVALS]
        case "initializers":
            named = [(INITIALIZERS[key].label, replace(base, initializer=key)) for key in STARTS]
        case "depths":
            named = [(f"{depth} layers", replace(base, depth=depth)) for depth in DEPTHS]
        case _:
            named = [(ACTIVATIONS[base.activation].label, base)]
    return [Variant(label, deep, style) for (label, deep), style in zip(named, SERIES, strict=False)]
