"""Links: whatever text stands in one, the page gets legal values and the reader a sentence on each that was not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import limits
from pages.parts import controls, link

RULES: dict[str, link.Rule] = (
    controls.SURFACE_RULES
    | controls.RUN_RULES
    | controls.hyperparameter_rules()
    | {"optimizer": link.Choice(controls.RUNNER_LABELS)}
)
STEPS = link.Number(*limits.STEPS, integer=True)
RATE = link.Number(*limits.LEARNING_RATE)
SEED = link.Number(*limits.SEED, integer=True)

NOT_NUMBERS = {
    "nan": "nan",
    "infinite": "inf",
    "too large for a float": "1e999",
    "letters": "abc",
    "empty": "",
    "hexadecimal": "0x10",
    "underscore": "1_0",
    "Arabic digits": "١٢٣",
    "full-width digits": "１２",
    "superscript": "2²",
    "a space": " 10",
    "a line": "10\n",
    "a comma": "0,5",
    "two points": "1.2.3",
    "markup": "<script>alert(1)</script>",
    "right to left": "\u202e10",
    "zero width": "1\u200b0",
    "a prototype": "__proto__",
    "10,000 digits": "1" * 10_000,
    "500 kB": "x" * 500_000,
    "a surrogate": "\ud800",
    "a null": "\x00",
}
hostile_text = pytest.mark.parametrize("text", NOT_NUMBERS.values(), ids=NOT_NUMBERS)


def legal(rule: link.Rule, text: str) -> bool:
    """Whether a widget that reads the text with Python's own functions gets a value inside its bounds."""
    match rule:
        case link.Number(low, high, integer):
            return low <= (int(text) if integer else float(text)) <= high
        case link.Choice(labels):
            return text in labels.values()
        case link.Flag():
            return text in {"true", "false"}
        case link.Text(longest):
            return len(text) <= longest
    raise AssertionError(rule)


numbers = st.one_of(st.floats().map(repr), st.integers().map(str), st.from_regex(link.NUMBER, fullmatch=True))
texts = st.one_of(st.text(), numbers, st.sampled_from([*NOT_NUMBERS.values(), "true", "FALSE", "Adam", "adam"]))
links = st.dictionaries(st.one_of(st.sampled_from(list(RULES)), st.text()), st.lists(texts, max_size=3))


@given(links)
def test_any_link_is_mended_to_legal_values_once_and_for_all(given_link):
    changes, sentences = link.faults(RULES, given_link)
    mended = {key: list(texts) for key, texts in given_link.items()}
    for key, text in changes.items():
        mended[key] = [] if text is None else [text]
    for key, rule in RULES.items():
        for text in mended.get(key, ()):
            assert legal(rule, text)
    assert link.faults(RULES, mended) == ({}, [])
    for sentence in sentences:
        assert sentence.split()[0] in RULES and sentence.endswith(".") and len(sentence) < 120


@given(links)
def test_what_was_right_stays_and_unknown_parameters_are_neither_touched_nor_echoed(given_link):
    changes, sentences = link.faults(RULES, given_link)
    assert set(changes) <= set(RULES)
    for key, texts in given_link.items():
        if key in RULES and len(texts) == 1 and key not in changes:
            assert legal(RULES[key], texts[0])
        if key not in RULES and len(key) > 12:
            assert not any(key in sentence for sentence in sentences)


@hostile_text
@pytest.mark.parametrize("rule", [STEPS, RATE, SEED, controls.SURFACE_RULES["x"]], ids=["steps", "rate", "seed", "x"])
def test_what_is_no_number_is_ignored_and_not_repeated(rule, text):
    value, complaint = rule.read(text)
    assert value is None
    assert complaint.startswith("is not a number from") and "default" in complaint
    assert len(complaint) < 100


@hostile_text
def test_what_is_no_choice_is_ignored_and_not_repeated(text):
    value, complaint = link.Choice(controls.RUNNER_LABELS).read(text)
    assert value is None and complaint == "is not one of the choices; the default is used"


@pytest.mark.parametrize(
    ("rule", "text", "value", "says"),
    [
        (STEPS, "1000000000", "5000", "between 1 and 5000; 5000 is used"),
        (STEPS, "0", "1", "between 1 and 5000; 1 is used"),
        (STEPS, "-1", "1", "; 1 is used"),
        (STEPS, "1e300", "5000", "; 5000 is used"),
        (STEPS, "2.7", "3", "whole number"),
        (STEPS, "1e2", "100", None),
        (STEPS, "150", "150", None),
        (RATE, "-1", "1e-06", "between 1e-06 and 10"),
        (RATE, "1e308", "10", "; 10 is used"),
        (RATE, "1e-999", "1e-06", "; 1e-06 is used"),
        (RATE, "0.0123456789", "0.0123456789", None),
        (RATE, ".5", ".5", None),
        (SEED, "-3", "0", "; 0 is used"),
        (SEED, str(2**200), None, "is not a number"),  # sixty-one digits are no number that anybody means
        (SEED, str(10**39), "2147483647", "is used"),
        (SEED, "0.5", "0", "rounded"),
    ],
)
def test_numbers_are_clamped_or_rounded_aloud(rule, text, value, says):
    read, complaint = rule.read(text)
    assert read == value
    assert (complaint is None) == (says is None) and (says or "") in (complaint or "")


@pytest.mark.parametrize("labels", [controls.RUNNER_LABELS, controls.SURFACE_LABELS, controls.SCHEDULE_LABELS])
def test_a_choice_is_taken_by_key_and_by_label_and_stands_as_its_label(labels):
    rule = link.Choice(labels)
    assert len(set(labels.values())) == len(labels)  # or a label would not say which is meant
    for key, label in labels.items():
        assert rule.read(key) == rule.read(label) == (label, None)


def test_flags():
    rule = link.Flag()
    assert [rule.read(text)[0] for text in ("true", "FALSE", "True")] == ["true", "false", "true"]
    for text in ("", "1", "yes", "null"):
        assert rule.read(text) == (None, "must be true or false; the default is used")


def test_text_is_bounded():
    rule = link.Text(limits.FORMULA_LENGTH)
    assert rule.read("x" * limits.FORMULA_LENGTH) == ("x" * limits.FORMULA_LENGTH, None)
    longer = "x" * (limits.FORMULA_LENGTH + 1)
    assert rule.read(longer) == (None, "is longer than 500 characters; the default is used")


def test_the_last_of_repeated_values_counts_and_that_is_said():
    changes, sentences = link.faults(RULES, {"steps": ["10", "20"], "seed": ["1", "x"], "noise": ["x", "0.5"]})
    assert changes == {"steps": "20", "seed": None, "noise": "0.5"}
    assert sorted(sentence.split()[0] for sentence in sentences) == ["noise", "seed", "steps"]
    assert sum("more than once; the last one is used" in sentence for sentence in sentences) == 2


def test_a_thousand_unknown_parameters_change_nothing():
    given_link = {f"p{i}": ["x" * 500] for i in range(1000)} | {"steps": ["70"]}
    assert link.faults(RULES, given_link) == ({}, [])


def test_every_rule_of_a_hyperparameter_is_the_interval_of_every_runner_that_has_it():
    rules = controls.hyperparameter_rules()
    for entry in controls.RUNNERS.values():
        for h in entry.hyperparameters:
            assert rules[h.name] == link.Number(h.low, h.high), "one name, one interval: the link does not say whose"
