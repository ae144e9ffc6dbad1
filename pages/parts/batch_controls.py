"""The controls of the page on batches: points, batch size, optimizer, length and start."""

from typing import NamedTuple

import streamlit as st

from engine import limits
from engine.experiment import Run, build_surface, round_rate
from engine.optimizers import OPTIMIZERS
from engine.regression import Regression
from engine.regressions import REGRESSIONS, regression
from pages.parts import controls, link

DATA, SAMPLES, DATA_NOISE, BATCH, STEPS, EPOCHS = "linear_regression", 100, 1.0, 8, 200, 10
OPTIMIZER_LABELS = {key: OPTIMIZERS[key].label for key in ("sgd", "momentum", "rmsprop", "adam")}
ADAPTIVE_RATE = 0.05  # of RMSprop and Adam, whose first steps are about as long as the rate whatever the slope
DATA_LABELS = {key: entry.label for key, entry in REGRESSIONS.items()}
MODES = {"steps": "Equal steps", "epochs": "Equal epochs"}
SAMPLE_STOPS = [1, 2, 5, 10, 20, 30, 50, 100, 150, 200, 300, 400, int(limits.REGRESSION_SAMPLES.high)]
BATCH_STOPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, int(limits.REGRESSION_SAMPLES.high)]
EPOCH_STOPS = [*range(1, 10), *range(10, 51, 5), *range(60, 101, 10)]
RULES: dict[str, link.Rule] = (
    controls.hyperparameter_rules()
    | {
        "data": link.Choice(DATA_LABELS),
        "samples": link.Number(*limits.REGRESSION_SAMPLES, integer=True),
        "data_noise": link.Number(*limits.DATA_NOISE),
        "data_seed": link.Number(*limits.SEED, integer=True),
        "batch": link.Number(*limits.BATCH_SIZE, integer=True),
        "optimizer": link.Choice(OPTIMIZER_LABELS),
        "mode": link.Choice(MODES),
        "epochs": link.Number(*limits.EPOCHS, integer=True),
        "cloud": link.Number(0, limits.STEPS.high, integer=True),
    }
    | {key: controls.RUN_RULES[key] for key in ("steps", "schedule", "seed", "step", "field", "ghost")}
)
RULES |= {axis: controls.SURFACE_RULES[axis] for axis in "xy"}


class Study(NamedTuple):
    """What the page compares: a run with batches of ``batch`` samples; its steps count in steps or in epochs."""

    regression: Regression
    run: Run
    batch: int
    mode: str
    epochs: int
    wanted_epochs: int

    @property
    def size(self) -> int:
        """Samples in a mini-batch: at most all."""
        return min(self.batch, self.regression.samples)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Batch sizes of the three runs, in the order in which they are drawn: the noisiest lies at the bottom."""
        return 1, self.size, self.regression.samples


def resting() -> dict[str, object]:
    """Every value of the page as a fresh visit shows it."""
    parameters = (("samples", float(SAMPLES)), ("noise", DATA_NOISE), ("seed", 0.0))
    x, y = controls.usual_start(build_surface(DATA, parameters))
    return controls.surface_defaults("sgd") | {
        "data": DATA, "samples": SAMPLES, "data_noise": DATA_NOISE, "data_seed": 0, "batch": BATCH, "optimizer": "sgd",
        "learning_rate": usual_rate(DATA, parameters, "sgd"), "schedule": "constant", "mode": "steps", "steps": STEPS,
        "epochs": EPOCHS, "x": x, "y": y, "seed": 0, "cloud": 0, "field": False, "ghost": True,
    }  # fmt: skip


def usual_rate(name: str, parameters: tuple[tuple[str, float], ...], optimizer: str) -> float:
    """A rate at which the three runs are worth comparing: stable for single samples too, and with noise to see."""
    if optimizer in ("rmsprop", "adam"):
        return ADAPTIVE_RATE
    rate = build_surface(name, parameters).rate
    return limits.LEARNING_RATE.clamp(round_rate(rate * (0.1 if optimizer == "momentum" else 1)))


def data_controls() -> tuple[str, tuple[tuple[str, float], ...]]:
    """Which points and which model: a regression's key and its parameters."""
    st.subheader("Data")
    name = controls.menu("Data and model", "data", DATA_LABELS, DATA, on_change=_new_data)
    samples = controls.whole_slider("Samples", "samples", SAMPLES, limits.REGRESSION_SAMPLES, SAMPLE_STOPS)
    own = REGRESSIONS[name].noise
    parameters = [("samples", float(samples))]
    if own is not None:
        usual = DATA_NOISE if name == DATA else own
        parameters.append(
            ("noise", controls.slider_with_box("Noise of the data", "data_noise", usual, *limits.DATA_NOISE, False))
        )
    parameters.append(("seed", float(controls.whole_number_box("Seed of the data", "data_seed", 0, limits.SEED))))
    return name, tuple(parameters)


def _new_data() -> None:
    """Other data bring their own usual noise, start and rate."""
    state = st.session_state
    name = state["data"]
    own = REGRESSIONS[name].noise
    noise = DATA_NOISE if name == DATA else own
    parameters = [("samples", float(state.get("samples", SAMPLES)))]
    parameters += [] if noise is None else [("noise", noise)]
    parameters.append(("seed", float(state.get("data_seed", 0))))
    x, y = controls.usual_start(build_surface(name, tuple(parameters)))
    rate = usual_rate(name, tuple(parameters), state.get("optimizer", "sgd"))
    values = {"x": x, "y": y, "learning_rate": rate}
    controls.set_values(controls.present(values if noise is None else values | {"data_noise": noise}))


def _new_optimizer(name: str, parameters: tuple[tuple[str, float], ...]) -> None:
    """Another optimizer brings its own defaults."""
    optimizer = st.session_state["optimizer"]
    own = controls.surface_defaults(optimizer) | {"learning_rate": usual_rate(name, parameters, optimizer)}
    controls.set_values(controls.present(own))


def study_controls(name: str, parameters: tuple[tuple[str, float], ...]) -> Study:
    """Batches, optimizer, length and start."""
    fitted = regression(name, **dict(parameters))
    st.subheader("Batches and steps")
    batch = controls.whole_slider("Batch size", "batch", BATCH, limits.BATCH_SIZE, BATCH_STOPS)
    optimizer = controls.menu("Optimizer", "optimizer", OPTIMIZER_LABELS, "sgd", on_change=_new_optimizer,
                              args=(name, parameters))  # fmt: skip
    values = controls.hyperparameter_controls(optimizer, usual_rate(name, parameters, optimizer))
    schedule = controls.schedule_control()
    mode = controls.menu("What the three have in common", "mode", MODES, "steps",
                         "An epoch is one pass over all samples: one step of the full batch, or as many steps as there "
                         "are samples, one at a time")  # fmt: skip
    steps, wanted = STEPS, EPOCHS
    if mode == "steps":
        steps = controls.steps_control()
    else:
        wanted = controls.whole_slider("Epochs", "epochs", EPOCHS, limits.EPOCHS, EPOCH_STOPS)
    epochs = min(wanted, int(limits.STEPS.high) // fitted.samples)
    start = _start_controls(fitted)
    seed = controls.whole_number_box("Seed of the batches", "seed", 0, limits.SEED)
    run = Run(name, parameters, optimizer, values, schedule, start, steps, seed=seed)
    return Study(fitted, run, batch, mode, epochs, wanted)


def _start_controls(fitted: Regression) -> tuple[float, float]:
    """The starting weights, by their names: what a click on the map writes."""
    surface = fitted.surface
    chosen = []
    rows = zip(st.columns(2), "xy", fitted.model.weights, surface.domain, controls.usual_start(surface), strict=True)
    for column, key, weight, (low, high), usual in rows:
        value = column.number_input(
            f"Start {weight}", limits.START.low, limits.START.high, float(usual), (high - low) / 40, "%.6g", key=key,
            bind="query-params", help="Or click the map, or drag the ring on it",
        )  # fmt: skip
        chosen.append(float(value))
    return chosen[0], chosen[1]


def notes(study: Study) -> list[str]:
    """A sentence for everything that is not as usual, or not as asked."""
    samples, asked = study.regression.samples, int(dict(study.run.surface_parameters)["samples"])
    said = [study.regression.note] if study.regression.note else []
    if samples < asked:
        said.append(f"There are {samples} measured samples, fewer than the {asked} asked for: all are used.")
    if study.batch > samples:
        said.append(f"A batch of {study.batch} is larger than the set of {samples}: each mini-batch is all of it.")
    elif samples > 1 and study.size in (1, samples):
        other = "single samples" if study.size == 1 else "the full batch"
        said.append(f"A mini-batch of {study.size} is the same as {other}, so two of the paths are one.")
    if study.mode == "epochs" and study.epochs < study.wanted_epochs:
        said.append(
            f"{study.wanted_epochs} epochs of {samples} single steps are more than the {limits.STEPS.high} steps that "
            f"are drawn: {study.epochs} epochs are shown. Take fewer samples for more epochs."
        )
    return said
