"""The walk in the fog: what a link may say, where a step leads, what is said of it, and what must stay hidden."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.descent import outcome
from engine.experiment import Run, simulate
from engine.limits import STEP_LENGTH
from engine.surfaces import SURFACES
from engine.sweeps import recommended_rate
from pages.parts import controls, fog, runs, walk
from pages.parts.stage import pack

VIEW = SURFACES["himmelblau"].domain
COORDINATES = st.floats(-6, 6).map(lambda v: float(f"{v:.4g}"))
WALKS = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=walk.BUDGET).map(tuple)
HOSTILE = [
    "", "zzz", ";", ",", "1", "1,2,3", "1,2;", "1e999,0", "nan,nan", "inf,1", "-inf,1", "1_0,2", "0x10,1", "\u0661,2",
    "1,2\u200b", "<script>,1", "9" * 10_000, "1,1;" * 5_000, "__proto__", "1, 2", "1,2;;3,4", "--1,2", "1e99999,1",
]  # fmt: skip


@given(WALKS)
def test_what_is_spelt_reads_back(points: tuple[walk.Point, ...]) -> None:
    assert walk.parse(walk.spell(points)) == points
    assert walk.Walk(VIEW).read(walk.spell(points)) == (walk.spell(points), None)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_faulty_walk_begins_again_and_says_so(text: str) -> None:
    read, complaint = walk.Walk(VIEW).read(text)
    assert read is None
    assert complaint is not None


@given(st.text(alphabet="0123456789.,;-+eE ", max_size=200))
def test_any_text_gives_a_legal_walk_or_none(text: str) -> None:
    read, _ = walk.Walk(VIEW).read(text)
    points = walk.parse(read) if read is not None else ()
    assert points is not None
    assert len(points) <= walk.BUDGET
    assert all(walk.confine(VIEW, p) == p for p in points)


def test_too_many_and_too_far_points_are_mended() -> None:
    rule = walk.Walk(VIEW)
    read, complaint = rule.read(";".join(["1,1"] * (walk.BUDGET + 1)))
    assert read == ";".join(["1,1"] * walk.BUDGET)
    assert complaint is not None and str(walk.BUDGET) in complaint
    read, complaint = rule.read("7,0;1e6,-1e6")
    assert read == "6,0;6,-6"
    assert complaint is not None and "map" in complaint


@given(st.tuples(st.floats(-4, 4), st.floats(-4, 4)), st.floats(-math.pi, math.pi), st.floats(0.1, 1.0))
def test_a_step_has_its_length_and_direction(here: walk.Point, angle: float, length: float) -> None:
    there = walk.step(SURFACES["himmelblau"], here, (5 * math.cos(angle), 5 * math.sin(angle)), length)
    assert there is not None
    # four digits of a coordinate below 10 are good to half a thousandth
    assert np.subtract(there, here) == pytest.approx((length * math.cos(angle), length * math.sin(angle)), abs=6e-4)


def test_a_step_ends_at_the_edge() -> None:
    surface = SURFACES["himmelblau"]
    assert walk.step(surface, (5.0, 1.0), (2.0, 1.0), 10.0) == (6.0, 1.5)
    assert walk.step(surface, (6.0, 1.5), (1.0, 0.0), 1.0) is None
    assert walk.step(surface, (6.0, 1.5), (0.0, 1.0), 1.0) == (6.0, 2.5)
    assert walk.step(surface, (6.0, 6.0), (-1.0, 1.0), 1.0) is None


@pytest.mark.parametrize("direction", [(0.0, 0.0), (math.nan, 1.0), (math.inf, 0.0)])
def test_no_direction_no_step(direction: walk.Point) -> None:
    assert walk.step(SURFACES["himmelblau"], (0.0, 0.0), direction, 1.0) is None


@pytest.mark.parametrize("number", range(1, len(walk.LANDSCAPES) + 1))
def test_every_landscape_suits_a_walk(number: int) -> None:
    name, surface = walk.landscape(number)
    (x0, x1), (y0, y1) = surface.domain
    start = (float(surface.start[0]), float(surface.start[1]))
    length = walk.usual_length(surface)
    assert x1 - x0 == y1 - y0
    assert np.isfinite(surface.lowest)
    assert walk.confine(surface.domain, start) == start
    assert length in controls._stops(*STEP_LENGTH, log=True)
    assert (x1 - x0) / 14 < length < (x1 - x0) / 10
    # a short step against the slope leads down
    there = walk.step(surface, start, walk.downhill(surface, start), length / 100)
    assert there is not None
    assert surface.value(np.array(there)) < surface.value(surface.start)
    # and so does gradient descent, which must not fly off
    run = Run(name, steps=walk.BUDGET).with_rate(recommended_rate(Run(name), controls.STEPS))
    descent = simulate(run)
    assert outcome(descent)[0].kind != "diverged"
    assert descent.loss[-1] < descent.loss[0]


def test_landscapes_go_round() -> None:
    assert walk.landscape(len(walk.LANDSCAPES) + 1) == walk.landscape(1)


def test_a_walk_is_recorded_as_descent_would() -> None:
    surface = SURFACES["bowl"]
    points = [(4.0, 3.0), (4.0, 0.0), (1.0, 0.0)]
    walked = walk.trajectory(surface, points)
    assert walked.count.tolist() == [0, 1, 2]
    assert walked.loss.tolist() == [25.0, 16.0, 1.0]
    assert walked.grads.tolist() == [[8.0, 6.0], [8.0, 0.0], [2.0, 0.0]]
    assert walked.updates.tolist() == [[0.0, -3.0], [-3.0, 0.0], [0.0, 0.0]]


def _bowl(*points: walk.Point) -> Any:
    return walk.trajectory(SURFACES["bowl"], [(4.0, 3.0), *points])


def test_verdict_on_a_bowl() -> None:
    won = walk.verdict(SURFACES["bowl"], _bowl((3.0, 0.0)), _bowl((0.0, -1.0)))
    assert won == [
        "Gradient descent ended lower than you, by 8.00: height 1.00 against 9.00.",
        "You stand 3.00 from the nearest minimum, gradient descent 1.00.",
        "Each of you felt 2 heights and slopes, one at each point stood on, "
        "and knew nothing of the ground between them.",
    ]
    assert walk.verdict(SURFACES["bowl"], _bowl((0.0, 0.5)), _bowl((1.0, 1.0)))[0] == (
        "You ended lower than gradient descent, by 1.75: height 0.250 against 2.00."
    )
    level = walk.verdict(SURFACES["bowl"], _bowl((0.0, 2.0)), _bowl((2.0, 0.0), (0.0, -2.0)))
    assert level[0] == "You and gradient descent ended at the same height, 4.00."
    assert level[-1].startswith("You felt 2 and gradient descent 3 heights and slopes")


def test_verdict_names_the_lowest_point_only_where_it_was_missed() -> None:
    surface = SURFACES["twin_wells"]
    deep, shallow = (walk.trajectory(surface, [(0.5, 1.5), tuple(m)]) for m in surface.minima.tolist())
    assert not any("lowest point" in sentence for sentence in walk.verdict(surface, deep, deep))
    assert any("(−0.936, 0)" in sentence for sentence in walk.verdict(surface, deep, shallow))
    four = SURFACES["himmelblau"]
    ends = [walk.trajectory(four, [(0.0, -0.5), tuple(m)]) for m in four.minima.tolist()]
    assert not any("lowest point" in sentence for end in ends for sentence in walk.verdict(four, end, ends[0]))


def _shown(name: str, after: list[walk.Point], descent: bool) -> list[runs.Shown]:
    surface = SURFACES[name]
    hand = fog.by_hand(name, walk.trajectory(surface, [tuple(surface.start.tolist()), *after]))
    run = Run(name, steps=max(len(after), 1)).with_rate(surface.rate)
    return [hand, runs.show(run, "Gradient descent")] if descent else [hand]


def _text(message: dict[str, Any]) -> str:
    """Everything in a message but the figures under the fog, which the browser needs to draw the patch in sight."""
    open_parts = {key: value for key, value in message.items() if key != "ground"}
    return json.dumps(open_parts, ensure_ascii=False, default=lambda value: np.asarray(value).tolist())


@pytest.mark.parametrize("descent", [False, True])
@pytest.mark.parametrize("name", walk.LANDSCAPES)
def test_fog_hides_name_formula_and_minima(name: str, descent: bool) -> None:
    surface = SURFACES[name]
    shown = _shown(name, [tuple(surface.start.tolist())], descent)
    hidden = fog.message(shown, lifted=False, length=1.0)
    text = _text(hidden)
    assert surface.label not in text
    assert surface.words not in text
    assert hidden["extra"]["minima"] == []
    assert hidden["extra"]["fog"] > walk.usual_length(surface)
    assert hidden["scale"]["lowest"] == hidden["scale"]["offset"] == 0
    assert not any(trace.get("showscale", True) for trace in hidden["ground"]["map"]["data"])
    open_ = fog.message(shown, lifted=True, length=1.0)
    assert surface.label in _text(open_)
    assert open_["extra"]["fog"] is None
    assert open_["extra"]["minima"] == surface.minima.tolist()
    for message in (hidden, open_):
        pack(message)


def test_fog_tells_what_can_be_felt() -> None:
    message = fog.message(_shown("booth", [(1.0, 1.0), (0.0, 0.0)], False), lifted=False, length=1.0)
    # booth at (0, 0): loss 7² + 5², gradient (−34, −38)
    said = "By hand, after 2 steps: at (0, 0), height 74.0, slope 51.0, lowest so far 20.0. Steps left: 13."
    assert message["runs"][0]["ended"] == said
    assert said in message["alt"]["map"]
    assert message["extra"]["tag"] == "slope 51.0"
    assert message["extra"]["reach"] == 1.0
    assert message["inspector"]["columns"]["lowest"].tolist() == [234.0, 20.0, 20.0]
    assert message["runs"][0]["curve"].tolist() == [234.0, 20.0, 74.0]
    assert [arrow["x"] for arrow in message["extra"]["arrows"]] == ["gx"]


def test_a_used_up_walk_takes_no_clicks() -> None:
    spent = [(1.0, 1.0)] * walk.BUDGET
    message = fog.message(_shown("booth", spent, False), lifted=False, length=1.0)
    assert message["extra"]["pick"] is False
    assert message["extra"]["reach"] is None
    assert fog.message(_shown("booth", spent[1:], False), lifted=False, length=1.0)["extra"]["pick"] is True
