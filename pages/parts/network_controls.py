"""The sidebar's controls of data and networks: what pages that train have in common."""

from dataclasses import replace

import streamlit as st

from engine import limits
from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.initializers import INITIALIZERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.training import FITTING, Learner, Training, data_of
from pages.parts import controls, link

NONE = "none"
RATES_IN_USE = {"sgd": 0.01, "momentum": 0.01, "nesterov": 0.01}
"""Rates in common use on networks, where PyTorch's own default is another."""

DATASET_LABELS = {key: entry.label for key, entry in DATASETS.items()}
ACTIVATION_LABELS = {key: entry.label for key, entry in ACTIVATIONS.items()}
INITIALIZER_LABELS = {key: entry.label for key, entry in INITIALIZERS.items()}
LOSS_LABELS = {key: entry.label for key, entry in LOSSES.items()}
OPTIMIZER_LABELS = {NONE: NONE} | {key: entry.label for key, entry in OPTIMIZERS.items()}
DATASETS_HELP = "\n\n".join(f"**{entry.label}.** {entry.teaches}" for entry in DATASETS.values())
KIND_WORDS = {"binary": "two classes", "classes": "more than two classes", "values": "values, not classes"}

RULES: dict[str, link.Rule] = {
    "data": link.Choice(DATASET_LABELS),
    "samples": link.Number(*limits.SAMPLES, integer=True),
    "data_noise": link.Number(*limits.DATA_NOISE),
    "data_seed": link.Number(*limits.SEED, integer=True),
    "classes": link.Number(*limits.CLASSES, integer=True),
    "layers": link.Number(*limits.LAYERS, integer=True),
    "units": link.Number(*limits.UNITS, integer=True),
    "activation": link.Choice(ACTIVATION_LABELS),
    "start": link.Choice(INITIALIZER_LABELS),
    "loss": link.Choice(LOSS_LABELS),
    "batch": link.Number(*limits.BATCH_SIZE, integer=True),
    "l2": link.Number(*limits.L2),
    "seed": link.Number(*limits.SEED, integer=True),
}

RESTING: dict[str, object] = {
    "data": "moons", "samples": 1000, "data_noise": 0.2, "data_seed": 42, "classes": 3, "layers": 2, "units": 64,
    "activation": "relu", "start": "glorot_uniform", "batch": 32, "l2": 0.0, "seed": 0,
}  # fmt: skip
BATCHES = [2**k for k in range(11)] + [int(limits.BATCH_SIZE.high)]
SAMPLES = [1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 700, 1000, 1500, int(limits.SAMPLES.high)]
UNITS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]


def data_controls() -> Training:
    """Which data, how many, how noisy, which draw: a Training whose network is still the default."""
    st.subheader("Data")
    name = controls.menu("Data set", "data", DATASET_LABELS, "moons", DATASETS_HELP, on_change=_new_data)
    samples = controls.whole_slider("Samples", "samples", 1000, limits.SAMPLES, SAMPLES)
    noise = controls.slider_with_box("Noise", "data_noise", DATASETS[name].noise, *limits.DATA_NOISE, False)
    classes = 3
    if DATASETS[name].classes is None:
        classes = controls.whole_number_box("Classes", "classes", 3, limits.CLASSES)
    seed = controls.whole_number_box("Seed of the data", "data_seed", 42, limits.SEED)
    return Training(name, samples, noise, seed, classes)


def _new_data() -> None:
    """Other data bring their own usual noise."""
    controls.set_values({"data_noise": DATASETS[st.session_state["data"]].noise})


def network_controls(on: Training) -> Training:
    """Layers, units, activation, initialiser, loss and batches for the data of ``on``."""
    st.subheader("Network")
    layers = controls.whole_slider("Hidden layers", "layers", 2, limits.LAYERS, [*range(9), 12, 16, 24, 32])
    units, activation = 1, "relu"
    if layers:
        units = controls.whole_slider("Units a layer", "units", 64, limits.UNITS, UNITS)
        activation = controls.menu("Activation", "activation", ACTIVATION_LABELS, "relu")
    start = controls.menu("Initial weights", "start", INITIALIZER_LABELS, "glorot_uniform")
    loss = loss_control(on.kind)
    st.subheader("Batches")
    batch = controls.whole_slider("Batch size", "batch", 32, limits.BATCH_SIZE, BATCHES)
    samples = len(data_of(on).X)
    if batch > samples:
        st.caption(f"The training set has {samples} samples: each batch is all of it.")
    with st.expander("Weight penalty and seed"):
        l2 = controls.number_box("L2 penalty", "l2", 0.0, limits.L2, "½ · L2 · ΣW² is added to the loss")
        seed = controls.whole_number_box("Seed of start and batches", "seed", 0, limits.SEED)
    return replace(
        on, hidden=(units,) * layers, activation=activation, initializer=start, loss=loss,
        batch_size=None if batch >= samples else batch, seed=seed, l2=l2,
    )  # fmt: skip


def loss_control(kind: str) -> str:
    """A loss that fits the data; one that was chosen before and does not fit gives way, and the page says so."""
    fitting = {key: LOSS_LABELS[key] for key in FITTING[kind]}
    usual = FITTING[kind][0]
    wanted = st.session_state.get("loss") or _key_of(st.query_params.get("loss", ""))
    if wanted and wanted not in fitting:
        st.session_state["loss"] = usual
        st.warning(
            f"{LOSS_LABELS[wanted]} does not fit these data, which are {KIND_WORDS[kind]}: "
            f"{LOSS_LABELS[usual].lower()} is used instead."
        )
    return controls.menu("Loss", "loss", fitting, usual)


def _key_of(label: str) -> str | None:
    return next((key for key, entry in LOSS_LABELS.items() if label in (key, entry)), None)


def defaults(optimizer: str) -> dict[str, float]:
    """PyTorch's values, and rates in common use."""
    values = {h.name: h.default for h in OPTIMIZERS[optimizer].hyperparameters}
    return values | ({"learning_rate": RATES_IN_USE[optimizer]} if optimizer in RATES_IN_USE else {})


def learner_control(slot: str, number: int, resting: str, steps: int) -> Learner | None:
    """One network's optimizer and its hyper-parameters, or None."""
    optimizer = controls.menu(
        f"Network {number}", slot, OPTIMIZER_LABELS, resting, on_change=_new_optimizer, args=(slot,)
    )
    if optimizer == NONE:
        return None
    values = defaults(optimizer)
    chosen = {"learning_rate": controls.slider_with_box(
        f"Rate of network {number}", f"{slot}_learning_rate", values["learning_rate"], *limits.LEARNING_RATE, True,
        "It may be changed while the network trains")}  # fmt: skip
    with st.expander(f"More of network {number}"):
        for h in OPTIMIZERS[optimizer].hyperparameters:
            if h.name != "learning_rate":
                bounds = limits.Bounds(h.low, h.high)
                label = controls.SYMBOLS[h.name]
                chosen[h.name] = controls.number_box(label, f"{slot}_{h.name}", values[h.name], bounds)
    return Learner(optimizer, tuple(chosen.items()), steps=steps)


def _new_optimizer(slot: str) -> None:
    """Another optimizer brings its own defaults."""
    optimizer = st.session_state[slot]
    if optimizer != NONE:
        own = {f"{slot}_{name}": value for name, value in defaults(optimizer).items()}
        controls.set_values(controls.present(own))
