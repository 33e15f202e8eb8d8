# `make demo` and `make test` need Python 3.11 or newer and make; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test check format schema bench clean

demo: $(VENV)/.installed ## play the five-phase plan and write its report
	$(BIN)/stargate plan examples/stargate.yaml -o out/stargate.html

test: $(VENV)/.installed-test ## run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

check: $(VENV)/.installed-check ## style, format, types, layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyrefly check
	$(BIN)/lint-imports

format: $(VENV)/.installed-check
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

schema: $(VENV)/.installed
	$(BIN)/stargate schema > stargate.schema.json

bench: $(VENV)/.installed ## speed, as ratios taken in one run (CALCULON=folder of a checkout)
	$(BIN)/python benchmarks/strategies_per_second.py $(if $(CALCULON),--calculon $(CALCULON))
	$(BIN)/python benchmarks/programme_samples.py
	$(BIN)/python benchmarks/scarce_resources.py

clean:
	rm -rf $(VENV) out

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) -e '.[test]'
	touch $@

$(VENV)/.installed-check: $(VENV)/.installed
	$(PIP) -e '.[check]'
	touch $@
