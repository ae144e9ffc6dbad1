"""Training a network, live: up to four optimizers on the same start, the same data and the same batches."""

from time import monotonic

import streamlit as st

from engine import limits
from engine.training import steps_per_epoch
from pages.parts import controls, lesson, link, live_message, live_words, presets, stage
from pages.parts import network_controls as networks
from pages.parts.live import Live, advance, begin, restarted, retune

LIVE, VIEW = "live", "networks"  # the component would take a session value of its own key for its state, and copy it
SLOTS = {"n1": "adam", "n2": "momentum", "n3": networks.NONE, "n4": networks.NONE}
EPOCHS = 100
SLICE = 0.07  # seconds of work between two pictures ...
TICK = 0.15  # ... and seconds from one to the next: less than half of one core for each reader
AWAY = 5.0  # seconds without a picture after which the reader is taken to have left
SPEEDS = {"step": "one step", "epoch": "one epoch", "full": "as many as fit"}

RULES: dict[str, link.Rule] = networks.RULES | {
    "epochs": link.Number(*limits.EPOCHS, integer=True),
    "speed": link.Choice(SPEEDS),
    "lesson": link.Flag(),
    "layers_of": link.Number(*limits.NETWORKS, integer=True),
}
for slot in SLOTS:
    RULES |= {slot: link.Choice(networks.OPTIMIZER_LABELS)} | controls.hyperparameter_rules(f"{slot}_")


def resting() -> dict[str, object]:
    """Every value of the page as a fresh visit shows it."""
    values = networks.RESTING | SLOTS | {"epochs": EPOCHS, "speed": "epoch", "layers_of": 1, "lesson": False}
    for slot, optimizer in SLOTS.items():
        if optimizer != networks.NONE:
            values |= {f"{slot}_{name}": value for name, value in networks.defaults(optimizer).items()}
    return values


def run(running: bool) -> None:
    """Train, or pause; not a toggle, since a press that meets a tick of the fragment may be answered twice."""
    live: Live = st.session_state[LIVE]
    live.running = running and not live.finished
    live.touched = monotonic()


def forward(steps: int) -> None:
    """Some steps at once, while paused."""
    live: Live = st.session_state[LIVE]
    live.running = False
    advance(live, 2.0, steps)


def back_to_start() -> None:
    """The same start, the same batches, nothing trained."""
    st.session_state[LIVE] = restarted(st.session_state[LIVE])


def new_start() -> None:
    """Other initial weights, and the batches in another order."""
    controls.set_values({"seed": int(limits.SEED.clamp(st.session_state[LIVE].training.seed + 1))})


def transport(live: Live) -> None:
    """Train, pause, step, start again."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="transport"):
        st.button("Pause" if live.running else "Train", on_click=run, args=(not live.running,),
                  disabled=live.finished, shortcut="Space")  # fmt: skip
        st.button("One step", on_click=forward, args=(1,), disabled=live.finished, shortcut="Right")
        st.button("One epoch", on_click=forward, args=(steps_per_epoch(live.training),),
                  disabled=live.finished)  # fmt: skip
        st.button("Reset to the same start", on_click=back_to_start, shortcut="Home")
        st.button("New start", on_click=new_start, help="Other initial weights, and the batches in another order")


def picture(speed: str, layers_of: int) -> None:
    """One look at the networks; while they train, a slice of work first."""
    live: Live = st.session_state[LIVE]
    if live.running and monotonic() - live.touched > AWAY:
        live.running = False  # the reader left this page and has come back
        st.rerun()
    live.touched = monotonic()
    if live.running:
        epoch = steps_per_epoch(live.training)
        advance(live, SLICE, {"step": 1, "epoch": epoch, "full": live.last_count}[speed])
    stage.training(live_message.message(live, layers_of - 1), VIEW)
    pace = f"{live.steps / live.seconds:,.0f} steps a second while at work" if live.seconds else "not trained yet"
    st.caption(f"Epoch {live.count / steps_per_epoch(live.training):.4g} of {live.epochs}, "
               f"step {live.count:,}. {pace[0].upper()}{pace[1:]}. "
               "Filled points are training data, hollow ones test data.")  # fmt: skip
    if live.running and live.finished:
        live.running = False
        st.rerun()


link.repair(RULES)
st.title("Does it work on a real model?")
st.markdown(
    "Each network below is one flat vector of weights, and the same optimizers walk its loss. Press **Train**; change "
    "a rate while it trains."
)
presets.preset_row(presets.TRAINING_PRESETS, resting())

with st.sidebar:
    epochs = controls.whole_slider(
        "Epochs", "epochs", EPOCHS, limits.EPOCHS, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    )
    speed = controls.menu("Steps between two pictures", "speed", SPEEDS, "epoch")
    st.subheader("Optimizers")
    chosen = [
        networks.learner_control(slot, number, optimizer, epochs)
        for number, (slot, optimizer) in enumerate(SLOTS.items(), 1)
    ]
    training = networks.network_controls(networks.data_controls())
    controls.reset_button(resting())

learners = [learner for learner in chosen if learner]
if not learners:
    st.info("No network is chosen. Choose an optimizer for at least one, in the sidebar.")
    st.stop()

live: Live | None = st.session_state.get(LIVE)
same_field = live is not None and [lane.learner.optimizer for lane in live.lanes] == [x.optimizer for x in learners]
if live is None or not same_field or live.training != training:
    was_running = live is not None and live.running
    live = st.session_state[LIVE] = begin(training, learners, epochs)
    live.running = was_running
retune(live, learners)
live.epochs = epochs

for sentence in live_words.notes(training):
    st.info(sentence)
transport(live)
names = live_words.labels(live.lanes)
layers_of = 1
if len(names) > 1:
    with st.sidebar:
        layers_of = controls.whole_number_box("Norms by layer of network", "layers_of", 1, limits.NETWORKS)
st.fragment(picture, run_every=TICK if live.running else None)(speed, layers_of)
lesson.section()
