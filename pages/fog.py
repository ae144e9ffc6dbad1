"""The mountain in the fog: descend by hand, let gradient descent try, lift the fog."""

import streamlit as st

from engine import limits
from engine.experiment import RUNNERS, Run
from pages.parts import controls, fog, game, runs, stage, walk, words

COMPASS = (("NW", "N", "NE"), ("W", "", "E"), ("SW", "S", "SE"))
COMPASS_WIDTH = 72  # pixels
LESSONS = (
    ("pages/descent.py", "Descent", "How does one optimizer walk a surface?"),
    ("pages/race.py", "Optimizer race", "Which optimizer suits which landscape?"),
)


def compass() -> None:
    """Eight directions for the keyboard, as they lie on the map: north is where y grows."""
    st.markdown("Step towards")
    for y, row in zip((1, 0, -1), COMPASS, strict=True):
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            for x, label in zip((-1, 0, 1), row, strict=True):
                if label:
                    st.button(label, on_click=game.step_towards, args=((x, y),), width=COMPASS_WIDTH)
                else:
                    st.space(COMPASS_WIDTH)


landscape, name, surface, points, phase = now = game.shown()
hand = fog.by_hand(name, walk.trajectory(surface, points))
shown = [hand]
if phase != "walk":
    rate = controls.default_rate(name, (), "sgd")
    run = Run(name, optimizer="sgd", hyperparameters=(("learning_rate", rate),), steps=now.taken)
    shown.append(runs.show(run, "Gradient descent"))

st.title("What can you know of a landscape from one point?")
match phase:
    case "walk" if now.taken == walk.BUDGET:
        st.markdown("Your steps are used up. Now let gradient descent try, from your start and with as many steps.")
    case "walk":
        st.markdown("Find the lowest point. **Click the map** to take a step that way, or step against the slope: its "
                    "arrow points uphill.")  # fmt: skip
    case "descent":
        st.markdown("Gradient descent set out from your start and took as many steps. Which of you is nearer to the "
                    "lowest point?")  # fmt: skip
    case "lifted":
        verdict = walk.verdict(surface, hand.trajectory, shown[1].trajectory)
        st.markdown(verdict[0])

with st.container(horizontal=True, gap="small"):
    if phase == "walk" and now.taken < walk.BUDGET:
        st.button("Step downhill", on_click=game.step_downhill, help="One step of the chosen length against the slope")
    if phase == "walk" and now.taken:
        st.button("Let gradient descent try", on_click=game.turn_to, args=("descent",))
        st.button("Undo last step", on_click=game.undo)
    if phase == "descent":
        st.button("Lift the fog", on_click=game.turn_to, args=("lifted",))
    if now.taken:
        st.button("New walk", on_click=game.begin_again, help="The same landscape, from its start")
    st.button("Another landscape", on_click=game.another_landscape)

length = walk.usual_length(surface)
with st.sidebar:
    st.markdown(f"Landscape {landscape} of {len(walk.LANDSCAPES)}")
    if phase == "walk":
        length = controls.slider_with_box("Length of a step", "length", length, *limits.STEP_LENGTH, True,
                                          "In units of x and y; the dashed ring on the map")  # fmt: skip
        if now.taken < walk.BUDGET:
            compass()
    else:
        st.latex(RUNNERS["sgd"].formula)
        st.markdown(f"One rule at every point: go against the slope *g*, its length times η = {words.plain(rate)}, the "
                    "learning rate.")  # fmt: skip

stage.show(
    fog.message(shown, lifted=phase == "lifted", length=length), game.STAGE, game.step_to_click, on_change=lambda: None
)

if phase == "lifted":
    st.markdown(" ".join(verdict[1:]))
    st.header(surface.label)
    st.latex(surface.formula)
    st.markdown(surface.teaches)

st.header("The lessons, in order")
for page, title, question in LESSONS:
    st.page_link(page, label=f"**{title}**: {question}")
