# depthq: every routine has a target; `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PHOTOS ?=
# Test processes side by side. Tests wait more than they work: twice the cores keep two cores busy.
PROCESSES ?= 4
PARALLEL := -n $(PROCESSES) --dist loadfile --no-loadscope-reorder --durations=10
# Python keeps its byte code, whatever the environment says: else each of the hundreds of processes
# that the tests start would compile all that it imports, which costs more than the tests.
export PYTHONDONTWRITEBYTECODE :=
.DEFAULT_GOAL := help

.PHONY: help setup setup-dev setup-browser setup-faketime demo up test test-fast check fix bench chaos soak lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two stamps: `demo` is what a user needs (no torch), `dev` adds torch and the test tools.
$(VENV)/uv.stamp:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@touch $@

$(VENV)/demo.stamp: $(VENV)/uv.stamp requirements/demo.lock pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/demo.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/uv.stamp requirements/dev.lock pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@ $(VENV)/demo.stamp

setup: $(VENV)/demo.stamp ## install what the service needs into .venv (no torch)

setup-dev: $(VENV)/dev.stamp ## install the test tools and the torch reference engine too

setup-browser: ## install Chromium for the test of the web page (Debian, as root)
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	elif [ "$$CI" = true ]; then echo "CI needs chromium for the test of the web page" >&2; exit 1; \
	else echo "no chromium: the test of the web page will be skipped (apt-get install chromium)"; fi

setup-faketime: ## install libfaketime for the faults of clocks (Debian, as root)
	@if [ -e /usr/lib/*/faketime/libfaketime.so.1 ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends faketime >/dev/null; \
	else echo "no libfaketime: the faults of clocks will be skipped (apt-get install faketime)"; fi

demo: setup ## start everything, submit sample photographs, write demo-out/, stop
	$(BIN)/depthq demo --out demo-out $(PHOTOS)

up: setup ## start everything on this machine; Ctrl-C drains and stops
	$(BIN)/depthq up

check: setup-dev ## lint, types, import rules; edits nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: setup-dev ## format and apply safe lint fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup-dev setup-browser ## the whole test suite but the slow chaos and soak runs
	$(BIN)/pytest -m "not slow" $(PARALLEL)

test-fast: setup-dev ## the unit tests only: no Redis, no S3 server, no browser (a minute)
	$(BIN)/pytest -m "not slow" $(PARALLEL) tests/unit

chaos: setup-dev setup-faketime ## inject every fault of docs/reliability.md and regenerate its table (20 minutes)
	rm -rf test-report/chaos
	CHAOS_RESULTS=test-report/chaos $(BIN)/pytest tests/chaos; status=$$?; \
	$(BIN)/python -m tests.chaos.report test-report/chaos && exit $$status

soak: setup-dev ## half an hour (SOAK_MINUTES) of load with a fault a minute; fills docs/reliability.md
	$(BIN)/python -m tests.chaos.soak test-report/chaos; status=$$?; \
	$(BIN)/python -m tests.chaos.report test-report/chaos && exit $$status

bench: setup-dev ## measure what benchmarks/README.md claims and regenerate it
	$(BIN)/python -m benchmarks

lock: $(VENV)/uv.stamp ## pin every dependency anew (requirements/*.lock)
	for room in api worker demo dev; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --no-annotate --python-version 3.11 --extra $$room pyproject.toml -o requirements/$$room.lock || exit 1; done

clean: ## remove the environment and everything a run leaves behind
	rm -rf $(VENV) demo-out depthq-data test-report .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
