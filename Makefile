# Everything runs in .venv, made once from the hash-checked requirements.lock.
# Windows without make: docs/install.md says what to type instead.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PORT ?= 4200

.PHONY: help demo test lint format bench server lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    the example study, from raw files to a package, through the Prefect flows"
	@echo "make test    the whole test suite"
	@echo "make server  Prefect server, worker and deployments on this machine (PORT=4200), until Ctrl-C"
	@echo "make lint    formatting, ruff, mypy --strict, import rules"
	@echo "make bench   time and memory on studies of 10,000 to 1,000,000 records"
	@echo "make format  put the code into its format"
	@echo "make lock    renew requirements.lock (needs uv)"
	@echo "make clean   delete .venv, demo/ and caches"

# Without its last step the environment is not ready: one that was interrupted is made anew.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=/path/to/python3 …"; exit 1; }
	@test -e $@ || $(PYTHON) -m venv --clear .venv
	@rm -f $@
	@echo "Installing what requirements.lock names (a minute or two, only this once) …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	@$(BIN)/python -m flows.demo

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python benchmarks/study_run.py

server: $(READY)
	@$(BIN)/python -m flows.serve --port $(PORT)

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra postgres --extra semantic --extra dev --output-file requirements.lock

clean:
	rm -rf .venv .prefect demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
