"""The controls of the page on the learning rate: a surface or a network, an optimizer, and which rates to try."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from engine import limits
from engine.datasets import DATASETS
from engine.experiment import Run, build_surface
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES
from engine.training import FITTING, Learner, Training, data_of, network_of
from pages.parts import comparison, controls, link
from pages.parts.network_controls import ACTIVATION_LABELS, DATASET_LABELS, DATASETS_HELP
from pages.parts.network_controls import RULES as NETWORK_RULES
from pages.parts.network_controls import UNITS as UNIT_STOPS

NONE = "none"
MODELS = {"surface": "A surface of two weights", "network": "A network"}
OPTIMIZER_LABELS = {key: entry.label for key, entry in OPTIMIZERS.items()}
SURFACE, OPTIMIZER, STEPS, RATES = "booth", "sgd", 60, 64
RIVALS = {"c1": "momentum", "c2": "adam", "c3": NONE, "c4": NONE, "c5": NONE}
RIVAL_LABELS = {NONE: NONE} | OPTIMIZER_LABELS
THREE = {"small": "Too small", "good": "Good", "large": "Too large"}
METHODS = {"momentum": "Heavy ball", "nesterov": "Nesterov"}
COLOURS = {"loss": "Loss at the end", "steps": "Steps to arrive"}
NETWORK = {"data": "moons", "layers": 2, "units": 32, "activation": "relu", "batch": 32, "seed": 0}
NETWORK_STEPS = 500
NETWORK_RANGE = 1e-4, 10.0
BATCH_STOPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 800]
STEP_STOPS = [10, 20, 50, 100, 200, 300, 500, 700, 1000, 1500, 2000]
COUNT_STOPS = [2, 4, 8, 16, 24, 32, 48, 64]
FEWEST = 8  # rates of a sweep that had to be cut

RULES: dict[str, link.Rule] = (
    controls.SURFACE_RULES
    | {key: rule for key, rule in controls.hyperparameter_rules().items() if key not in ("learning_rate", "damping")}
    | {key: controls.RUN_RULES[key] for key in ("steps", "step", "field", "ghost")}
    | {key: NETWORK_RULES[key] for key in NETWORK}
    | dict.fromkeys((*THREE, "low", "high", "base"), link.Number(*limits.LEARNING_RATE))
    | dict.fromkeys(RIVALS, link.Choice(RIVAL_LABELS))
    | {f"with_{key}": link.Flag() for key in SCHEDULES}
    | {
        "model": link.Choice(MODELS),
        "optimizer": link.Choice(OPTIMIZER_LABELS),
        "rates": link.Number(*limits.SWEEP_RATES, integer=True),
        "network_steps": link.Number(*limits.SWEEP_NETWORK_STEPS, integer=True),
        "method": link.Choice(METHODS),
        "colour": link.Choice(COLOURS),
    }
)
RULES["layers"] = link.Number(*limits.SWEEP_LAYERS, integer=True)


class SurfaceStudy(NamedTuple):
    """What descends, and the sweep over its rates; the rate of ``run`` itself means nothing."""

    run: Run
    rivals: tuple[Run, ...]
    low: float
    high: float
    size: int  # how many rates


class NetworkStudy(NamedTuple):
    """The same for a network; ``cut`` says what was made smaller to be done in time, or is empty."""

    training: Training
    learner: Learner
    rivals: tuple[Learner, ...]
    low: float
    high: float
    size: int  # how many rates
    cut: str


def resting() -> dict[str, object]:
    """Every value of the page as a fresh visit shows it; None is what the page chooses."""
    shared = controls.resting_run(SURFACE)
    kept = ("surface", controls.FORMULA, "view", "condition", "angle", "x", "y", "steps", "field", "ghost")
    others = {name: value for name, value in controls.surface_defaults(OPTIMIZER).items() if name != "learning_rate"}
    return (
        {key: shared[key] for key in kept}
        | NETWORK
        | RIVALS
        | others
        | dict.fromkeys((*THREE, "low", "high", "base"))
        | {f"with_{key}": True for key in SCHEDULES}
        | {"model": "surface", "optimizer": OPTIMIZER, "steps": STEPS, "rates": RATES, "network_steps": NETWORK_STEPS,
           "method": "momentum", "colour": "loss"}
    )  # fmt: skip


def new_surface() -> None:
    """A new landscape brings its own start, and rates that suit it."""
    x, y = controls.usual_start(build_surface(*controls.chosen_surface()))
    controls.set_values(controls.present({"x": x, "y": y} | dict.fromkeys((*THREE, "low", "high", "base"))))


def new_optimizer() -> None:
    """Another optimizer brings its own defaults, and rates that suit it."""
    own = controls.surface_defaults(st.session_state["optimizer"]) | dict.fromkeys((*THREE, "low", "high", "base"))
    controls.set_values(controls.present(own))


def model_control() -> str:
    """A surface or a network."""
    return controls.menu("What descends", "model", MODELS, "surface")


def descent_controls() -> Run:
    """Landscape, start and optimizer."""
    name, parameters = controls.surface_controls(new_surface, SURFACE)
    start = controls.start_controls(build_surface(name, parameters))
    optimizer, values = _optimizer_control()
    return Run(name, parameters, optimizer, values, start=start)


def surface_study(descent: Run) -> SurfaceStudy:
    """How many steps, the optimizers to compare with, and which rates are tried."""
    steps = controls.steps_control(STEPS)
    run = replace(descent, steps=steps)
    judged = replace(run, steps=min(steps, limits.SWEEP_STEPS))
    rivals = tuple(
        replace(judged, optimizer=key, hyperparameters=tuple(controls.surface_defaults(key).items()))
        for key in _rivals_control(run.optimizer)
    )
    low, high, count = _sweep_controls(_usual_range((judged, *rivals)))
    return SurfaceStudy(run, rivals, low, high, count)


def _optimizer_control() -> tuple[str, tuple[tuple[str, float], ...]]:
    optimizer = controls.menu("Optimizer", "optimizer", OPTIMIZER_LABELS, OPTIMIZER, on_change=new_optimizer)
    return optimizer, controls.hyperparameter_controls(optimizer, None)


def _rivals_control(optimizer: str) -> tuple[str, ...]:
    """Up to five others, each once, at their usual settings."""
    with st.expander("Compared with"):
        chosen = [controls.menu(f"Optimizer {number}", slot, RIVAL_LABELS, RIVALS[slot])
                  for number, slot in enumerate(RIVALS, 2)]  # fmt: skip
    return tuple(key for key in dict.fromkeys(chosen) if key not in (NONE, optimizer))


def _usual_range(runs: tuple[Run, ...]) -> tuple[float, float]:
    """Whole decades round the best rates of all runs, with room for rates that crawl and that diverge."""
    bests = np.log10([comparison.best_rate(run) for run in runs])
    low, high = np.floor(bests.min() - 1.5), np.ceil(bests.max() + 0.5)
    return limits.LEARNING_RATE.clamp(float(10.0**low)), limits.LEARNING_RATE.clamp(float(10.0**high))


def _sweep_controls(usual: tuple[float, float]) -> tuple[float, float, int]:
    """The interval of rates, and how many on a log axis."""
    with st.expander("Rates of the sweep"):
        ends = [
            controls.slider_with_box(label, key, end, *limits.LEARNING_RATE, True, automatic=True)
            for label, key, end in zip(("Lowest rate", "Highest rate"), ("low", "high"), usual, strict=True)
        ]
        count = controls.whole_slider("Rates", "rates", RATES, limits.SWEEP_RATES, COUNT_STOPS)
    low, high = sorted(ends)
    return (low, high, count) if low < high else (*usual, count)


def three_controls(chosen: tuple[float, float, float]) -> tuple[float, ...]:
    """The three rates that are drawn on the map: the sweep's, until the reader sets one."""
    return tuple(
        controls.slider_with_box(f"{label}: rate", key, rate, *limits.LEARNING_RATE, True, help, automatic=True)
        for (key, label), rate, help in zip(
            THREE.items(), chosen, ("Chosen from the sweep. Set your own; clear the box to go back", None, None),
            strict=True,
        )
    )  # fmt: skip


def network_study() -> NetworkStudy:
    """Data, network, batches, optimizer and steps; then as for a surface."""
    data = controls.menu("Data set", "data", DATASET_LABELS, "moons", DATASETS_HELP)
    layers = controls.whole_slider("Hidden layers", "layers", 2, limits.SWEEP_LAYERS, [0, 1, 2, 3, 4])
    units, activation = 1, "relu"
    if layers:
        units = controls.whole_slider("Units a layer", "units", 32, limits.UNITS, UNIT_STOPS)
        activation = controls.menu("Activation", "activation", ACTIVATION_LABELS, "relu")
    batch = controls.whole_slider("Batch size", "batch", 32, limits.BATCH_SIZE, BATCH_STOPS)
    seed = controls.whole_number_box("Seed of start and batches", "seed", 0, limits.SEED)
    training = Training(data, noise=DATASETS[data].noise, hidden=(units,) * layers, activation=activation, seed=seed)
    samples = len(data_of(training).X)
    training = replace(training, loss=FITTING[training.kind][0], batch_size=None if batch >= samples else batch)
    optimizer, values = _optimizer_control()
    steps = controls.whole_slider("Steps", "network_steps", NETWORK_STEPS, limits.SWEEP_NETWORK_STEPS, STEP_STOPS)
    rivals = _rivals_control(optimizer)
    low, high, count = _sweep_controls(NETWORK_RANGE)
    steps, count, cut = _in_time(training, steps, count, 1 + len(rivals))
    usual = [Learner(key, tuple(controls.surface_defaults(key).items()), steps=steps) for key in rivals]
    return NetworkStudy(training, Learner(optimizer, values, steps=steps), tuple(usual), low, high, count, cut)


def work_of_a_step(training: Training) -> int:
    """Multiply-adds of one step of one network, going forwards, to a factor that is the same for all."""
    return (training.batch_size or len(data_of(training).X)) * network_of(training).size


def _in_time(training: Training, steps: int, count: int, optimizers: int) -> tuple[int, int, str]:
    """Steps and rates cut until all is done in about twenty seconds, and a sentence that says so."""
    affordable = limits.SWEEP_WORK / (work_of_a_step(training) * optimizers)  # steps of single networks
    fewer = max(int(limits.SWEEP_NETWORK_STEPS.low), min(steps, int(affordable / count)))
    less = max(min(FEWEST, count), min(count, int(affordable / fewer)))
    if (fewer, less) == (steps, count):
        return steps, count, ""
    return fewer, less, (
        f"{count} rates of {steps} steps with {optimizers} optimizers would take too long for this network: {less} "
        f"rates of {fewer} steps are shown. Choose fewer units, smaller batches or fewer optimizers for more."
    )  # fmt: skip


def base_control(chosen: float) -> float:
    """The base rate of all schedules."""
    return controls.slider_with_box("Base rate", "base", chosen, *limits.LEARNING_RATE, True, automatic=True)


def schedules_control() -> tuple[str, ...]:
    """Which schedules are drawn."""
    with st.container(horizontal=True, gap="medium"):
        chosen = tuple(key for key, entry in SCHEDULES.items()
                       if st.toggle(entry.label, True, key=f"with_{key}", bind="query-params"))  # fmt: skip
    if not chosen:
        st.info("No schedule is chosen. Choose at least one.")
    return chosen


def map_controls() -> tuple[str, str]:
    """Which momentum, and what the colours of the map are."""
    left, right = st.columns(2)
    with left:
        method = controls.menu("Momentum", "method", METHODS, "momentum")
    with right:
        colour = controls.menu("Colour", "colour", COLOURS, "loss")
    return method, colour
