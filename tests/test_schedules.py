"""Schedules against PyTorch's recorded rates and closed forms; and the properties that every entry must have."""

import math
from pathlib import Path

import numpy as np
import pytest

from engine.schedules import SCHEDULES

with np.load(Path(__file__).parent / "golden" / "optimizers.npz") as file:
    GOLDEN = {name: file[name] for name in file.files if name.startswith("schedule.")}

every_entry = pytest.mark.parametrize("key", SCHEDULES)


@pytest.mark.parametrize(
    ("key", "steps", "options"),
    [
        ("step", 80, {"drop": 0.3, "every": 0.25}),
        ("exponential", 80, {"final": 0.02}),
        ("cosine", 80, {"floor": 0.1}),
        ("warmup", 80, {"fraction": 0.2}),
        ("one_cycle", 81, {}),
    ],
)
def test_rates_are_pytorchs(key, steps, options):
    recorded = GOLDEN[f"schedule.{key}"]
    schedule = SCHEDULES[key](0.3, steps, **options)
    np.testing.assert_allclose([schedule(count) for count in range(len(recorded))], recorded, rtol=1e-12)


def test_every_schedule_but_the_constant_is_recorded():
    assert {f"schedule.{key}" for key in SCHEDULES} - set(GOLDEN) == {"schedule.constant"}


def test_shapes_in_round_numbers():
    def factors(key, *counts, **options):
        return [SCHEDULES[key](2.0, 100, **options)(count) / 2 for count in counts]

    assert factors("constant", 0, 50, 100) == [1, 1, 1]
    assert factors("step", 0, 24, 25, 49, 50, 100) == [1, 1, 0.5, 0.5, 0.25, 0.0625]
    assert factors("exponential", 0, 50, 100) == pytest.approx([1, 0.1, 0.01])
    assert factors("cosine", 0, 25, 50, 100) == pytest.approx([1, (2 + math.sqrt(2)) / 4, 0.5, 0])
    assert factors("cosine", 50, 100, floor=0.2) == pytest.approx([0.6, 0.2])
    assert factors("warmup", 0, 4, 9, 10, 100) == pytest.approx([0.1, 0.5, 1, 1, 1])
    assert factors("one_cycle", 0, 29, 99, 100) == pytest.approx([0.04, 1, 4e-6, 4e-6])
    assert factors("exponential", 100, final=1e4) == pytest.approx([1e4])


def test_a_cycle_too_short_to_climb_starts_at_its_peak():
    for steps in (1, 2, 3):
        assert SCHEDULES["one_cycle"](0.3, steps)(0) == 0.3


@every_entry
def test_the_first_rate_moves_and_none_is_negative_or_above_the_peak(key):
    for steps in (1, 2, 3, 7, 100):
        rates = np.array([SCHEDULES[key](0.3, steps)(count) for count in range(steps + 1)])
        assert rates[0] > 0 and (rates >= 0).all() and (rates <= 0.3 * (1 + 1e-12)).all()
        assert isinstance(SCHEDULES[key](0.3, steps)(0), float)


@every_entry
def test_past_the_end_the_last_rate_stays(key):
    schedule = SCHEDULES[key](0.3, 50)
    assert schedule(50) == schedule(51) == schedule(10_000)


@every_entry
def test_an_array_of_rates_is_its_single_rates_bit_for_bit(key):
    rates = np.random.default_rng(1).uniform(0, 3, (6, 1))
    schedule = SCHEDULES[key](rates, 33)
    for count in range(40):
        singles = [[SCHEDULES[key](float(rate), 33)(count)] for rate in rates[:, 0]]
        assert schedule(count).tobytes() == np.array(singles).tobytes()


@every_entry
def test_a_later_change_of_the_callers_array_changes_nothing(key):
    rates = np.array([[0.1], [0.2]])
    schedule = SCHEDULES[key](rates, 10)
    schedule(0)[:] = 7
    rates[:] = 5
    assert (schedule(1) <= 0.2).all()


@every_entry
def test_entries_say_what_the_pages_show(key):
    entry = SCHEDULES[key]
    assert entry.label and entry.description.endswith(".") and entry.factory.__name__ == key


@every_entry
def test_values_without_meaning_are_refused(key):
    for rate in (-1.0, math.nan, "fast", np.array([0.1, 0.2])):
        with pytest.raises(ValueError, match=r"^rate .*\.$"):
            SCHEDULES[key](rate, 10)
    for steps in (0, -3, 2.5, "ten"):
        with pytest.raises(ValueError, match=r"^steps must be a whole number of at least 1, not "):
            SCHEDULES[key](0.1, steps)


@pytest.mark.parametrize(
    ("key", "option"),
    [
        ("step", "drop"),
        ("step", "every"),
        ("exponential", "final"),
        ("cosine", "floor"),
        ("warmup", "fraction"),
        ("one_cycle", "peak"),
        ("one_cycle", "start"),
        ("one_cycle", "floor"),
    ],
)
def test_options_without_meaning_are_refused_by_name(key, option):
    for value in (-0.1, math.nan, "half"):
        with pytest.raises(ValueError, match=f"^{option} must be "):
            SCHEDULES[key](0.1, 10, **{option: value})
