"""The mountain in the fog: descend by hand, let gradient descent try, lift the fog."""

from collections.abc import Sequence

import streamlit as st

from engine import limits
from engine.experiment import Run
from pages.parts import controls, fog, link, runs, stage, walk, words

KEY = "fog_stage"
COMPASS = (("NW", "N", "NE"), ("W", "", "E"), ("SW", "S", "SE"))
COMPASS_WIDTH = 72  # pixels
LESSONS = (
    ("pages/descent.py", "Descent", "How does one optimizer walk a surface?"),
    ("pages/race.py", "Optimizer race", "Which optimizer suits which landscape?"),
)
RULES: dict[str, link.Rule] = {
    "landscape": link.Number(1, len(walk.LANDSCAPES), integer=True),
    "phase": link.Choice(walk.PHASES),
    "length": link.Number(*limits.STEP_LENGTH),
}


def index_in_link() -> int:
    """Number of the landscape, 1 where the link gives none that can be used."""
    text, _ = RULES["landscape"].read(st.query_params.get("landscape", "1"))
    return int(text or 1)


def points_in_link() -> tuple[walk.Point, ...]:
    """Every point of the walk so far, the start included."""
    _, surface = walk.landscape(index_in_link())
    text, _ = walk.Walk(surface.domain).read(st.query_params.get("walk", ""))
    start = (float(surface.start[0]), float(surface.start[1]))
    return (start, *(walk.parse(text) or ())) if text else (start,)


def keep(points: Sequence[walk.Point]) -> None:
    """Write a walk to the link, its start left out."""
    if len(points) > 1:
        st.query_params["walk"] = walk.spell(points[1:])
    else:
        st.query_params.pop("walk", None)
    st.query_params.pop("phase", None)


def go(direction: Sequence[float]) -> None:
    """One step of the chosen length."""
    points = points_in_link()
    if len(points) > walk.BUDGET or st.query_params.get("phase", "walk") != "walk":
        return
    there = walk.step(surface, points[-1], direction, st.session_state["length"])
    if there:
        keep((*points, there))
    else:
        st.toast("Here is the edge of the map: that way leads no further.")


def go_to_click() -> None:
    """A click on the map names a direction, not a place."""
    towards = stage.triggered(KEY, "start", "x", "y")
    if towards:
        x, y = points_in_link()[-1]
        go((towards[0] - x, towards[1] - y))


def another() -> None:
    """The next landscape, with a step that suits it."""
    following = index_in_link() % len(walk.LANDSCAPES) + 1
    keep(())
    st.query_params["landscape"] = str(following)
    controls.set_values({"length": walk.usual_length(walk.landscape(following)[1])})


def compass() -> None:
    """Eight directions for the keyboard, as they lie on the map: north is where y grows."""
    st.caption("Step towards")
    for y, row in zip((1, 0, -1), COMPASS, strict=True):
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            for x, label in zip((-1, 0, 1), row, strict=True):
                if label:
                    st.button(label, on_click=go, args=((x, y),), width=COMPASS_WIDTH, key=f"towards_{label}")
                else:
                    st.space(COMPASS_WIDTH)


def turn_to(phase: str) -> None:
    """On to the next part of the game."""
    st.query_params["phase"] = phase


index = index_in_link()
name, surface = walk.landscape(index)
link.repair(RULES | {"walk": walk.Walk(surface.domain)})
points = points_in_link()
taken = len(points) - 1
phase = st.query_params.get("phase", "walk") if taken else "walk"

st.title("What can you know of a landscape from one point?")
hand = fog.by_hand(name, walk.trajectory(surface, points))
shown = [hand]
if phase != "walk":
    rate = controls.default_rate(name, (), "sgd")
    run = Run(name, optimizer="sgd", hyperparameters=(("learning_rate", rate),), steps=taken)
    shown.append(runs.show(run, "Gradient descent"))

match phase:
    case "walk":
        st.markdown("Find the lowest point. **Click the map** to take a step that way, or step against the slope: its arrow "
                    "points uphill.")  # fmt: skip
    case "descent":
        st.markdown("From your start and in as many steps, gradient descent went against the slope each time, "
                    f"{words.plain(rate)} × the slope far.")  # fmt: skip
    case "lifted":
        sentences = walk.verdict(surface, hand.trajectory, shown[1].trajectory)
        st.markdown(sentences[0])

with st.container(horizontal=True, gap="small"):
    if phase == "walk" and taken < walk.BUDGET:
        st.button("Step downhill", on_click=go, args=(walk.downhill(surface, points[-1]),),
                  help="One step of the chosen length against the slope")  # fmt: skip
    if phase == "walk" and taken:
        st.button("Let gradient descent try", on_click=turn_to, args=("descent",))
        st.button("Undo last step", on_click=keep, args=(points[:-1],))
    if phase == "descent":
        st.button("Lift the fog", on_click=turn_to, args=("lifted",))
    if taken:
        st.button("New walk", on_click=keep, args=((),), help="The same landscape, from its start")
    st.button("Another landscape", on_click=another)

length = walk.usual_length(surface)
if phase == "walk":
    with st.sidebar:
        st.caption(f"Landscape {index} of {len(walk.LANDSCAPES)}")
        length = controls.slider_with_box("Length of a step", "length", length, *limits.STEP_LENGTH, True,
                                          "In units of x and y; the dashed ring on the map")  # fmt: skip
        if taken < walk.BUDGET:
            compass()

stage.show(fog.message(shown, lifted=phase == "lifted", length=length), KEY, go_to_click, lambda: None)

if phase == "lifted":
    st.subheader(surface.label)
    st.markdown(" ".join(sentences[1:]))
    st.markdown(surface.teaches)

st.subheader("The lessons, in order")
for page, title, question in LESSONS:
    st.page_link(page, label=f"**{title}**: {question}")
