"""One-click settings that each show one thing."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.parts.controls import present, set_values


class Preset(NamedTuple):
    """A name for the button, what to look for, and the values it sets in the page's link."""

    label: str
    says: str
    values: Mapping[str, Any]


DESCENT_PRESETS = (
    Preset(
        "Zig-zag",
        "Across the ravine the slope is κ times steeper than along it. A rate that is nearly too large for the steep "
        "direction throws the ball from wall to wall, while it creeps along the floor.",
        {"surface": "ravine", "condition": 50.0, "angle": 0.0, "optimizer": "sgd", "learning_rate": 0.038, "x": -4.5,
         "y": 2.0, "steps": 120},
    ),
    Preset(
        "Escape from a saddle",
        "The start lies a millionth off the ridge. The slope there is almost zero, so for many steps nothing seems to "
        "happen; the distance to the ridge grows by the same factor at every step.",
        {"surface": "saddle", "optimizer": "sgd", "learning_rate": 0.1, "x": 1.5, "y": 1e-6, "steps": 200},
    ),
    Preset(
        "Past 2/λmax",
        "The steepest curvature is λ = 50, so 2/λ = 0.04 is the largest stable rate. This run uses a little more: each "
        "step overshoots the floor by more than the last.",
        {"surface": "ravine", "condition": 50.0, "angle": 0.0, "optimizer": "sgd", "learning_rate": 0.042, "x": -4.5,
         "y": 0.05, "steps": 70},
    ),
    Preset(
        "Catapult",
        "Too large a rate for the sharp minimum nearby: the loss first shoots up, then the ball lands in a flatter "
        "part of the same valley, where the rate is stable.",
        {"surface": "two_weight_net", "optimizer": "sgd", "learning_rate": 0.6, "x": 2.2, "y": 0.5, "steps": 60},
    ),
    Preset(
        "Momentum out of a local minimum",
        "Plain descent would stop in the nearer, shallower well. The velocity gathered on the way carries the ball "
        "over the rim into the deeper one.",
        {"surface": "twin_wells", "optimizer": "momentum", "learning_rate": 0.02, "momentum": 0.9, "dampening": 0.0,
         "x": 1.8, "y": 0.6, "steps": 150},
    ),
)  # fmt: skip

RAVINE_RACE = {
    "surface": "ravine", "condition": 100.0, "steps": 100, "mode": "own",
    "r1": "sgd", "r1_learning_rate": 0.018, "r2": "momentum", "r2_learning_rate": 0.003,
    "r3": "none", "r4": "rmsprop", "r4_learning_rate": 0.1, "r5": "adam", "r5_learning_rate": 0.3, "r6": "none",
}  # fmt: skip

RACE_PRESETS = (
    Preset(
        "Ravine along the axes",
        "The ravine runs along x. Adam and RMSprop scale each weight by its own slopes, and so walk to the floor and "
        "along it at one pace, while plain descent swings across.",
        RAVINE_RACE | {"angle": 0.0, "x": -4.0, "y": 2.0},
    ),
    Preset(
        "The same ravine, turned",
        "Ravine and start turned by 45 degrees: plain descent and momentum walk exactly the same path, turned. Now "
        "each weight's slopes mix both directions, so scaling weight by weight no longer helps, and the others fall "
        "behind.",
        RAVINE_RACE | {"angle": 45.0, "x": -4.243, "y": -1.414},
    ),
    Preset(
        "One rate for all",
        "The same number for everyone looks fair and is not: it starves some runners and suits others. Compare with "
        "each at its best rate.",
        {"surface": "rosenbrock", "x": -1.2, "y": 1.0, "steps": 200, "mode": "same", "rate": 0.001},
    ),
    Preset(
        "Out of a local minimum",
        "From the same start plain descent stops in the shallow well; the velocity of momentum carries it on into the "
        "deep one. Nesterov's look ahead brakes in time, and stays.",
        {"surface": "twin_wells", "x": 1.8, "y": 0.6, "steps": 150, "mode": "same", "rate": 0.02},
    ),
    Preset(
        "Off the saddle",
        "All start a millionth off the ridge, where the slope is almost zero. Steps that scale by the slope's size "
        "leave at once; plain descent must wait until the slope has grown.",
        {"surface": "saddle", "x": 1.5, "y": 1e-6, "steps": 200, "mode": "same", "rate": 0.05},
    ),
)

TWO = {"n1": "adam", "n2": "momentum", "n3": "none", "n4": "none"}
LESSON = {
    "data": "moons", "samples": 1000, "data_noise": 0.2, "data_seed": 42, "layers": 2, "units": 64,
    "activation": "relu", "start": "glorot_uniform", "loss": "binary_cross_entropy", "batch": 200,
}  # fmt: skip

TRAINING_PRESETS = (
    Preset(
        "The lesson's two",
        "Adam at 0.001 against SGD with momentum 0.9 at 0.01. The rates are not comparable, so neither are the "
        "curves: raise the second to 0.1 while it trains.",
        LESSON | TWO | {"n1_learning_rate": 0.001, "n2": "nesterov", "n2_learning_rate": 0.01, "n2_momentum": 0.9,
                        "epochs": 500},
    ),
    Preset(
        "Spirals, four optimizers",
        "Two arms wound round each other. SGD and SGD + momentum have the same rate, but a momentum of 0.9 adds up ten "
        "gradients: it follows both arms while plain descent still draws a nearly straight line.",
        {"data": "spirals", "samples": 500, "data_noise": 0.1, "layers": 2, "units": 32, "activation": "relu",
         "loss": "binary_cross_entropy", "batch": 16, "epochs": 100,
         "n1": "adam", "n1_learning_rate": 0.003, "n2": "momentum", "n2_learning_rate": 0.01,
         "n3": "rmsprop", "n3_learning_rate": 0.003, "n4": "sgd", "n4_learning_rate": 0.01},
    ),
    Preset(
        "All weights zero",
        "Every unit of a layer computes the same, so no gradient reaches the hidden layers: nothing is learned.",
        LESSON | {"start": "zeros", "batch": 32, "epochs": 20},
    ),
    Preset(
        "Units that die",
        "At a rate of 5 most ReLU units are thrown so far that they answer 0 to every sample; from then on their "
        "gradient is 0. The last column counts them.",
        LESSON | {"batch": 32, "epochs": 50, "n1": "sgd", "n1_learning_rate": 5.0, "n2": "sgd",
                  "n2_learning_rate": 0.1},
    ),
    Preset(
        "A curve",
        "Regression: one input, one output, squared error. Small networks bend where the units' kinks are.",
        {"data": "wave", "samples": 200, "data_noise": 0.15, "layers": 2, "units": 16, "activation": "relu",
         "loss": "mean_squared_error", "batch": 32, "epochs": 300, "n1": "adam", "n1_learning_rate": 0.01,
         "n2": "momentum", "n2_learning_rate": 0.01},
    ),
)  # fmt: skip


LOSS_PRESETS = (
    Preset(
        "ŷ = 0.95 for y = 1",
        "Nearly sure, and right: both losses are close to 0, and so is squared error's slope. Cross-entropy still "
        "pushes: its slope in ŷ is never flatter than 1.",
        {"target": "1", "prediction": 0.95},
    ),
    Preset(
        "ŷ = 0.05 for y = 1",
        "Nearly sure, and wrong: cross-entropy is 3.0, and its slope is −20. Squared error is 0.9, close to the most "
        "it can ever ask.",
        {"target": "1", "prediction": 0.05},
    ),
    Preset(
        "ŷ = 0.001 for y = 1",
        "One chance in a thousand given to what is true. Ten times less probability always costs log 10 = 2.3 more in "
        "cross-entropy; squared error hardly notices.",
        {"target": "1", "prediction": 0.001},
    ),
)

LINE = {
    "data": "linear_regression", "samples": 100, "data_noise": 1.0, "batch": 8, "optimizer": "sgd",
    "learning_rate": 0.05, "mode": "steps", "steps": 400,
}  # fmt: skip

BATCH_PRESETS = (
    Preset(
        "Noise floor",
        "A constant rate. The full batch arrives; the mini-batch and the single samples come near, and then swarm "
        "round the minimum for ever, each at its own distance.",
        LINE | {"schedule": "constant"},
    ),
    Preset(
        "The floor goes with the rate",
        "The same runs with a rate that falls to nothing: the swarms draw together, and the noisy runs arrive too.",
        LINE | {"schedule": "cosine"},
    ),
    Preset(
        "Too fast for one sample",
        "The full batch is stable at this rate. The most demanding samples alone are not: their steps overshoot, and "
        "the single-sample run is thrown about.",
        LINE | {"learning_rate": 0.15, "steps": 200},
    ),
    Preset(
        "Equal epochs",
        "Each run sees every sample three times. That is three steps for the full batch, and it is still on its way; "
        "single samples have made as many steps for each of its steps as there are samples.",
        LINE | {"mode": "epochs", "epochs": 3},
    ),
    Preset(
        "Real tumours, 32 at a time",
        "Logistic regression on measured data: two inputs, two weights. The batches that are common practice keep "
        "close to the path of all samples, at a fraction of its samples.",
        {
            "data": "logistic_regression_on_tumours",
            "samples": 500,
            "batch": 32,
            "optimizer": "sgd",
            "learning_rate": 1.0,
            "mode": "steps",
            "steps": 400,
            "x": -7.0,
            "y": 3.0,
        },
    ),
)


PLAIN = {"norm": "none", "residual": False, "width": 32, "scale": 1.0}

VANISHING_PRESETS = (
    Preset(
        "Ten sigmoid layers",
        "Each layer multiplies the gradient by a slope of at most a quarter. Layer normalisation helps by orders of "
        "magnitude and is still far from enough; residual connections do most of the work.",
        {"compare": "cures", "cure": "layer", "depth": 10, "activation": "sigmoid", "start": "glorot_uniform"} | PLAIN,
    ),
    Preset(
        "Sigmoid against ReLU",
        "The same depth and the same start, He's, which is made for ReLU. Where a ReLU is active its slope is 1, so "
        "the gradients of all layers are of one size; the sigmoid's first layer hears next to nothing.",
        {"compare": "activations", "depth": 10, "start": "he_normal"} | PLAIN,
    ),
    Preset(
        "ReLU that explodes",
        "Weights of standard deviation 1: each of 20 layers of 32 units multiplies signals several times over.",
        {"compare": "alone", "depth": 20, "activation": "relu", "start": "normal"} | PLAIN,
    ),
    Preset(
        "Tiny tanh start",
        "Weights of standard deviation 0.01. First and last layer agree, so the ratio looks healthy; but look at the "
        "axis: there is no gradient to speak of anywhere.",
        {"compare": "alone", "depth": 10, "activation": "tanh", "start": "normal"} | PLAIN | {"scale": 0.01},
    ),
    Preset(
        "All zero",
        "With all weights at zero no gradient gets past the output layer.",
        {"compare": "alone", "depth": 10, "activation": "tanh", "start": "zeros"} | PLAIN,
    ),
)


def preset_row(presets: tuple[Preset, ...], resting: Mapping[str, Any]) -> None:
    """A button each; a preset first puts everything else back to ``resting``, so that it shows what it says."""

    def apply(preset: Preset) -> None:
        set_values(present(resting) | dict(preset.values), resting)

    with st.container(horizontal=True, gap="small", key="presets"):
        for preset in presets:
            st.button(preset.label, on_click=apply, args=(preset,), help=preset.says, type="tertiary")


def active(presets: tuple[Preset, ...], key_missing: object = None) -> Preset | None:
    """The preset whose values all stand as it set them, if any."""
    state = st.session_state
    return next(
        (p for p in presets if all(state.get(k, key_missing) == v for k, v in p.values.items())),
        None,
    )
