# Two commands do all the set-up, each from an empty clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	@touch $@

demo: $(INSTALLED)  ## install, train the ring, sample, measure, say where the pictures are
	$(BIN)/vdm train --config ring --resume
	$(BIN)/vdm sample --checkpoint runs/ring --output runs/ring/samples/demo.npy --force
	$(BIN)/vdm eval-divergence --checkpoint runs/ring
	@echo
	@echo "pictures:    runs/ring/samples/*.png  (the last one is the trained generator)"
	@echo "samples:     runs/ring/samples/demo.npy"
	@echo "the run:     runs/ring"

test: $(INSTALLED)  ## install and pass the tests
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(INSTALLED)  ## the tests that take minutes
	$(BIN)/python -m pytest -n 2 -m slow

lint: $(INSTALLED)  ## ruff, mypy and the layer contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)  ## rewrite in the house format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:  ## remove what make and the tools made; runs stay
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis .jax_cache
