# Everything lives in .venv inside the clone; nothing else on the machine is touched.
# uv is used where it is installed, else it is installed into .venv with pip.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
ifeq ($(UV),)
UV := $(BIN)/uv
# An exact sync would remove uv itself.
INEXACT := --inexact
endif
STAMP := $(VENV)/.installed
# Twice the cores of a small machine: many tests wait for processes.
PYTEST_ARGS ?= -n 4

export UV_PROJECT_ENVIRONMENT := $(VENV)
# Where an image forbids compiled files, every process would compile thousands of modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install run test check format migration docs livekit clean

install: $(STAMP)  ## install the locked packages into .venv

$(STAMP): uv.lock pyproject.toml | $(UV)
	$(UV) sync --quiet --locked --all-extras $(INEXACT)
	@touch $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

run: install  ## start everything; Ctrl-C stops it
	@exec $(BIN)/speko up

test: install  ## the whole test suite; what a test needs and does not find skips it with a reason
	$(BIN)/pytest $(PYTEST_ARGS)

check: install  ## format, lint, types, lock
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(UV) lock --check

format: install  ## rewrite the formatting
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

migration: install  ## make migration m="what changes"
	$(BIN)/python -m speko_core.db.new_migration "$(m)"

docs: install  ## write the generated parts of docs/
	$(BIN)/python -m speko_gateway.cli.reference docs

livekit:  ## build the LiveKit server that tests with rooms start; without Go they skip
	@tests/livekit/install.sh

clean:  ## remove the environment and caches, not the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
