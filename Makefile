# make run    start the app        (PORT=8501, ARGS="--server.address 0.0.0.0" are passed on)
# make test   check everything: style, types, doctests, unit, page and browser tests
# make bench  measure the engine and the pages
# make lock   write the lock files anew (ARGS=--upgrade takes the newest versions)

PYTHON ?= python3
PORT ?= 8501
ARGS ?=
BIN := .venv/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# One BLAS thread: more make small matrices several times slower.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export VECLIB_MAXIMUM_THREADS := 1

.PHONY: run test lint bench lock clean

run: .venv/.run
	$(BIN)/streamlit run app.py --server.port $(PORT) $(ARGS)

test: lint
	$(BIN)/pytest --doctest-modules engine pages/parts
	$(BIN)/pytest -n 2 --dist worksteal -m "not browser"
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/pytest -n 2 --dist worksteal -m browser

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.bench
	$(BIN)/python -m tests.browser.chromium
	$(BIN)/python -m benchmarks

lock: $(BIN)/pip
	$(PIP) pip-tools
	$(LOCK) $(ARGS) -o requirements.lock requirements.txt
	$(LOCK) $(ARGS) -o requirements-dev.lock requirements-dev.txt

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results

# One environment; the test lock holds everything the run lock does, at the same versions.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/.run: requirements.lock | $(BIN)/pip
	@echo "Installing what the app needs into .venv (once) ..."
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

.venv/.test: requirements-dev.lock | $(BIN)/pip
	@echo "Installing what the tests need into .venv (once) ..."
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@ .venv/.run

.venv/.bench: requirements-bench.txt .venv/.test
	@echo "Installing PyTorch, which the benchmark compares with, into .venv (once) ..."
	$(PIP) -r requirements-bench.txt
	@touch $@
