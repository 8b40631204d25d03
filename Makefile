# Two commands are enough on a fresh machine: `make demo` and `make test`.
# Everything lives in .venv; nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# --without-pip, then pip from outside: Debian's Python has no ensurepip.
PIP := $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install demo run test soak check bench lint types layers migrations lock clean mutations wheels

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Duban needs Python 3.11 or newer; try: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --without-pip $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Duban into $(VENV) (about a minute, once) ..."
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need ..."
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

install: $(VENV)/.installed ## prepare .venv with the `duban` command

demo: install ## a county at work in your browser
	$(BIN)/duban demo

run: install ## the real thing; needs DUBAN_TELEGRAM_TOKEN
	$(BIN)/duban migrate
	$(BIN)/duban run

test: $(VENV)/.installed-dev ## all tests
	$(BIN)/python -m pytest -n 4 --dist loadgroup

soak: $(VENV)/.installed-dev ## 200 small terms, a thousand SIGKILLs at random moments, ten minutes of 429; over an hour
	DUBAN_TERMS=200 $(BIN)/python -m pytest tests/e2e/test_terms.py -n 2 --timeout=600
	DUBAN_KILLS=1000 DUBAN_KILLS_TO=build/kills.jsonl $(BIN)/python -m pytest tests/e2e/test_crashes.py -k random -n 2 -rP --timeout=600
	$(BIN)/python -m tests.e2e.kills build/kills.jsonl
	DUBAN_FLOOD_SECONDS=600 $(BIN)/python -m pytest tests/e2e/test_faults.py -k too_many -rP

check: $(VENV)/.installed-dev lint types layers ## lint, types, layers and the fast tests, within a minute
	$(BIN)/python -m pytest tests/unit tests/db -q -n 2 -m "not slow and not postgres"

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

layers: $(VENV)/.installed-dev
	$(BIN)/lint-imports

migrations: $(VENV)/.installed-dev ## models and migrations agree
	$(BIN)/python -m db.migrations check

bench: $(VENV)/.installed-dev ## medians and ratios
	$(BIN)/python -m benchmarks

mutations: $(VENV)/.installed-dev ## does each test notice the change it guards against (some minutes)
	$(BIN)/python -m tests.mutations

wheels: install ## dist/duban-wheels.tar.gz: all there is to install, for a machine without internet
	rm -rf dist/wheels && mkdir -p dist/wheels
	$(PYTHON) -m pip wheel --disable-pip-version-check --quiet --require-hashes -r requirements.txt -w dist/wheels
	$(PYTHON) -m pip wheel --disable-pip-version-check --quiet --no-deps --no-index --find-links dist/wheels . -w dist/wheels
	tar -czf dist/duban-wheels.tar.gz -C dist wheels
	@echo "dist/duban-wheels.tar.gz; there: pip install --no-index --find-links wheels duban"

lock: ## renew requirements*.txt from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --extra build --extra dev -c requirements.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-dev.txt

clean: ## remove .venv and caches
	rm -rf $(VENV) *.egg-info build .mypy_cache .ruff_cache .pytest_cache
