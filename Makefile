.DEFAULT_GOAL := help
.PHONY: help install run chat test check format bench karaoke-demo torture lock clean

PYTHON ?= python3
BIN := .venv/bin

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/'

run: .venv/run ## set up what is needed and serve (make run ARGS="--port 9000")
	@exec $(BIN)/python server.py $(ARGS)

chat: .venv/run ## talk from this terminal (make chat ARGS="--nick ann")
	@exec $(BIN)/python client.py $(ARGS)

test: .venv/dev ## set up what is needed and pass the tests (make test ARGS="-k nick")
	$(BIN)/python -m pytest $(or $(ARGS),--cov --cov-fail-under=90)

check: .venv/dev ## lint, formatting and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

format: .venv/dev ## put the code into its format
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

bench: .venv/bench ## measure ourselves beside others (make bench QUICK=1 takes a minute)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

karaoke-demo: .venv/run ## a karaoke room with some songs, to look at
	@exec karaoke/demo.sh $(BIN)/python $(PORT)

torture: .venv/run ## cut, freeze and kill, and see that every promise is kept (SEED=n SECONDS=60)
	$(BIN)/python -m torture $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))

install: .venv/dev ## set up everything, for running and for working on it

lock: .venv/dev ## choose the dependencies' versions anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -c requirements/run.txt --extra dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -c requirements/run.txt --extra bench pyproject.toml -o requirements/bench.txt

clean: ## remove what was set up and what tools left; the chat's own log stays
	rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A file .venv/NAME says that the lock requirements/NAME.txt is installed as it stands.
.venv/run: requirements/run.txt | .venv/bin/python .venv/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/bench: requirements/bench.txt .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/dev: requirements/dev.txt | .venv/bin/python .venv/bin/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@ .venv/run

# Made anew if either is missing: a set-up that was cut short, or a Python that is gone.
.venv/bin/python .venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which one with: make PYTHON=/path/to/python3 ..."; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is needed; on Debian: apt-get install python3-venv"; rm -rf .venv; exit 1; }
