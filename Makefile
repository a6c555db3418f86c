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

.PHONY: help setup setup-dev setup-browser setup-nginx setup-faketime demo up test test-fast check fix bench models chaos soak lock setup-containers containers chart-admission page-pictures pin-images clean

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
	@# Byte code of what collecting loads: else each test process of a clean clone compiles all of it.
	@$(BIN)/pytest --collect-only -qq -p no:cacheprovider >/dev/null 2>&1 || :
	@touch $@ $(VENV)/demo.stamp

setup: $(VENV)/demo.stamp ## install what the service needs into .venv (no torch)

setup-dev: $(VENV)/dev.stamp ## install the test tools and the torch reference engine too

setup-browser: ## install Chromium, Firefox and a Chinese font for the tests of the web page (Debian, as root)
	@if command -v chromium >/dev/null && command -v firefox-esr >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium firefox-esr fonts-wqy-microhei >/dev/null; \
	elif [ "$$CI" = true ]; then echo "CI needs chromium and firefox-esr for the tests of the web page" >&2; exit 1; \
	else echo "no chromium or firefox-esr: tests of the web page will be skipped (apt-get install chromium firefox-esr)"; fi
	@# Chromium's engine without its windows takes half of the CPU; without it the browser itself is taken.
	@if command -v chromium-headless-shell >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then :; else \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium-headless-shell >/dev/null; } || \
	  echo "no chromium-headless-shell: tests of the page take twice the CPU"; fi
	@# For Firefox's 3D a screen in memory, for its films the codec; without them those two tests are skipped.
	@if command -v Xvfb >/dev/null || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then :; else \
	  { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends xvfb \
	    "$$(apt-cache pkgnames libavcodec | grep -E '^libavcodec[0-9]+$$' | sort -V | tail -n 1)" >/dev/null; } || \
	  echo "no Xvfb: Firefox shows no 3D and no films in the tests (apt-get install xvfb ffmpeg)"; fi

setup-nginx: ## install nginx for the tests of the front (Debian, as root)
	@if command -v nginx >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; \
	elif [ "$$CI" = true ]; then echo "CI needs nginx for the tests of the front" >&2; exit 1; \
	else echo "no nginx: the tests of the front will be skipped (apt-get install nginx-light)"; fi

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

test: setup-dev setup-browser setup-nginx ## every test function once, but the slow chaos and soak runs
	$(BIN)/pytest -m "not slow and not thorough" $(PARALLEL)

test-thorough: setup-dev setup-browser setup-nginx ## `make test` and its repeats: second browser, language, engine (what CI runs)
	$(BIN)/pytest -m "not slow" $(PARALLEL)

test-fast: setup-dev ## the unit tests only: no service, engine or browser (a minute)
	$(BIN)/pytest -m "not slow and not thorough" $(PARALLEL) tests/unit

models: setup-dev ## hold the larger networks against their originals' numbers, in every engine (10 minutes)
	$(BIN)/pytest -m "slow or not slow" -rP tests/integration/worker/models/larger

chaos: setup-dev setup-faketime ## inject every fault of docs/reliability.md and regenerate its table (20 minutes)
	rm -rf test-report/chaos
	CHAOS_RESULTS=test-report/chaos $(BIN)/pytest tests/chaos; status=$$?; \
	$(BIN)/python -m tests.chaos.report test-report/chaos && exit $$status

soak: setup-dev ## half an hour (SOAK_MINUTES) of load with a fault a minute; fills docs/reliability.md
	$(BIN)/python -m tests.chaos.soak test-report/chaos; status=$$?; \
	$(BIN)/python -m tests.chaos.report test-report/chaos && exit $$status

bench: setup-dev ## measure what benchmarks/README.md claims and regenerate it
	$(BIN)/python -m benchmarks

# The API computes nothing: these come with the core, for clients, and are 96 MB in an image.
api_lock_flags := --no-emit-package numpy --no-emit-package pillow

lock: $(VENV)/uv.stamp ## pin every dependency anew (requirements/*.lock)
	for room in api worker demo dev; do \
	  flags=; if [ $$room = api ]; then flags="$(api_lock_flags)"; fi; \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header $$flags \
	    --no-annotate --python-version 3.11 --extra $$room pyproject.toml -o requirements/$$room.lock || exit 1; done

setup-containers: ## install a container engine and etcd for `containers` and `chart-admission` (Debian, as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	  docker.io containerd runc iptables debootstrap etcd-server >/dev/null

containers: setup-dev ## build the images, deploy the compose file on an engine of its own, use it, take it down (15 GB; an hour at first)
	$(BIN)/pytest tests/containers/test_compose.py

chart-admission: setup-dev ## hand the chart to a real API server under Pod Security "restricted" (half an hour at first)
	$(BIN)/pytest tests/containers/test_admission.py

page-pictures: setup-dev setup-browser ## a picture of every state of the page of the service at URL; DOCS=1: those of docs/page.md too
	$(BIN)/python -m tests.e2e.page.pictures $(URL) $(if $(DOCS),--docs)

pin-images: ## write the digest of every base image's tag into the files that name it (needs docker and its registries)
	$(PYTHON) deploy/pin_images.py

clean: ## remove the environment and everything a run leaves behind
	rm -rf $(VENV) demo-out depthq-data test-report .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
