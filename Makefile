# Everything is installed into .venv from the locks in requirements/, so that two machines get the same.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
ARGS   ?=
BENCH  ?= full
JOBS   ?= auto
COMPILE ?= 0

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs screenshots bench compiled wheel lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## Start a catalog, a gateway, an Odoo stand-in and a carrier on loopback
	@exec $(BIN)/ostiary demo $(ARGS)

test: $(VENV)/.dev ## Run all tests, in parallel
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## Build the documentation strictly into build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/docs

screenshots: $(VENV)/.dev ## Pictures of the portal's main pages in both themes, into build/screenshots (needs chromium)
	$(BIN)/python -m tests.browser.portal.screenshots $(ARGS)

bench: $(VENV)/.bench ## Measure against nginx, Envoy, Node and an ASGI proxy (BENCH=quick: under three minutes)
	$(BIN)/python tests/benchmarks/run.py $(if $(filter quick,$(BENCH)),--quick) $(ARGS)

compiled: $(VENV)/.dev ## Compile the request's way with mypyc; prints the folder to put on PYTHONPATH
	@$(BIN)/python gateway/compiling/hot_path.py

wheel: $(VENV)/.dev ## Build the wheel into build/wheel (COMPILE=1: with compiled modules, for this machine)
	OSTIARY_COMPILE=$(COMPILE) $(BIN)/python -m build --wheel --no-isolation --outdir build/wheel .

lock: $(VENV)/bin/python ## Write the locks anew from pyproject.toml (needs the network)
	$(BIN)/python -m pip install --quiet uv
	@for name in runtime:build dev:"build test lint docs" bench:"build bench"; do \
	  groups=""; for group in $${name#*:}; do groups="$$groups --group $$group"; done; \
	  $(BIN)/uv pip compile pyproject.toml $$groups --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header --quiet $(ARGS) \
	    $$(test "$${name%%:*}" = runtime || echo "-c requirements/runtime.lock") \
	    -o requirements/$${name%%:*}.lock || exit 1; \
	done

clean: ## Remove what was built
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Ostiary needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

# Each stamp says: this lock is installed, and the project itself is there in place (editable).
$(VENV)/.runtime: requirements/runtime.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --requirement requirements/runtime.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@

$(VENV)/.bench: requirements/bench.lock $(VENV)/.runtime
	$(PIP) install --require-hashes --requirement requirements/bench.lock
	@touch $@
