"""Networks worth working through by hand."""

from pages.parts.presets import Preset

PRESETS = (
    Preset(
        "One neuron",
        "Two products, a sum, a sigmoid and its loss: the slope of each weight is (ŷ − y) times its input.",
        {"sizes": "2-1", "activation": "sigmoid", "loss": "binary_cross_entropy", "target": 1.0},
    ),
    Preset(
        "A chain of sigmoids",
        "One unit a layer: the slope of the first weight is a single product, and every sigmoid on the way puts in a "
        "factor of at most a quarter.",
        {"sizes": "1-1-1-1-1", "activation": "sigmoid", "loss": "binary_cross_entropy", "target": 1.0,
         "weights": "1.5 0 1.5 0 1.5 0 1.5 0", "x1": 0.5},
    ),
    Preset(
        "A dead ReLU",
        "All three units of the first layer have sums below 0. ReLU answers 0 and has no slope there, so nothing comes "
        "through to their weights.",
        {"sizes": "2-3-1", "activation": "relu", "loss": "mean_squared_error", "target": 1.0, "x1": 0.5, "x2": -1.0,
         "weights": "-0.6 0.3 -0.9 0.8 0.9 0.4 0 0 0 0.7 -0.5 0.9 0.2"},
    ),
    Preset(
        "Squared error, saturated",
        "Outputs are compared as they are, so a prediction that is far off pushes hard; but the hidden sigmoids are "
        "saturated, and hardly any of it gets past them.",
        {"sizes": "2-3-1", "activation": "sigmoid", "loss": "mean_squared_error", "target": 1.0, "x1": 2.0, "x2": 2.0,
         "weights": "3 -3 2 2.5 -2 3 0 0 0 1 -1 0.5 -2"},
    ),
    Preset(
        "Two classes",
        "Two outputs and softmax: the slopes of the two logits are ŷ − y, and they sum to 0.",
        {"sizes": "2-3-2", "activation": "tanh", "loss": "categorical_cross_entropy", "target": 1.0},
    ),
)  # fmt: skip
