# Needs only Python 3.11 or newer and make: most targets install what they use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo serve test test-all test-fast long attack lint types layers format conformance controlplane peers bench bench-cluster bench-peers bench-scale bench-tails bench-templates bench-workloads bench-worst bench-all performance soak image kind kind-clean lock clean

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "this needs Python 3.11 or newer: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

GO_READY := $(VENV)/.go-ready
$(GO_READY): requirements-conformance.lock $(READY)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-conformance.lock
	@touch $@

demo: $(READY) ## Start the webhook on loopback, send it a bare Pod and a bare LeaderWorkerSet, and show both answers
	@$(BIN)/hydra-webhook demo

serve: $(READY) ## Run the webhook, and print a curl command that calls it
	@mkdir -p build
	@exec $(BIN)/hydra-webhook serve --host 127.0.0.1 --ca-file build/ca.crt --example tests/reviews/pod-kubectl-create.json

# Processes that share the tests; 0: this one alone. All tests against a real API server run in one of them.
WORKERS ?= 2
test: $(READY) lint types layers ## Lint, types, layers and the everyday tests; after `make controlplane`, also those against a real API server
	$(BIN)/python -m pytest --numprocesses $(WORKERS)

test-all: $(READY) lint types layers ## The same with the thorough tests, which take twice as long: what CI runs
	$(BIN)/python -m pytest --numprocesses $(WORKERS) -m "not long and not attack"

test-fast: $(READY) ## Only the tests that take less than a second each
	$(BIN)/python -m pytest --numprocesses $(WORKERS) -m "not slow and not cluster and not kustomize and not peers and not image and not thorough and not long and not attack"

long: $(READY) ## More thorough forms of some tests, which take minutes each
	$(BIN)/python -m pytest -m long

attack: $(READY) ## The long forms of attacks, with their figures (minutes to hours, needs root); HYDRA_ATTACK_INPUTS and HYDRA_ATTACK_SECONDS bound the hostile inputs
	$(BIN)/python -m pytest -m attack -s -p no:randomly

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
conformance: $(GO_READY) ## Compare the template engine with Go 1.27 on random templates: CASES of each kind, from SEED
	$(BIN)/python -m tests.gotemplate.conformance --go $(abspath $(BIN)/go) --cases $(CASES) --seed $(SEED)

controlplane: $(GO_READY) ## Build etcd, Kubernetes, helm and kustomize for the tests, once for all checkouts, in the user's cache
	$(BIN)/python -m tests.controlplane.build

peers: $(GO_READY) ## Build a Go webhook and install kopf, which the bench compares with ours, once for all checkouts, in the user's cache
	$(BIN)/python -m bench.peers.build

# Of all benches, such as BENCH_OPTIONS='--compare bench/saved/throughput.json'
BENCH_OPTIONS ?=
bench: $(READY) ## Compare requests per second with those of a webhook that does nothing; BENCH_OPTIONS are passed on
	$(BIN)/python -m bench.throughput $(BENCH_OPTIONS)

bench-cluster: $(READY) ## Compare pods created per second with and without the webhook; after `make controlplane`
	$(BIN)/python -m bench.cluster $(BENCH_OPTIONS)

bench-peers: peers ## Compare with a Go webhook on controller-runtime and with kopf, which do the same job
	$(BIN)/python -m bench.peers $(BENCH_OPTIONS)

bench-templates: $(GO_READY) ## Compare the speed of rendering and compiling with Go's and gotpl's
	$(BIN)/python -m bench.templates --go $(abspath $(BIN)/go) $(BENCH_OPTIONS)

bench-workloads: $(READY) ## Measure what following 10,000 pods costs a server: memory, time, latency
	$(BIN)/python -m bench.workloads $(BENCH_OPTIONS)

bench-tails: $(READY) ## Measure the slowest requests at half of the load, with and without reloads, and how long a reload holds the loop
	$(BIN)/python -m bench.tails $(BENCH_OPTIONS)

bench-scale: $(READY) ## Create many pods while a replica ends, and measure what work costs as there is more of it; after `make controlplane`
	$(BIN)/python -m bench.scale $(BENCH_OPTIONS)

bench-worst: $(READY) ## Measure how long the worst bodies of 1 MB hold the server's loop; fails above 50 ms
	$(BIN)/python -m bench.worst_bodies $(BENCH_OPTIONS)

bench-all: peers ## Run every bench, save the results in bench/saved, and write docs/performance.md; half an hour; after `make controlplane`
	$(BIN)/python -m bench.everything --go $(abspath $(BIN)/go)

performance: $(READY) ## Write docs/performance.md and its plots from the results in bench/saved
	$(BIN)/python -m bench.page

SOAK_SECONDS ?= 1800
soak: $(READY) ## Load two replicas for SOAK_SECONDS with rotation, reloads and restarts, and save how they grow; after `make controlplane`
	$(BIN)/python -m bench.soak --seconds $(SOAK_SECONDS) --save bench/saved/soak.json

CONTAINER_ENGINE ?= $(if $(shell command -v docker),docker,podman)
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"$$/\1/p' webhook/__init__.py)
IMAGE ?= hydra-runtime-webhook:$(VERSION)
REVISION := $(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
# Build arguments of the Dockerfile; those without a value are left out.
BUILD_ARGS := BASE BUILD_BASE SOURCE VERSION REVISION SOURCE_DATE_EPOCH
image: ## Build IMAGE on BASE, and check that it starts; BUILD_OPTIONS are passed to the engine
	$(CONTAINER_ENGINE) build $(BUILD_OPTIONS) $(foreach name,$(BUILD_ARGS),$(if $($(name)),--build-arg $(name)="$($(name))")) --tag $(IMAGE) .
	$(CONTAINER_ENGINE) run --rm --read-only --network none $(IMAGE) --version

kind: ## Create a kind cluster with the webhook and an example pod (needs kind, kubectl, docker and a container registry)
	manifests/kind/up.sh

kind-clean: ## Delete that cluster
	manifests/kind/down.sh

lock: ## Pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements.lock
	uv pip compile pyproject.toml --group dev --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-dev.lock
	uv pip compile --group build --constraints requirements-dev.lock --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-build.lock
	uv pip compile --group conformance --constraints requirements-dev.lock --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-conformance.lock
	uv pip compile --group peers --constraints requirements-dev.lock --python-version 3.11 --generate-hashes --no-header --quiet --upgrade --output-file requirements-peers.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
