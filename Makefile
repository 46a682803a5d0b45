# The door: `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .venv-parity
CXX_FILES := $(wildcard native/*.h native/*.cpp native/tests/*.h native/tests/*.cpp)
NATIVE := $(wildcard native/*.h native/*.cpp) CMakeLists.txt pyproject.toml

.PHONY: demo test lint format bench bench-quick bench-docs parity build clean

demo: $(VENV)/.installed
	$(BIN)/elman forecast sunspots --horizon 22 --out out/sunspots

test: $(VENV)/.tested
	$(BIN)/python -m pytest

lint: $(VENV)/.linted
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

format: $(VENV)/.linted
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/clang-format -i $(CXX_FILES)

# The peers, for the targets below only.
parity: $(PEERS)/.installed
	$(PEERS)/bin/python -m pytest -m parity tests/parity

bench: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.run

# Under two minutes: few rounds of the small workloads.
bench-quick: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.run --quick

# docs/performance.md and its picture, from the newest complete measurement.
bench-docs: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.page

build: $(VENV)/.installed

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.installed: $(BIN)/python $(NATIVE)
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install --quiet --group test
	@touch $@

$(VENV)/.linted: $(VENV)/.tested
	$(BIN)/pip install --quiet --group lint
	@touch $@

$(PEERS)/bin/python:
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --upgrade pip

$(PEERS)/.installed: $(PEERS)/bin/python $(NATIVE)
	$(PEERS)/bin/pip install --quiet torch==2.13.0 --editable . --group test --group bench
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) build out
