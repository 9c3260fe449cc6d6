# Every target sets itself up: virtual environment, locked dependencies and, where `pulumi` is not installed, the engine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
WORKERS ?= 2

# Imports of the SDK cost two to three times as much without cached bytecode.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: up down test check bench conformance format docs lock servers help

help:
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed (found: '"$$($(PYTHON) --version 2>&1)"'). On Debian: apt-get install python3 python3-venv'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo 'The venv module is missing. On Debian: apt-get install python3-venv'; exit 1; }
	@echo 'Installing the locked dependencies into $(VENV) …'
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable . > $(VENV)/install.log 2>&1 || { cat $(VENV)/install.log; exit 1; }
	@touch $@

up: $(STAMP) ## bring the root estate up in the sandbox, with the real engine
	@environment="$$(sandbox/env)" && eval "$$environment" && $(BIN)/estate up --all --policy-pack policies

down: $(STAMP) ## destroy the sandbox estate and leave nothing running
	@environment="$$(sandbox/env)" && eval "$$environment" && $(BIN)/estate destroy --all --lift-protection --yes
	@rm -rf .estate/sandbox

test: $(STAMP) servers ## run all tests
	@sandbox/install --tests > /dev/null
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

servers:
	@tests/install-servers

check: $(STAMP) ## format, lint, types, import layering, generated docs up to date
	@$(BIN)/ruff format --check --quiet . && echo 'format: ok'
	@$(BIN)/ruff check --quiet . && echo 'lint: ok'
	@$(BIN)/mypy | tail -n 1
	@$(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/python docs/generate.py --check && echo 'docs: ok'

format: $(STAMP)
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

docs: $(STAMP)
	@$(BIN)/python docs/generate.py --write

bench: $(STAMP) ## print figures beside those of comparable tools
	@$(BIN)/python benchmarks/run.py

conformance: $(STAMP) ## run the stacks through AWS's real provider, against a simulator; STACKS='root:cell.*' for a part
	@$(BIN)/python -m conformance $(STACKS)

lock: $(STAMP)
	@$(BIN)/pip-compile --quiet --extra recovery --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml
