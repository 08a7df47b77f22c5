# From nothing but Python 3.11 and make: every target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo serve test test-fast long lint types layers format conformance controlplane bench bench-cluster bench-templates image kind kind-clean lock clean

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

GO_READY := $(VENV)/.go-ready
$(GO_READY): requirements-conformance.lock $(READY)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-conformance.lock
	@touch $@

demo: $(READY) ## Start the webhook on loopback, send it a bare Pod and a bare LeaderWorkerSet, show both answers
	@$(BIN)/hydra-webhook demo

serve: $(READY) ## Keep the webhook running and print a curl line that works
	@mkdir -p build
	@echo "Once it serves, ask it from another terminal:"
	@echo
	@echo "  curl --cacert build/ca.crt -H 'Content-Type: application/json' -d @tests/reviews/pod-kubectl-create.json https://localhost:9443/mutate"
	@echo
	@exec $(BIN)/hydra-webhook serve --host 127.0.0.1 --ca-file build/ca.crt

test: $(READY) lint types layers ## Lint, types, layers and all tests; those against a real API server after `make controlplane`
	$(BIN)/python -m pytest

test-fast: $(READY) ## The tests that take less than a second each
	$(BIN)/python -m pytest -m "not slow and not cluster and not kustomize and not image and not long"

long: $(READY) ## The long forms of some tests, which take minutes each
	$(BIN)/python -m pytest -m long

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

CASES ?= 10000
SEED ?= 1
conformance: $(GO_READY) ## Random templates, CASES of each kind from SEED, held against Go 1.27
	$(BIN)/python -m tests.gotemplate.conformance --go $(abspath $(BIN)/go) --cases $(CASES) --seed $(SEED)

controlplane: $(GO_READY) ## Build etcd, Kubernetes and helm for the tests into the user's cache, once for all checkouts
	$(BIN)/python -m tests.controlplane.build

bench: $(READY) ## Requests per second next to a no-op handler, as ratios
	$(BIN)/python -m bench.throughput

bench-cluster: $(READY) ## Pods created per second through a real API server, with and without the webhook; after `make controlplane`
	$(BIN)/python -m bench.cluster

bench-templates: $(GO_READY) ## Rendering and compiling next to Go and gotpl, as ratios
	$(BIN)/python -m bench.templates --go $(abspath $(BIN)/go)

CONTAINER_ENGINE ?= $(if $(shell command -v docker),docker,podman)
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"$$/\1/p' webhook/__init__.py)
IMAGE ?= hydra-runtime-webhook:$(VERSION)
REVISION := $(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
# Each is handed to the Dockerfile where it has a value.
BUILD_ARGS := BASE BUILD_BASE SOURCE VERSION REVISION SOURCE_DATE_EPOCH
image: ## Build IMAGE on BASE, then see that it starts there; BUILD_OPTIONS go to the engine
	$(CONTAINER_ENGINE) build $(BUILD_OPTIONS) $(foreach name,$(BUILD_ARGS),$(if $($(name)),--build-arg $(name)="$($(name))")) --tag $(IMAGE) .
	$(CONTAINER_ENGINE) run --rm --read-only --network none $(IMAGE) --version

kind: ## A kind cluster with the webhook in it and an example pod (needs kind, kubectl, docker and a container registry)
	manifests/kind/up.sh

kind-clean: ## Remove that cluster
	manifests/kind/down.sh

lock: ## Pin the newest versions that pyproject.toml allows (needs uv on the PATH)
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements.lock
	uv pip compile pyproject.toml --group dev --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-dev.lock
	uv pip compile --group build --constraints requirements-dev.lock --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-build.lock
	uv pip compile --group conformance --constraints requirements-dev.lock --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-conformance.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
