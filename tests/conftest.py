"""What several test files share."""

import pytest


@pytest.fixture(scope="session")
def cluster():
    """A Dask scheduler with two workers, for tests that leave it whole; see tests/cluster.py."""
    from tests.cluster import scheduler  # only these tests pay for importing Dask

    with scheduler() as running:
        yield running
