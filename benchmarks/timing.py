"""Medians of repeated runs."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table."""

    what: str
    measured: str
    aim: str


def seconds(work: Callable[[], object], rounds: int = 7) -> float:
    """Median seconds of ``work`` over ``rounds`` runs, after one that is not counted."""
    work()
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)
