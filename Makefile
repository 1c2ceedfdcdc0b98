# The whole vocabulary: setup lint types test demo up bench protos. Each works from a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
ONLY ?=

.PHONY: setup lint types test demo up bench protos
.DEFAULT_GOAL := test

setup: .venv/ready

.venv/ready: requirements/dev.txt pyproject.toml hatch_build.py $(wildcard protos/liangma/*/v1/*.proto)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Liangma needs Python 3.11 or newer; set PYTHON=…")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

protos: setup
	$(BIN)/python hatch_build.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/python hatch_build.py --google build/protos
	$(BIN)/buf lint

types: setup
	$(BIN)/mypy hatch_build.py services gateway deploy benchmarks tests docs/clients

test: setup
	$(BIN)/pytest -n auto --dist worksteal

demo: setup
	$(BIN)/liangma demo --out demo-out

up: setup
	$(BIN)/liangma up

bench: setup
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))
