"""The fates of one start at four rates, each a share of 2/L″: too small, good, and too large in two ways."""

from typing import Any

import numpy as np
import streamlit as st

from engine import limits
from engine.curves import Curve
from pages.parts import controls, stage
from pages.parts.curve_walk import SMOOTH, Setting, Walk, ending, walks
from pages.parts.link import Number, Rule
from pages.parts.onestep import ground
from pages.parts.theme import SERIES
from pages.parts.words import number, plain

SHARES = {"small": 0.02, "good": SMOOTH, "bounce": 0.95, "large": 1.2}
"""The rates that a fresh visit compares, by their names in the link."""
SLIDERS = {"small": "Too small", "good": "Good", "bounce": "Just below the edge", "large": "Beyond the edge"}

RULES: dict[str, Rule] = {key: Number(*limits.EDGE_SHARE) for key in SHARES}
RESTING: dict[str, object] = dict(SHARES)


def share_controls() -> tuple[float, ...]:
    """The four rates as shares of the largest stable one."""
    with st.expander("Rates of the four fates"):
        st.caption("As multiples of 2/L″, where L″ is the curvature at the minimum below the start.")
        return tuple(
            controls.slider_with_box(label, key, SHARES[key], *limits.EDGE_SHARE, True)
            for key, label in SLIDERS.items()
        )


def fate(curve: Curve, walk: Walk) -> str:
    """What became of a walk, in a word or two, from its numbers alone."""
    minimum = curve.valley(float(walk.w[0]))
    sides = np.sign(walk.w - minimum)
    crossings = int((sides[1:] * sides[:-1] < 0).sum())
    match walk.outcome.kind:
        case "diverged":
            return "Diverges"
        case "stationary":
            return "Stays"
        case "converged":
            if curve.valley(float(walk.w[-1])) != minimum:
                return "Ends in another valley"
            return "Overshoots, then arrives" if crossings else "Arrives"
    if crossings == 0:
        return "Crawls"
    return "Bounces" if crossings > len(walk.w) / 2 else "Overshoots"


def runs(setting: Setting, shares: tuple[float, ...]) -> list[Walk]:
    """The four walks."""
    edge = setting.curve.largest_stable_rate(setting.start)
    return walks(setting.name, setting.start, tuple(float(f"{share * edge:.3g}") for share in shares), setting.steps)


def message(setting: Setting, shares: tuple[float, ...]) -> dict[str, Any]:
    """One ground, and the places of each ball."""
    curve = setting.curve
    sent = []
    for i, (walk, share, style) in enumerate(zip(runs(setting, shares), shares, SERIES, strict=True), 1):
        name, said = fate(curve, walk), ending(curve, walk)
        label = f"{name}: α = {plain(walk.rate)} ({plain(share)} · 2/L″)"
        sent.append(
            {"label": label, **style._asdict(), "width": 2.2, "w": walk.w, "loss": walk.loss, "ended": said,
             "alt": f"Rate {i} of {len(shares)}. {label}, on {curve.label} from w = {number(setting.start)}. {said}"}
        )  # fmt: skip
    return {"curve": ground(curve, setting.start), "runs": sent}


def picture(setting: Setting, shares: tuple[float, ...]) -> None:
    """The pictures, the sentence that sums them up, and their numbers in a table."""
    stage.fates(message(setting, shares), "fates")
    curve = setting.curve
    minimum = curve.valley(setting.start)
    bend = float(curve.curvature(np.array(minimum)))
    st.markdown(
        f"The valley's minimum is at w = {number(minimum)}, where the curvature is L″ = {number(bend)}. Close to it a "
        f"step multiplies the distance by 1 − αL″. Below α = 1/L″ = {number(1 / bend)} the ball stays on its side; "
        f"between that and 2/L″ = {number(2 / bend)} it lands beyond the minimum, yet closer; above 2/L″ each landing "
        "is further away than the last."
        + ("" if curve.quadratic else " Further out the curvature differs, and so does what a rate does there.")
    )
    with st.expander("The numbers of the four fates"):
        st.table(table(runs(setting, shares)), hide_index=True)


def table(fates: list[Walk]) -> list[dict[str, str]]:
    """Weight by step, a column for each rate."""
    rows = range(max(len(walk.w) for walk in fates))
    return [
        {"Step": str(k)}
        | {f"w at α = {plain(walk.rate)} ({i})": number(float(walk.w[k])) if k < len(walk.w) else "–"
           for i, walk in enumerate(fates, 1)}
        for k in rows
    ]  # fmt: skip
