# Two commands do all the set-up, each from an empty clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow bench-estimation bench-univariate bench-modes lint format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	@touch $@

demo: $(INSTALLED)  ## install, train the ring, sample, measure; fit KL beside reverse KL; say where the pictures are
	$(BIN)/vdm train --config ring --resume
	$(BIN)/vdm sample --checkpoint runs/ring --output runs/ring/samples/demo.npy --force
	$(BIN)/vdm eval-divergence --checkpoint runs/ring
	@for divergence in kl reverse_kl; do echo; \
		set -- --config univariate/$$divergence --set training.steps=3000 --set checkpoints.every=3000; \
		set -- "$$@" --run-dir runs/fit-$$divergence --resume; \
		echo "$(BIN)/vdm train $$*"; $(BIN)/vdm train "$$@" || exit; \
	done
	@echo
	$(BIN)/python docs/figures/covering_dropping.py runs/fit-kl runs/fit-reverse_kl --output runs/covering_dropping.png
	@echo
	@echo "pictures:    runs/ring/samples/training.gif     the ring being learned; step-*.png are its frames"
	@echo "             runs/covering_dropping.png         fits by KL, which covers, and reverse KL, which drops"
	@echo "             runs/fit-kl/samples/training.gif   the bound's T closes on the optimal T* = f'(p/q)"
	@echo "samples:     runs/ring/samples/demo.npy"
	@echo "the runs:    runs/ring runs/fit-kl runs/fit-reverse_kl"

test: $(INSTALLED)  ## install and pass the tests
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: $(INSTALLED)  ## the tests that take minutes
	$(BIN)/python -m pytest -n 2 -m slow

# estimators of other packages and the tasks of benchmark-mi, each in an environment of its own
PEERS := scratch/peers
BMI := scratch/bmi

$(PEERS)/.installed:
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet infomeasure==0.6.3 divergence==1.1.0 densratio==0.4.0
	@touch $@

$(BMI)/.installed:
	$(PYTHON) -m venv $(BMI)
	$(BMI)/bin/python -m pip install --quiet benchmark-mi==0.1.3 jax==0.4.30 jaxlib==0.4.30 "scipy<1.13"
	@touch $@

bench-estimation: $(INSTALLED) $(PEERS)/.installed $(BMI)/.installed  ## hours: fill benchmarks/tables
	for each in disjoint invariance targets scale power accuracy validity; do \
		$(BIN)/python -m benchmarks.estimation.$$each || exit; \
	done
	$(BIN)/python -m benchmarks.estimation.bmi_tasks --python $(BMI)/bin/python
	$(BIN)/python -m benchmarks.estimation.peers --python $(PEERS)/bin/python

bench-univariate: $(INSTALLED)  ## an hour: f-GAN's univariate table, 8 seeds of 9 divergences, two mixtures
	$(BIN)/python -m benchmarks.training.univariate

bench-modes: $(INSTALLED)  ## hours: ring and grid by every divergence, 10 seeds each
	$(BIN)/python -m benchmarks.training.modes

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
