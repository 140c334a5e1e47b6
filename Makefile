# `make demo` and `make test` work on a fresh machine with Python 3.11, make and a C compiler.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test setup check format lint types imports docs clean

demo: setup
	$(BIN)/netspace design --data digits --flops 1M --time 3m --out runs/demo

test: setup
	$(BIN)/python -m pytest -n auto

setup: $(READY)

# torch's CPU build goes first: a resolver that is free to choose draws a CUDA build of several GB.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		setuptools wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		--no-build-isolation --editable '.[dev]'
	touch $(READY)

check: setup format lint types imports test

format:
	$(BIN)/ruff format --check .

lint:
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

# What is read off the zoo, the studies and the public names; and the page that is read off the
# shared tables, where they are.
docs: setup
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/figures.py
	$(BIN)/python docs/api.py
	$(BIN)/python docs/claims.py "$${NETSPACE_SHARED:-../shared}/facts"

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
