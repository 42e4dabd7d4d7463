# Needs nothing but python3 (3.11 or newer), pip's registry and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,check]'
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
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: test
test: check ## check, then all tests with branch coverage of at least 95 %
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: clean
clean: ## remove the environments and caches
	rm -rf .venv .venv-* .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
