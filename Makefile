# `make help` lists what there is. Everything runs in .venv, which the first call makes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIPELINE ?= pipelines/quickstart.mel
ROUNDS ?= 20
CODE := dsl compiler runtime tests
# A worker for each core. Tests stay in the order that pytest-randomly gives, module by module, so that what a
# module shares is made once; a worker that has nothing left takes over the half of another's rest.
# At the end stands what took longer than a test may, unless it is marked `slow` or `fuzz`.
PARALLEL := -n auto --dist worksteal --durations=10 --durations-min=15
QUICK := not slow and not fuzz and not bench and not process

# Without compiled files each worker, and each process that a test starts, compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-quick lint coverage bench fuzz migrate migrate-down fmt docs clean

help: ## list what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1	\2/' | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Meltica needs Python 3.11 or newer; set PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Meltica into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q dsl compiler runtime  # what an editable install leaves to the first start
	@touch $@

run: $(VENV)/.ready ## run pipelines/quickstart.mel (or PIPELINE=…) until Ctrl-C
	@$(BIN)/meltica run $(PIPELINE)

test: $(VENV)/.ready ## run all tests (about 15 minutes on two cores)
	@$(BIN)/python -m pytest $(PARALLEL)

test-quick: $(VENV)/.ready ## run the tests without processes, databases, random programs and benchmarks (a few minutes)
	@$(BIN)/python -m pytest $(PARALLEL) -m '$(QUICK)' --snapshot-warn-unused

lint: $(VENV)/.ready ## check style, types, import directions and pipelines
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/meltica fmt --check pipelines/*.mel

coverage: $(VENV)/.ready ## run all tests and fail below 90 % coverage
	@$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term

bench: $(VENV)/.ready ## measure and write docs/benchmarks.md; BENCH="--short live" for a part
	@$(BIN)/python -m tests.bench.run $(BENCH)

fuzz: $(VENV)/.ready ## look for new failures with random programs and inputs, ROUNDS=20 times: 80,000 programs
	@for round in $$(seq $(ROUNDS)); do \
	  echo "round $$round of $(ROUNDS)"; \
	  MELTICA_FUZZ=long $(BIN)/python -m pytest $(PARALLEL) --snapshot-warn-unused || exit 1; \
	done

migrate: $(VENV)/.ready ## bring the database's tables up
	@$(BIN)/meltica migrate up

migrate-down: $(VENV)/.ready ## take the last migration back
	@$(BIN)/meltica migrate down

fmt: $(VENV)/.ready ## format Python and pipelines
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix --quiet $(CODE)
	@$(BIN)/meltica fmt pipelines/*.mel

docs: $(VENV)/.ready ## write what docs/ and README.md show of the program
	@$(BIN)/python -m tests.docs.pages
	@$(BIN)/python tests/docs/textmate.py

clean: ## remove the virtual environment and caches; .meltica, the data, stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage dist
