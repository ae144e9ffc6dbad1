"""One-click settings of the page on one step."""

from pages.parts.presets import Preset

STEP_PRESETS = (
    Preset(
        "Too small",
        "A fiftieth of the largest stable rate: every step goes the right way, and hardly anywhere.",
        {"curve": "parabola", "w": 1.6, "rate": 0.02},
    ),
    Preset(
        "Good",
        "Each step leaves the same share of the distance, and always on the same side. The slope shrinks on the way, "
        "so the steps do too: nobody has to turn the rate down.",
        {"curve": "parabola", "w": 1.6, "rate": 0.3},
    ),
    Preset(
        "Overshoot",
        "The step is longer than the way to the minimum, so the ball lands on the other side, yet lower each time.",
        {"curve": "parabola", "w": 1.6, "rate": 0.75},
    ),
    Preset(
        "Bounce",
        "Exactly 2/L″: every landing is as far from the minimum as the last, and the loss never falls.",
        {"curve": "parabola", "w": 1.6, "rate": 1.0},
    ),
    Preset(
        "Diverge",
        "Above 2/L″ every landing is further out than the last, where the slope is steeper, so the next step is longer "
        "still.",
        {"curve": "parabola", "w": 0.2, "rate": 1.2},
    ),
    Preset(
        "Two valleys",
        "The start lies above the shallow valley on the right. One long first step leaps the ridge; set α to 0.05 and "
        "the ball stays on its side.",
        {"curve": "double_well", "w": 1.7, "rate": 0.15},
    ),
    Preset(
        "Off a steep wall",
        "The rate is good at the bottom. On the wall the slope is so steep that one step throws the ball far out on "
        "the gentle side, from where it must walk back.",
        {"curve": "steep_wall", "w": 1.8, "rate": 1.0},
    ),
)
