# A thin wrapper: CMake builds, the scripts of hack/ do the rest.
# The targets that end in "text" after ## are the documentation: `make` prints them.

export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

PROGRAMS := tenantry-operator tenantry-agent tenantry
FUZZ_SECONDS ?= 20

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the optimised programs into build/release/bin
	cmake --preset release -D TENANTRY_TESTS=OFF
	cmake --build --preset release --target $(PROGRAMS)

.PHONY: build-dev
build-dev: ## Build programs and tests with sanitizers into build/dev
	cmake --preset dev
	cmake --build --preset dev

.PHONY: test
test: build-dev ## Build and run the tests: unit, adapter, system (starts servers of its own)
	hack/run_tests.sh dev --label-exclude soak

.PHONY: soak
soak: build-dev bench-programs ## Run what takes long: kills at every write, 100 histories, an hour of churn
	hack/run_tests.sh dev --label-regex soak --verbose
	tests/bench/churn.py

.PHONY: test-unit
test-unit: build-dev ## Build and run the unit tests only
	ctest --preset dev --label-regex unit --parallel $$(nproc)

.PHONY: coverage
coverage: ## Run all tests and report which lines they reach, in build/coverage/report
	cmake --preset coverage
	cmake --build --preset coverage
	hack/run_tests.sh coverage
	hack/report_coverage.sh

.PHONY: check
check: ## Check format, lints, layers, CRDs, scripts and generated texts
	hack/check_format.sh
	hack/check_layers.sh
	python3 hack/check_crds.py
	python3 hack/check_reasons.py
	hack/check_scripts.sh
	cmake --preset dev
	cmake --build --preset dev --target $(PROGRAMS)
	hack/generate.sh --check
	hack/run_tidy.py

.PHONY: format
format: ## Format the C++ sources
	hack/check_format.sh --fix

.PHONY: generate
generate: ## Renew generated texts: the flag tables in README and docs
	cmake --preset dev
	cmake --build --preset dev --target $(PROGRAMS)
	hack/generate.sh

.PHONY: fuzz-smoke
fuzz-smoke: ## Run every fuzz target for FUZZ_SECONDS (20) from its corpus
	cmake --preset fuzz
	cmake --build --preset fuzz
	FUZZ_SECONDS=$(FUZZ_SECONDS) hack/fuzz_smoke.sh

.PHONY: bench-programs
bench-programs: ## Build what the benchmarks need into build/release/bin
	cmake --preset release -D TENANTRY_TESTS=ON
	cmake --build --preset release --target $(PROGRAMS) bench-load bench-plan bench-rows
	hack/build_judges.sh --into build/release/bin twin stubagent

.PHONY: bench
bench: bench-programs ## Measure the programs beside a Go peer: all, or BENCH=operator, agent, load or a single one
	tests/bench/run.py $(BENCH)

.PHONY: demo
demo: build ## Show everything: real Kubernetes API, PostgreSQL and Redis, two tenants and their data
	hack/demo.sh up

.PHONY: demo-down
demo-down: ## Stop the demo; leaves nothing behind
	hack/demo.sh down

.PHONY: clean
clean: ## Remove all build folders
	rm -rf build
