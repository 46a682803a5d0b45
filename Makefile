# The door: `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .venv-parity
MODULE := build/module
FORECASTERS := .venv-forecast
ARCHIVES := .venv-sequences
CXX_FILES := $(wildcard native/*.h native/*.cpp native/tests/*.h native/tests/*.cpp native/fuzz/*.cpp)
NATIVE := $(wildcard native/*.h native/*.cpp) CMakeLists.txt pyproject.toml

# A process for each core; whatever a file's tests share is made once. The order is that of tests/conftest.py.
SPREAD := -n auto --dist loadfile --no-loadscope-reorder

# Tests whose outcome no instruction set changes: what they look at is no number, or is made of numbers that others look at. Of forecasts,
# all but those of the networks.
NETWORKS := $(addprefix tests/forecast/test_,direct.py rows.py networks.py pretrained.py forecaster.py)
COMPUTING := $(addprefix tests/test_,determinism.py encoder_decoder.py random_cells.py random_graphs.py user_cell.py)
ANY_ISA := $(addprefix tests/,bench benchmarks browser cli compare data distributed doctor equations faults files fleet fuzz interop jobs kills lab plots typing wild) \
  $(filter-out $(COMPUTING),$(wildcard tests/test_*.py)) $(filter-out $(NETWORKS),$(wildcard tests/forecast/*)) \
  $(patsubst %,tests/engine/test_%.py,available exit forks interrupts places plans sizes soak) \
  $(patsubst %,tests/network/test_%.py,any_argument attacks broken_graph_files checkpoint functions_refused graphs_looked_at kinds) \
  $(patsubst %,tests/training/test_%.py,averages_resumed callbacks datasets datasets_resumed history limits metrics_log progress rate_finder \
    resume schedules tensorboard turns) \
  $(patsubst %,tests/classify/test_%.py,judging report scaling sklearn splitting store) \
  $(patsubst %,tests/language/test_%.py,characters ngram pieces texts words)
KERNELS_ONLY := tests/engine tests/network tests/cells tests/training

.PHONY: demo test test-isas test-kernels test-c-cross fleet fuzz fuzz-foreign faults aarch64 lint format bench bench-quick bench-docs bench-products bench-lab bench-forecast bench-sequences compare-cells bench-cells cells-docs parity examples examples-full encoder-decoder parity-long distributed big-data soak sanitize sanitize-quick fuzz-native kills test-browser test-browser-quick build dist clean docs docs-pictures

demo: $(VENV)/.installed
	$(BIN)/elman forecast sunspots --horizon 22 --out out/sunspots

test: $(VENV)/.tested
	$(BIN)/python -m pytest $(SPREAD)

# The suite once for each instruction set that this machine runs: all of it for the best, then what computes for the rest. All but the
# products in bfloat16 of avx512bf16 and amx are avx512's own kernels: behind one of these, the next have those products left. Of generic,
# which no machine of today runs by itself, what is nearest to the kernels. Of what is drawn at random the others have a quarter.
test-isas: test test-kernels
	@isas=$$($(BIN)/python -c "from elman.engine import native; print(*native.instruction_sets()[1:])") || exit; \
	for isa in $$isas; do \
	  echo "ELMAN_ISA=$$isa"; \
	  what="native or not numpy"; where=; draws=25; \
	  case $$isa in avx512*) what="bfloat16 and not numpy"; draws=100;; generic) where="$(KERNELS_ONLY)";; esac; \
	  ELMAN_ISA=$$isa ELMAN_DRAWS=$$draws $(BIN)/python -m pytest $(SPREAD) -k "$$what" $(ANY_ISA:%=--ignore=%) $$where || exit; \
	done

# The C++ tests, which go through every instruction set by themselves, of the kernels that the module was linked of.
test-kernels: $(VENV)/.tested
	PATH="$(abspath $(BIN)):$$PATH" cmake -S . -B $(MODULE) -DELMAN_TESTS=ON >/dev/null
	PATH="$(abspath $(BIN)):$$PATH" cmake --build $(MODULE) --target kernels_test -- --quiet
	$(MODULE)/kernels_test

# Millions of calls and thousands of networks, whose memory does not grow: an hour.
CALLS ?= 10000000
MADE ?= 10000
soak: $(VENV)/.tested
	$(BIN)/python -m tests.engine.soak $(CALLS) $(MADE)

# The engine's tests under GCC's sanitizers: all of them, a quarter of an hour; or what CI has time for.
sanitize: $(VENV)/.tested
	PYTHON=$(abspath $(BIN)/python) native/tests/sanitize.sh address,undefined
	PYTHON=$(abspath $(BIN)/python) native/tests/sanitize.sh thread

sanitize-quick: $(VENV)/.tested
	PYTHON=$(abspath $(BIN)/python) native/tests/sanitize.sh address,undefined quick
	PYTHON=$(abspath $(BIN)/python) native/tests/sanitize.sh thread quick

# Plans that are changed at random, for so many seconds under each sanitizer, and by libFuzzer where Clang has it.
SECONDS ?= 60
fuzz-native: $(VENV)/.tested
	PYTHON=$(abspath $(BIN)/python) native/fuzz/run.sh $(SECONDS)

# SERIES fitted and backtested on a cluster of Dask, one of whose workers is killed on the way: the bits of one process. Minutes.
SERIES ?= 1000
fleet: $(VENV)/.tested
	ELMAN_FLEET=$(SERIES) $(BIN)/python -m pytest tests/jobs --durations 3

# Files that were changed with intent, in processes with bounds: models and checkpoints (20 minutes), and every reader of data for a
# minute, led by atheris where there is a wheel of it.
CASES ?= 50000
fuzz: $(VENV)/.tested fuzz-native
	-$(BIN)/pip install --quiet atheris
	$(BIN)/python -m tests.fuzz.models --cases $(CASES)
	$(BIN)/python -m tests.fuzz.readers --seconds $(SECONDS)

# PyTorch's state dicts, Keras' archives and ONNX models that were changed with intent, converted: minutes.
fuzz-foreign: $(PEERS)/.installed
	KERAS_BACKEND=torch $(PEERS)/bin/python -m tests.fuzz.models --source tests.fuzz.foreign --cases 5000

# Every call to the system that writes fails in turn with every error, a file system without room, and KILLS writers of each kind killed
# at random moments. Minutes.
KILLS ?= 200
faults: $(VENV)/.tested
	ELMAN_FAULTS=1 ELMAN_KILLS=$(KILLS) $(BIN)/python -m pytest $(SPREAD) tests/faults tests/files

# SIGKILLS to trainings and commands of every kind at random moments; each goes on, to the bits of one that was left alone. Some minutes.
SIGKILLS ?= 100
kills: $(VENV)/.tested
	$(BIN)/python -m tests.kills.run --kills $(SIGKILLS)

# The engine's tests on an emulated ARM processor; native/tests/aarch64.sh says what that needs.
aarch64: $(VENV)/.tested
	native/tests/aarch64.sh

# The lab in Chromium, which tests/browser/chromium.sh finds or installs; what axe-core says of it, where npm can fetch that.
test-browser: $(VENV)/.tested
	$(BIN)/pip install --quiet --group browser
	mkdir -p build/axe && cd build/axe && { test -e package || { npm pack --silent axe-core && tar xzf axe-core-*.tgz; } || true; }
	CHROMIUM=$$(tests/browser/chromium.sh) $(BIN)/python -m pytest -m browser tests/browser

# The same in a minute, where Chromium is installed or root can install Debian's; where not, it says so and is no failure.
test-browser-quick: $(VENV)/.tested
	@if chromium=$$(tests/browser/chromium.sh) && $(BIN)/pip install --quiet --group browser; then \
	  CHROMIUM=$$chromium $(BIN)/python -m pytest -m "browser and quick" tests/browser; \
	else echo "*** THE LAB WAS NOT TESTED IN A BROWSER: see above ***" >&2; fi

# Networks written as C on an emulated ARM Cortex-M4 and as WebAssembly; tests/interop/c/cross.py says what that needs.
test-c-cross: $(VENV)/.tested
	$(BIN)/pip install --quiet ziglang
	$(BIN)/python -m tests.interop.c.cross

# Trainings by several ranks under mpirun: as many as 8 on this machine, hosts that are network namespaces where root may
# make them, ranks that are killed. Some minutes.
distributed: $(VENV)/.tested
	$(BIN)/pip install --quiet mpi4py mpich
	PATH="$(abspath $(BIN)):$$PATH" ELMAN_DISTRIBUTED=1 $(BIN)/python -m pytest tests/distributed

lint: $(VENV)/.linted
	$(BIN)/ruff format --check src tests benchmarks docs examples packaging
	$(BIN)/ruff check src tests benchmarks docs examples packaging
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(CXX_FILES)

format: $(VENV)/.linted
	$(BIN)/ruff format src tests benchmarks docs examples packaging
	$(BIN)/ruff check --fix src tests benchmarks docs examples packaging
	$(BIN)/clang-format -i $(CXX_FILES)

# The peers, for the targets below only.
parity: $(PEERS)/.installed
	$(PEERS)/bin/python -m pytest $(SPREAD) -m parity tests/parity

# Conversions of all configurations that are drawn, and more random networks: twenty minutes.
parity-long: $(PEERS)/.installed
	ELMAN_MATRIX=1 ELMAN_FLAX_MODELS=100 ELMAN_JAX_GRAPHS=8 ELMAN_LONG=1 ELMAN_CELLS=600 ELMAN_GRAPHS=60 \
	  $(PEERS)/bin/python -m pytest $(SPREAD) -m parity tests/parity/interop tests/parity/test_random_cells.py tests/parity/test_random_graphs.py

bench: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.run

# Under two minutes: few rounds of the small workloads.
bench-quick: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.run --quick

# How soon the lab's page is there, how smooth it is while a GRU 64 trains, what that costs the training: a minute.
bench-lab: $(VENV)/.tested
	$(BIN)/pip install --quiet --group browser
	$(BIN)/python -m benchmarks.lab

# Matrix products alone, beside NumPy's and PyTorch's, with two threads and with one: two minutes.
bench-products: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.products
	$(PEERS)/bin/python -m benchmarks.products --threads 1

# docs/performance.md and what it leads to, with the newest complete measurement as the figures of its machine.
bench-docs: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.page --newest

# Trainings on 10 GB of rows that are made as they come, on files of some GB that are mapped, and on a Parquet file: the most memory that
# each process held, which is an error above 500 MB. Minutes, and 5 GB in FOLDER (by default where temporary files are) until the end.
FOLDER ?=
big-data: $(VENV)/.tested
	$(BIN)/python -m benchmarks.big_data $(FOLDER:%=--folder %)

# All cells on four small tasks, some minutes on one core: benchmarks/cells/results.json. Then docs/cells.md, from it and the cells.
compare-cells: $(VENV)/.tested
	$(BIN)/python -m benchmarks.cells.run
	$(BIN)/python -m benchmarks.cells.page

# W14, the speed of all cells beside that of built-in ones of equal arithmetic: benchmarks/cells/speed.json, then the pages.
bench-cells: $(VENV)/.tested
	$(BIN)/python -m benchmarks.cells.speed
	$(BIN)/python -m benchmarks.page

cells-docs: $(VENV)/.tested
	$(BIN)/python -m benchmarks.cells.page

# The Forecaster beside neuralforecast, darts and statsforecast: hours; M3= and M4= are Parquet files of those competitions, without
# which they are left out (benchmarks/forecasting/run.py says what is in them). Then the tables of docs/forecasting.md.
M3 ?=
M4 ?=
FORECASTING := $(FORECASTERS)/bin/python -m benchmarks.forecasting.run $(M3:%=--m3 %) $(M4:%=--m4 %)
bench-forecast: $(FORECASTERS)/.installed
	$(FORECASTING) --who elman --who statsforecast
	$(if $(M3),$(FORECASTING) --apart --most 30 --only M3 --who elman)
	$(FORECASTING) --most 60 --rounds 2
	$(FORECASTERS)/bin/python -m benchmarks.forecasting.page

# The estimators of sequences beside recurrent ones of sktime and aeon, on the sets that these packages hold: an hour. Then the tables of
# docs/classify.md.
bench-sequences: $(ARCHIVES)/.installed
	$(ARCHIVES)/bin/python -m benchmarks.sequences.run
	$(ARCHIVES)/bin/python -m benchmarks.sequences.page

# The studies of examples/ from top to bottom: quickly, or with their full settings, which also writes down what came out.
examples: $(PEERS)/.installed
	$(PEERS)/bin/python examples/run.py

examples-full: $(PEERS)/.installed
	$(PEERS)/bin/python examples/run.py --full

# Two tasks for encoders and decoders, a string reversed and two numbers added: minutes; prints what they reach.
encoder-decoder: $(VENV)/.installed
	$(BIN)/python examples/encoder_decoder.py

# The site, build/docs/index.html: all documents, the reference of Python and of the commands, the cells, the studies. A warning is an error,
# and so is a link that leads nowhere.
docs: $(VENV)/.documented
	$(BIN)/python -m docs.builder build/docs-source
	$(BIN)/python -m sphinx -q -W --keep-going -n -j auto -c docs -d build/docs-cache build/docs-source build/docs
	$(BIN)/python -m docs.builder.check build/docs

# The picture of README: some seconds of training.
docs-pictures: $(VENV)/.installed
	$(BIN)/python -m docs.builder.idea docs/pictures/idea.png

build: $(VENV)/.installed

# A wheel and a source distribution in dist/, both tried in fresh environments: minutes.
dist: $(VENV)/.installed
	$(BIN)/pip install --quiet --group dist
	packaging/dist.sh $(BIN)/python

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

# What builds is installed beside the rest, and not for each build anew, so that what was compiled is still good the next time.
$(VENV)/.installed: $(BIN)/python $(NATIVE)
	$(BIN)/pip install --quiet --group native
	$(BIN)/pip install --quiet --no-build-isolation --editable . --config-settings=build-dir=$(MODULE)
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install --quiet --group test
	@touch $@

$(VENV)/.linted: $(VENV)/.tested
	$(BIN)/pip install --quiet --group lint
	@touch $@

$(VENV)/.documented: $(VENV)/.tested
	$(BIN)/pip install --quiet --group docs
	@touch $@

# It stands on the environment of the tests: Elman and what tests need are installed once.
$(PEERS)/bin/python: | $(VENV)/.tested
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --upgrade pip
	$(PEERS)/bin/python packaging/stand_on.py $(BIN)/python

$(PEERS)/.installed: $(PEERS)/bin/python $(VENV)/.tested
	$(PEERS)/bin/pip install --quiet torch==2.13.0 --group bench --group examples
	@touch $@

$(FORECASTERS)/bin/python:
	$(PYTHON) -m venv $(FORECASTERS)
	$(FORECASTERS)/bin/pip install --quiet --upgrade pip

$(FORECASTERS)/.installed: $(FORECASTERS)/bin/python $(NATIVE)
	$(FORECASTERS)/bin/pip install --quiet torch==2.13.0 --editable . --group forecasters
	@touch $@

$(ARCHIVES)/bin/python:
	$(PYTHON) -m venv $(ARCHIVES)
	$(ARCHIVES)/bin/pip install --quiet --upgrade pip

$(ARCHIVES)/.installed: $(ARCHIVES)/bin/python $(NATIVE)
	$(ARCHIVES)/bin/pip install --quiet torch==2.13.0 --editable . --group archives
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) $(FORECASTERS) $(ARCHIVES) build dist out
