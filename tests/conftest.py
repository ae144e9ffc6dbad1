"""What several test files share."""

from collections.abc import Iterator

import pytest

from tests.cluster import Scheduler, scheduler


@pytest.fixture(scope="session")
def cluster() -> Iterator[Scheduler]:
    """A Dask scheduler with two workers, for tests that leave it whole."""
    with scheduler() as running:
        yield running
