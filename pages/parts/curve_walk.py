"""Walks on the loss of one weight: what a link holds of them, their numbers, and what is said of each step."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from engine import Array, limits
from engine.curves import CURVES, Curve
from engine.descent import Outcome, Trajectory, descend, outcome, stack
from engine.experiment import round_rate
from engine.optimizers import OPTIMIZERS
from pages.parts import controls
from pages.parts.link import Choice, Flag, Number, Rule
from pages.parts.words import number, plain

CURVE_LABELS = {key: curve.label for key, curve in CURVES.items()}
CURVE, STEPS = next(iter(CURVES)), 20
SMOOTH = 0.3  # of the largest stable rate: descent is quick there, and doesn't overshoot

RULES: dict[str, Rule] = {
    "curve": Choice(CURVE_LABELS),
    "w": Number(*limits.CURVE_WEIGHT),
    "rate": Number(*limits.LEARNING_RATE),
    "steps": Number(*limits.CURVE_STEPS, integer=True),
    "predict": Flag(),
    "step": Number(0, limits.STEPS.high, integer=True),
}


class Setting(NamedTuple):
    """What the reader has chosen: a key of CURVES, a start, a rate, how many steps."""

    name: str
    start: float
    rate: float
    steps: int

    @property
    def curve(self) -> Curve:
        """The curve itself."""
        return CURVES[self.name]


class Walk(NamedTuple):
    """One run on a curve: columns of at most steps + 1 rows, up to the first that is not finite."""

    rate: float
    w: Array
    loss: Array
    slope: Array
    update: Array  # NaN where the run stopped for want of finite numbers
    outcome: Outcome


def usual_rate(name: str) -> float:
    """A rate at which descent is smooth from a curve's own start."""
    curve = CURVES[name]
    return round_rate(SMOOTH * curve.largest_stable_rate(curve.start))


RESTING: dict[str, object] = {"curve": CURVE, "w": CURVES[CURVE].start, "rate": usual_rate(CURVE), "steps": STEPS}
# a preset leaves the game as it is; the page's reset doesn't
GAME: dict[str, object] = {"predict": True}


def walk_controls() -> tuple[Setting, bool]:
    """The curve, the start, the rate, the steps; and whether the reader predicts."""
    name = controls.menu("Loss curve", "curve", CURVE_LABELS, CURVE, on_change=_new_curve)
    start = controls.slider_with_box(
        "Start w", "w", CURVES[name].start, *limits.CURVE_WEIGHT, False, "Or drag the ball along the curve"
    )
    rate = controls.slider_with_box(
        "Learning rate α", "rate", usual_rate(name), *limits.LEARNING_RATE, True,
        "How much of the slope is taken as a step. Other pages, like many papers, write η",
    )  # fmt: skip
    stops = [*range(1, 10), *range(10, int(limits.CURVE_STEPS.high) + 1, 5)]
    steps = controls.whole_slider("Steps", "steps", STEPS, limits.CURVE_STEPS, stops)
    predict = st.toggle("Predict before each step", True, key="predict", bind="query-params",
                        help="Hides where the ball will land until it has moved")  # fmt: skip
    return Setting(name, start, rate, steps), predict


def _new_curve() -> None:
    name = st.session_state["curve"]
    controls.set_values({"w": CURVES[name].start, "rate": usual_rate(name)})


@st.cache_data(max_entries=128, show_spinner=False)
def walks(name: str, start: float, rates: tuple[float, ...], steps: int) -> list[Walk]:
    """Plain gradient descent from one start at several rates, all in one run."""
    curve = CURVES[name]
    sgd = OPTIMIZERS["sgd"].factory(learning_rate=np.array(rates)[:, None])
    trajectory = stack(descend(curve.objective, sgd, np.full((len(rates), 1), start), steps))
    outcomes = outcome(trajectory, curve.hessian)
    return [_walk(curve, trajectory, r, rate, outcomes[r]) for r, rate in enumerate(rates)]


def _walk(curve: Curve, trajectory: Trajectory, replica: int, rate: float, ended: Outcome) -> Walk:
    w, update = trajectory.params[:, replica, 0], trajectory.updates[:, replica, 0]
    loss, slope = trajectory.loss[:, replica], trajectory.grads[:, replica, 0]
    frozen = np.isnan(update)
    if frozen.any():
        # a frozen run stays at its last finite place: show instead where its last update led
        last = int(np.argmax(frozen))
        w, loss, slope, update = (column[: last + 1].copy() for column in (w, loss, slope, update))
        with np.errstate(all="ignore"):
            w[last] = w[last - 1] + update[last - 1]
            loss[last], slope[last] = curve.value(w[last]), curve.slope(w[last])
    return Walk(rate, w, loss, slope, update, ended)


def step_sentence(curve: Curve, walk: Walk, k: int) -> str:
    """What step k + 1 did, and why: the rule, then where that is as seen from the minimum."""
    w, to, move = float(walk.w[k]), float(walk.w[k + 1]), float(walk.update[k])
    if to == w:
        return f"Step {k + 1}: the slope is 0 here, so the ball stays at w = {number(w)}."
    before, after = float(walk.loss[k]), float(walk.loss[k + 1])
    way = "right" if move > 0 else "left"
    change = "falls" if after < before else "rises"
    change = f"{change} from {number(before)} to {number(after)}" if after != before else f"stays {number(before)}"
    return (
        f"Step {k + 1}: the ball moves {number(abs(move))} to the {way}, to w = {number(to)}; the loss {change}. "
        f"{_why(curve, walk, k)}"
    )


def _why(curve: Curve, walk: Walk, k: int) -> str:
    w, to = float(walk.w[k]), float(walk.w[k + 1])
    if not np.isfinite(walk.loss[k + 1]):
        return "The loss there is too large for the computer's numbers."
    minimum = curve.valley(w)
    there = f"the minimum at w = {number(minimum)}"
    factor, reason = (to - minimum) / (w - minimum), ""
    if curve.quadratic:
        bend = float(curve.curvature(np.array(w)))
        factor = 1 - walk.rate * bend  # what the division above gives, without its rounding
        reason = (
            "On a parabola each step multiplies the distance to the minimum by "
            f"1 − αλ = 1 − {plain(walk.rate)} · {plain(bend)} = {number(factor)}: "
        )
    with np.errstate(all="ignore"):
        if curve.valley(to) != minimum:
            what = f"it has left the valley of {there}."
        elif abs(factor) < 1e-9:
            what = f"it lands on {there}."
        elif factor > 0:
            what = f"it has gone {number(100 * (1 - factor))} % of the way to {there}."
        else:
            closer = "closer than" if factor > -1 else "further out than" if factor < -1 else "just as far away as"
            what = f"it overshot {there}, and is {closer} before."
    return reason + what if reason else what[0].upper() + what[1:]


def ending(curve: Curve, walk: Walk) -> str:
    """How a walk ended, in one sentence."""
    last, ended = len(walk.w) - 1, walk.outcome
    place = f"at w = {number(float(walk.w[-1]))}, with loss {number(float(walk.loss[-1]))}"
    edge = curve.largest_stable_rate(float(walk.w[0]))
    match ended.kind:
        case "converged":
            return f"Converged at step {ended.step}: {place}."
        case "stationary":
            return f"Stationary: the slope at w = {number(float(walk.w[-1]))} is 0, so no step leads away."
        case "diverged" if walk.rate > edge:
            return (
                f"Diverged at step {ended.step}: α = {plain(walk.rate)} is above 2/L″ = {number(edge)}, so each step "
                "overshoots by more than the last."
            )
        case "diverged":
            return f"Diverged at step {ended.step}: its steps grew faster than the slope could turn them back."
    return f"Out of steps after {last}: {place}."
