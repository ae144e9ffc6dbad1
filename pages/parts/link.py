"""What a link may hold: each parameter's rule, and a sentence for each value that breaks it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import streamlit as st

# ASCII only: Python's float() also takes "1_0", "nan" and other scripts' digits
NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,4})?", re.ASCII)
NOTICES = "link_notices"


class Rule(Protocol):
    """How one parameter of a link is read."""

    def read(self, text: str) -> tuple[str | None, str | None]:
        """The text to use, None for the default; and what was wrong with it, None where nothing was."""
        ...


@dataclass(frozen=True)
class Number:
    """A number in a closed interval; outside it is clamped, anything else is ignored."""

    low: float
    high: float
    integer: bool = False

    def read(self, text: str) -> tuple[str | None, str | None]:
        """See ``Rule.read``."""
        value = float(text) if NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            return None, f"is not a number from {self.low:g} to {self.high:g}; the default is used"
        if self.integer and value != int(value):
            return str(round(min(max(value, self.low), self.high))), "must be a whole number; it was rounded"
        if not self.low <= value <= self.high:
            nearest = min(max(value, self.low), self.high)
            return (
                f"{nearest:.15g}",
                f"must lie between {self.low:g} and {self.high:g}; {nearest:g} is used",
            )
        return (str(int(value)) if self.integer else text), None


@dataclass(frozen=True)
class Choice:
    """One of a registry's entries, by its key or by its label, which is what Streamlit's menus write and read."""

    labels: Mapping[str, str]

    def read(self, text: str) -> tuple[str | None, str | None]:
        """See ``Rule.read``."""
        if text in self.labels.values():
            return text, None
        if text in self.labels:
            return self.labels[text], None
        return None, "is not one of the choices; the default is used"


@dataclass(frozen=True)
class Flag:
    """On or off."""

    def read(self, text: str) -> tuple[str | None, str | None]:
        """See ``Rule.read``."""
        low = text.lower()
        return (low, None) if low in {"true", "false"} else (None, "must be true or false; the default is used")


@dataclass(frozen=True)
class Numbers:
    """Numbers with spaces between them, at most ``most``, each in a closed interval."""

    low: float
    high: float
    most: int

    def read(self, text: str) -> tuple[str | None, str | None]:
        """See ``Rule.read``."""
        words = text.split()
        good = len(words) <= self.most and all(
            NUMBER.fullmatch(word) and self.low <= float(word) <= self.high for word in words
        )
        if good:
            return text, None
        return None, f"must be up to {self.most} numbers from {self.low:g} to {self.high:g}; the default is used"


@dataclass(frozen=True)
class Text:
    """Free text of bounded length; what it means is checked where it is used."""

    longest: int

    def read(self, text: str) -> tuple[str | None, str | None]:
        """See ``Rule.read``."""
        if len(text) <= self.longest:
            return text, None
        return None, f"is longer than {self.longest} characters; the default is used"


def faults(rules: Mapping[str, Rule], given: Mapping[str, Sequence[str]]) -> tuple[dict[str, str | None], list[str]]:
    """What to change in a link, key to new text or None to drop it, and a sentence for each; unknown keys stay."""
    changes: dict[str, str | None] = {}
    sentences = []
    for key, rule in rules.items():
        texts = given.get(key, ())
        if not texts:
            continue
        text, complaint = rule.read(texts[-1])
        if len(texts) > 1 and complaint is None:
            complaint = "was given more than once; the last one is used"
        if complaint is not None or text != texts[-1]:
            changes[key] = text
        if complaint is not None:
            sentences.append(f"{key} {complaint}.")
    return changes, sentences


def playhead() -> int | None:
    """The step at which a shared link stands, once ``repair`` has mended it."""
    text = st.query_params.get("step", "")
    return int(text) if text.isascii() and text.isdecimal() else None


def repair(rules: Mapping[str, Rule]) -> None:
    """Mend the page's link before its widgets read it, and say what was mended until the reader has seen it."""
    given = {key: st.query_params.get_all(key) for key in rules if key in st.query_params}
    changes, sentences = faults(rules, given)
    if sentences:
        st.session_state[NOTICES] = sentences
    # after the browser's Back the widgets are there already: they drop what they can't use, and may not be overruled
    changes = {key: text for key, text in changes.items() if key not in st.session_state}
    if changes:
        whole = {key: changes.get(key, st.query_params.get_all(key)) for key in st.query_params}
        # at once, or each change would be a step of its own on the browser's way back
        st.query_params.from_dict({key: text for key, text in whole.items() if text is not None})
        st.rerun()
    notices = st.session_state.get(NOTICES)
    if notices:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning("In the link: " + " ".join(notices))
            st.button("Dismiss", on_click=lambda: st.session_state.pop(NOTICES, None))
