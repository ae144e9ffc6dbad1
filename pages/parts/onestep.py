"""The picture of one step: the ball, its tangent, the rule in numbers, and a reader who predicts."""

from typing import Any

import numpy as np

from engine import limits
from engine.curves import Curve
from pages.parts import controls, stage
from pages.parts.curve_walk import Setting, ending, step_sentence, walks
from pages.parts.theme import BY_HAND, GRADIENT, STEP, STYLES
from pages.parts.words import number, plain

ONE_STEP = "one_step"
POINTS = 601  # of the curve, finer than pixels
MARGIN = 0.03  # of the view's width: room for the ball at a start near the frame or beyond
CLOSE = 0.02  # of the frame's width: a prediction as near as this is a good one
NUDGES = 40  # presses of an arrow key from one end of the frame to the other


def ground(curve: Curve, start: float) -> dict[str, Any]:
    """The curve over its view, made wider where the start lies outside."""
    margin = MARGIN * (curve.view[1] - curve.view[0])
    low, high = min(curve.view[0], start - margin), max(curve.view[1], start + margin)
    w = np.linspace(low, high, POINTS)
    loss = curve.value(w)
    edge = 0.05 * float(np.ptp(loss))
    seen = curve.minima[(curve.minima >= low) & (curve.minima <= high)]
    return {
        "x": w,
        "y": loss,
        "minima": np.column_stack((seen, curve.value(seen))).tolist(),
        "frame": {"x": [low, high], "y": [float(loss.min()) - edge, float(loss.max()) + edge]},
    }


def message(setting: Setting, predict: bool, playhead: int | None) -> dict[str, Any]:
    """The whole walk, which the browser shows a step at a time."""
    curve = setting.curve
    walk = walks(setting.name, setting.start, (setting.rate,), setting.steps)[0]
    shown = ground(curve, setting.start)
    width = shown["frame"]["x"][1] - shown["frame"]["x"][0]
    return {
        "walk": repr(setting),
        "curve": shown,
        "w": walk.w,
        "loss": walk.loss,
        "slope": walk.slope,
        "update": walk.update,
        "rate": setting.rate,
        "told": [step_sentence(curve, walk, k) for k in range(len(walk.w) - 1)],
        "ended": {"step": walk.outcome.step, "text": ending(curve, walk)},
        "predict": predict,
        "close": CLOSE * width,
        "nudge": float(f"{width / NUDGES:.1g}"),
        "playhead": playhead,
        "ball": {**STYLES["sgd"]._asdict(), "width": 2.4},
        "colours": {"slope": GRADIENT, "step": STEP, "guess": BY_HAND.colour},
        "alt": f"Loss curve {curve.label} from w = {number(shown['frame']['x'][0])} to "
        f"{number(shown['frame']['x'][1])}, learning rate {plain(setting.rate)}.",
    }


def picture(setting: Setting, predict: bool, playhead: int | None) -> None:
    """The walk, to be taken step by step; a start chosen by hand changes the link's."""
    stage.onestep(message(setting, predict, playhead), ONE_STEP, _new_start)


def _new_start() -> None:
    chosen = stage.triggered(ONE_STEP, "start", "w")
    if chosen:
        controls.set_values({"w": limits.CURVE_WEIGHT.clamp(float(f"{chosen[0]:.4g}"))})
