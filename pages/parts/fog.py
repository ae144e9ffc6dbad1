"""The stage in fog: the message of a walk, without what can't be known from the points stood on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.descent import Outcome, Trajectory
from engine.experiment import Run, surface_of
from pages.parts import runs, walk
from pages.parts.figures import curve_figure
from pages.parts.inspector import arrows
from pages.parts.runs import Shown
from pages.parts.stage import figure_json, single
from pages.parts.theme import BY_HAND
from pages.parts.words import number, plain, point

SIGHT = 1.2  # how far one sees in the fog, in steps of the usual length


def by_hand(surface: str, trajectory: Trajectory) -> Shown:
    """A walk as the stage shows a run. It stands there as plain descent, whose state it shares: none but the clock."""
    steps = len(trajectory.count) - 1
    return Shown(Run(surface, steps=walk.BUDGET), "By hand", BY_HAND, trajectory, Outcome("out of steps", steps))


def message(shown: Sequence[Shown], *, lifted: bool, length: float) -> dict[str, Any]:
    """What the stage needs of a walk, alone or with gradient descent after it, in fog or not; ``length`` of a step."""
    surface = surface_of(shown[0].run)
    on_foot = len(shown) == 1
    sight = None if lifted else SIGHT * walk.usual_length(surface)
    able = on_foot and len(shown[0].trajectory.count) <= walk.BUDGET
    whole = runs.message(shown, ghost=False, fog=sight, pick=able)
    if not on_foot:
        whole["leaderboard"]["rates"] = ["–", *(plain(s.run.learning_rate) for s in shown[1:])]
    return whole if lifted else shrouded(whole, shown, length)


def shrouded(whole: dict[str, Any], shown: Sequence[Shown], length: float) -> dict[str, Any]:
    """The message without the landscape's name, formula, minima, lowest loss and scale of heights."""
    hand = shown[0].trajectory
    on_foot = len(shown) == 1
    left = walk.BUDGET - (len(hand.count) - 1)
    losses = [s.trajectory.loss for s in shown]
    figure = curve_figure(losses, [s.style for s in shown], "height (loss)", False)
    figure.update_traces(mode="lines+markers", marker={"size": 5})
    figure.layout.xaxis.range = [0, walk.BUDGET]
    board = whole["leaderboard"]
    says = [said(s.label, s.trajectory) for s in shown]
    if on_foot:
        says[0] += f" Steps left: {left}."
    ground = whole["ground"]
    return whole | {
        "ground": ground | {"key": f"fog {ground['key']}", "map": _unscaled(**ground["map"])},
        "runs": [
            run | {"curve": single(loss), "distance": None, "ended": ended, "alt": ended}
            for run, loss, ended in zip(whole["runs"], losses, says, strict=True)
        ],
        "scale": whole["scale"] | {"offset": 0.0, "lowest": 0.0, "log": False},
        "curve": figure_json(figure),
        "extra": whole["extra"]
        | {
            "minima": [],
            "arrows": arrows(shown[0].run)[:1] if on_foot else [],
            "reach": length if on_foot and left else None,
            "tag": f"slope {number(_slope(hand))}" if on_foot else None,
        },
        "inspector": _instruments(hand, left, arrows(shown[0].run)[:1]) if on_foot else None,
        "leaderboard": None if on_foot else board | {"titles": ["Walker", "Rate", "Height", "Steps"]},
        "alt": {
            "map": "Map in fog. " + " ".join(says),
            "scene": "Nothing can be seen through the fog.",
            "curve": "Height at each point stood on. " + " ".join(says),
        },
    }


def said(label: str, trajectory: Trajectory) -> str:
    """What is known at the end of a walk, in words."""
    steps = len(trajectory.count) - 1
    when = "at the start" if steps == 0 else f"after {steps} step{'' if steps == 1 else 's'}"
    height, lowest = number(float(trajectory.loss[-1])), number(float(trajectory.loss.min()))
    return (
        f"{label}, {when}: at {point(trajectory.params[-1])}, height {height}, "
        f"slope {number(_slope(trajectory))}, lowest so far {lowest}."
    )


def _slope(trajectory: Trajectory) -> float:
    return float(np.linalg.norm(trajectory.grads[-1]))


def _instruments(hand: Trajectory, left: int, arrows: list[dict[str, Any]]) -> dict[str, Any]:
    lines = [
        ("height (loss) here", "{loss}"),
        ("slope here", "{slope}"),
        ("lowest so far", "{lowest}"),
        ("steps left", f"{left} of {walk.BUDGET}"),
    ]
    columns = {
        "loss": hand.loss,
        "slope": np.linalg.norm(hand.grads, axis=-1),
        "lowest": np.minimum.accumulate(hand.loss),
    }
    return {"lines": lines, "columns": columns, "arrows": arrows}


def _unscaled(data: list[dict[str, Any]], layout: dict[str, Any]) -> dict[str, Any]:
    margin = layout["margin"] | {"t": 12}  # room for the topmost tick's label
    return {"data": [trace | {"showscale": False} for trace in data], "layout": layout | {"margin": margin}}
