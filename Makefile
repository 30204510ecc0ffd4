# `make demo` and `make test` do all set-up themselves; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SPEECH := $(VENV)/.speech
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := PYTHONWARNINGS=default $(BIN)/python -m pytest

.PHONY: demo test guard soak lint types imports check services lock clean help

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: $(SPEECH) ## Hear NGX Voice answer three calls; no account, no network once installed
	@$(BIN)/ngx-voice demo

test: $(SPEECH) services ## Run everything that passes or fails within minutes
	$(PYTEST) -n 2 --dist loadgroup --cov --cov-report=term:skip-covered --cov-fail-under=85

guard: $(SPEECH) services ## Rehearse a few calls beside the plain pipecat bot; falling behind it fails
	$(BIN)/ngx-voice rehearse --scenario guard --calls 2 --peer plain --out $(VENV)/guard \
		--require 'ratio:answer.p50<=0.7' --require 'ratio:yield.p50<=0.8' --require 'answer.p50<=1' \
		--require 'missed_turn<=0.2' --require 'talked_on<=0.3' --require 'false_stop_backchannel<=0.5'

soak: $(SPEECH) services ## Run what is too long for every change
	$(PYTEST) -m soak -s

check: lint types imports ## Lint, types, import rules

lint: $(INSTALLED) ## Lint and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## Types: strict for bot and telephony
	$(BIN)/pyright

imports: $(INSTALLED) ## Imports go down only
	$(BIN)/lint-imports

services: ## Install what tests need beside Python: Redis, Postgres and the flite voices
	@$(PYTHON) tests/install_services.py

# Everything of Python, pinned by hash.
$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "NGX Voice needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@echo "Installing into $(VENV) (a few minutes the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on = 1; print; next} on && /^ / {print; next} {on = 0}' requirements-dev.lock > $(VENV)/uv.lock
	@$(PIP) --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-dev.lock \
		|| $(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# The embedded recogniser's language model.
$(SPEECH): $(INSTALLED)
	@echo "Building the embedded recogniser's language model (under a minute) …"
	@$(BIN)/python -m pipelines.embedded.build
	@touch $@

lock: ## Pin again what pyproject.toml allows
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra rehearsal --group dev \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements-dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 \
		--no-emit-package numba --no-emit-package llvmlite --no-emit-package resampy \
		-c requirements-dev.lock \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean: ## Remove what was built
	rm -rf $(VENV) dist htmlcov .coverage* .pytest_cache .ruff_cache
