# Needs python3.11 or newer with its venv module, and make; each target installs what it uses.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
MINIMAL := .venv-minimal/bin
TRAINERS := .venv-trl/bin
OLDEST = $(shell $(PYTHON) -c "import tomllib; print(*(need.replace('>=', '==') \
    for need in tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']))")

DEMO := src/overopt/demo/programs.parquet --proxy proxy_visible --proxy proxy_fair \
    --gold gold --gold-source "agreement on all inputs" --tolerance-gain 0.05

.PHONY: demo check test test-soak test-statistical test-minimal test-trl faults bench bench-peers bench-watch-peers reference ladder-table

demo: .venv/.demo  # audit the table that ships with the package
	$(BIN)/overopt audit $(DEMO) --html demo.audit.html
	@echo "The report is $(CURDIR)/demo.audit.html"

docs/demo.svg: .venv/.demo src/overopt/demo/programs.parquet  # the picture in the README
	$(BIN)/overopt audit $(DEMO) --no-html --save $@

# Two BLAS threads and two test processes on two cores wait for each other.
test test-soak test-statistical test-minimal test-trl faults: export OPENBLAS_NUM_THREADS := 1

check: .venv/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/.dev  # the quick suite, a few minutes
	$(BIN)/pytest -n 2

test-statistical: .venv/.dev  # coverage and false-alarm rates over thousands of trials
	$(BIN)/pytest -n 2 tests/statistical

test-soak: .venv/.dev  # processes killed, disks filled, files damaged, for half an hour
	$(BIN)/pytest tests/soak

test-minimal: $(MINIMAL)/python  # the wheel without extras, on the oldest dependencies admitted
	$(MINIMAL)/python -m pip install --quiet $(OLDEST) ".[test]"
	$(MINIMAL)/python -c "from importlib.util import find_spec; \
	    assert not list(filter(find_spec, ['altair', 'duckdb', 'pandas', 'polars', 'vl_convert']))"
	@# Old releases may be deprecated by the newer ones they rest on; that is not ours to fix.
	$(MINIMAL)/pytest -n 2 -W ignore::DeprecationWarning tests --ignore tests/statistical \
	    --ignore tests/soak --ignore tests/tiny_trainer.py

# The release of torch that has wheels without CUDA everywhere; the rest must not choose another.
test-trl: $(TRAINERS)/python  # trainers for real, on a model of some ten thousand weights
	$(TRAINERS)/python -m pip install --quiet torch==2.13.0
	$(TRAINERS)/python -m pip install --quiet -e ".[trl,gymnasium,dash,test]" stable-baselines3
	OMP_NUM_THREADS=1 $(TRAINERS)/pytest $(CHOSEN) tests/edges/test_trl_training.py \
	    tests/edges/test_stable_baselines.py tests/unit/integrations/test_episodes.py

faults: .venv/.dev  # plant small faults: the tests must notice every one
	$(BIN)/python tests/faults.py

bench: .venv/.dev  # promised times and sizes, in CPU seconds and as ratios
	$(BIN)/python benchmarks/run.py

bench-peers: .venv/.dev  # tail shapes beside other packages, from their published releases
	$(BIN)/python benchmarks/tail_peers.py

bench-watch-peers: .venv/.dev  # watch beside other monitors, on runs of known truth
	$(BIN)/python benchmarks/watch_peers.py

ladder-table: .venv/.dev  # coefficients of the null law of the ladder test
	$(BIN)/python benchmarks/ladder_table.py

reference: .venv/.dev  # printed values of classic tails, ours beside theirs
	$(BIN)/python benchmarks/reference.py

%/bin/python:
	$(PYTHON) -m venv $*

.venv/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e ".[report,sql]"
	@touch $@

.venv/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	@touch $@ .venv/.demo
