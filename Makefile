# `make run` and `make test` are all a new machine needs: Python >= 3.11, git and make.
# With uv on the PATH it creates the environment, without it venv and pip do.

ARGS ?=
TESTS ?= tests
WORKERS ?= 2

PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$candidate; break; }; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run test snapshots check format bench screenshots lock wheel clean help

run: $(READY)  ## open the app here; make run ARGS='ask "how does X work?"' for the command line
	@$(BIN)/ramet $(ARGS)

test: $(READY)  ## run the test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

snapshots: $(READY)  ## accept the present screens as right, after looking at them
	$(BIN)/python -m pytest --snapshot-update tests/tui

check: $(READY)  ## formatting, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## measure; see docs/benchmarks.md
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(READY)  ## render the pictures of the README from the real app
	$(BIN)/python screenshots/render.py $(ARGS)

lock: $(READY)  ## resolve the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev \
		--python-version 3.11 --upgrade pyproject.toml -o requirements.lock

wheel: $(READY)  ## build the wheel into dist/
	$(BIN)/uv build --wheel

clean:  ## remove the environment and everything built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */\1\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
ifeq ($(strip $(UV)$(PYTHON)),)
	@echo "ramet needs Python 3.11 or newer, or uv; neither was found on the PATH." >&2; exit 1
endif
ifneq ($(UV),)
	@test -x $(BIN)/python || $(UV) venv --quiet --python ">=3.11" .venv
	@VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --quiet --no-deps -e .
else
	@echo "Creating the environment in .venv; this takes a minute, once." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@touch $(READY)
