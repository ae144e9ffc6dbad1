"""Where a page's sweep is computed: by default in processes of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from joblib import parallel_config

CORES = os.cpu_count() or 1


@contextmanager
def pool() -> Iterator[str]:
    """Blocks that ``engine.parallel.spread`` is given inside go to workers; yields a sentence for the reader, or ""."""
    with parallel_config("loky", n_jobs=CORES, inner_max_num_threads=1):
        yield ""
