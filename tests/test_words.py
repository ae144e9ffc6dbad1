"""What a reader is told: numbers as the field writes them, and one sentence for each way a run can end."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.descent import outcome
from engine.experiment import RUNNERS, Run, simulate, surface_of
from engine.surfaces import SURFACES
from pages.parts import words

ASCII = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def value_of(text: str) -> float:
    """A number as written here, read again."""
    return float(text.translate(ASCII).replace("·10", "e"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1.00"),
        (0.001, "0.00100"),
        (0.00099951, "1.00·10⁻³"),
        (0.000999, "9.99·10⁻⁴"),
        (9.996, "10.0"),
        (999.6, "1000"),
        (-12.345, "−12.3"),
        (1234.5, "1230"),
        (9999.4, "10000"),
        (9999.5, "1.00·10⁴"),
        (1e40, "1.00·10⁴⁰"),
        (-2.5e-7, "−2.50·10⁻⁷"),
        (5e-324, "4.94·10⁻³²⁴"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
    ],
)
def test_numbers(value, text):
    assert words.number(value) == text


@given(st.floats(-1e307, 1e307))
def test_a_number_says_its_value_to_three_digits_and_uses_powers_of_ten_only_where_they_are_needed(value):
    text = words.number(value)
    assert value_of(text) == pytest.approx(value, rel=0.005)
    if value:
        assert ("·10" in text) == (not 0.001 <= abs(value) < 9999.5)
    assert "e" not in text and "-" not in text  # a minus, not a hyphen


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.003, "0.003"), (10.0, "10"), (0.0, "0"), (1e-6, "1e-6"), (0.0001, "0.0001"), (1.25e-5, "1.25e-5"), (1.0, "1")],
)
def test_settings_as_a_reader_would_type_them(value, text):
    assert words.plain(value) == text
    assert float(text) == value


@given(st.text())
def test_escaped_text_has_no_markup_left_and_loses_nothing(text):
    escaped = words.escaped(text)
    assert re.sub(r"\\(.)", r"\1", escaped, flags=re.DOTALL) == text
    bare = re.sub(r"\\.", "", escaped, flags=re.DOTALL)
    assert not set(bare) & set("*_`[]<>$#~|\\:")


def said(surface, optimizer="sgd", rate=0.1, label="SGD", **settings) -> str:
    values = (("learning_rate", rate), *settings.pop("others", ()))
    run = Run(surface, (), optimizer, values, **settings)
    trajectory = simulate(run)
    return words.ending(run, label, trajectory, outcome(trajectory, surface_of(run).hessian)[0])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"surface": "bowl", "steps": 3},
            "SGD from (4.00, 3.00): loss 25.0 to 6.55 in 3 steps, out of steps.",
        ),
        ({"surface": "bowl", "steps": 1, "rate": 0.01}, "loss 25.0 to 24.0 in 1 step, out of steps."),
        (
            {"surface": "bowl", "rate": 0.5, "label": "Plain descent"},
            "Plain descent from (4.00, 3.00): loss 25.0 to 0 in 200 steps, converged at step 1.",
        ),
        (
            {"surface": "saddle", "start": (1.5, 0.0), "steps": 200, "rate": 0.5},
            "stationary: the slope is zero, yet this is a saddle: some directions lead down from it.",
        ),
        ({"surface": "-(x**2 + y**2)", "start": (0.0, 0.0)}, "stationary: the slope is zero at this top"),
        ({"surface": "bowl", "start": (0.0, 0.0)}, "stationary: it started at a minimum, where the slope is zero."),
        ({"surface": "0*x", "start": (1.0, 1.0)}, "stationary: the ground is flat here"),
        (
            {"surface": "log(x) + y", "start": (-1.0, 0.0)},
            "SGD cannot start at (−1.00, 0): the loss there is not a finite number. Choose another start.",
        ),
        (
            {"surface": "log(x) + y", "start": (0.1, 0.0), "rate": 1.0},
            "diverged at step 1. That step leads to (−9.90, −1.00), where the loss is not a finite number.",
        ),
        (
            {"surface": "ravine", "start": (-4.5, 1.0), "rate": 0.05},
            "diverged at step 9. Its rate 0.05 is above 0.0400, the largest stable rate where the path was sharpest",
        ),
        (
            {"surface": "bowl", "rate": 0.01, "rate_change": (20, 3.0)},
            "diverged at step 23. Its rate 3 is above 1.00, the largest stable rate",
        ),
        (
            {"surface": "bowl", "rate": 3.0, "schedule": "warmup"},
            "Its rate 3 is above 1.00, the largest stable rate",
        ),
        (
            {"surface": "x**3 + y**2", "start": (-1.0, 1.0)},
            "The surface has no bottom in that direction: the loss falls for ever.",
        ),
        (
            {"surface": "bowl", "rate": 0.99, "others": (("weight_decay", 1.0),)},
            "Its steps grew faster than the slope could turn them back",
        ),
    ],
)  # fmt: skip
def test_every_kind_of_ending_is_said_with_its_reason(settings, sentence):
    assert sentence in said(**settings)


@pytest.mark.parametrize("rate", [1e-6, 0.01, 10.0])
@pytest.mark.parametrize("optimizer", RUNNERS)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_ending_is_one_short_paragraph_without_a_stray_number(surface, optimizer, rate):
    text = said(surface, optimizer, rate, steps=25)
    assert text.startswith("SGD ") and text.endswith(".") and len(text) < 260
    assert "nan" not in text and "inf" not in text.replace("finite", "")
    assert np.sum([kind in text for kind in ("converged", "out of steps", "diverged", "stationary")]) == 1
