# One door for people and for CI. `make` alone lists what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps versions build run demo test proof sanitize lint format docs openapi bench compare conformance ci clean

SWIFT_FOLDERS := Package.swift Sources Tests Examples $(wildcard Benchmarks/Package.swift Benchmarks/Benchmarks Benchmarks/Sources)

help:    ## list these targets
	@echo "Stint: rate limits and quotas for function runners. Targets:"
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

deps:    ## install what is missing (Debian 12, root or sudo), saying what
	@scripts/deps.sh

versions: deps    ## are the Swift packages those of scripts/versions.txt?
	@scripts/versions.sh

build: deps    ## debug build of everything, tests included (first time: about 12 minutes on 2 cores)
	@[ -d .build/debug ] || echo "build: the first debug build takes about 12 minutes on 2 cores; later ones take seconds."
	@scripts/build.sh --build-tests

# What people run: with the Swift runtime inside, and without the run-time checks of exclusive
# access that the debug build and every test keep
# (docs/decisions/0008-what-the-release-build-leaves-out.md).
RELEASE := -c release --product stint --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

run: deps    ## release build of the service, then start it (Ctrl-C stops it; ARGS="--ledger memory" adds flags)
	@[ -x .build/release/stint ] || echo "run: the first release build takes about 12 minutes on 2 cores and says how far it is; later ones take seconds."
	@scripts/build.sh $(RELEASE)
	@echo "run: starting; runners ask http://127.0.0.1:7400, people look at http://127.0.0.1:7401/"
	@exec "$$(swift build $(RELEASE) --show-bin-path)/stint" serve $(ARGS)

# The build that is there already, brought up to date: that of `make run`, else the debug build.
DEMO = $(if $(wildcard .build/release/stint),$(RELEASE),--product stint)

demo:    ## Stint, a function runner and real functions: a burst over the limit, and what becomes of it (half a minute)
	@scripts/deps.sh demo
	@scripts/build.sh $(DEMO)
	@exec node Examples/function-runner/demo.mjs "$$(swift build $(DEMO) --show-bin-path)/stint"

# One after the other: many tests hold real servers to deadlines of milliseconds, and would be each
# other's load.
test: build    ## every test (needs no running Redis: the tests start their own; about 12 minutes)
	@scripts/deps.sh test
	scripts/test.sh --skip-build --disable-xctest --no-parallel

PROOF := AgreementTests|RulePropertyTests|Mutat|RandomDocumentTests|SimulationTests|AuditTests|RecordedVerdictTests

proof: build    ## everything that draws from chance, for much longer (an hour or two; a failure prints its seed)
	STINT_PROOF=1 scripts/test.sh --skip-build --disable-xctest --no-parallel --filter '$(PROOF)'

# Both sanitizers watch the tests and every `stint` that the tests start. Each has its own build.
# thread: Synchronization.Mutex is explained to it by a small library
#   (Tests/Sanitizers/MutexHandle.c). What is known to be no race is listed with its reason
#   (Tests/Sanitizers/thread.supp).
# address: leaks are not looked for. Tests drop embedded connections that are still open and hold
#   themselves, as they must; LeakSanitizer counts them.
# HouseTests are left out of both: they read text files. BusyAccountTests are left out of thread:
# they fill a window of 60 s with 6,000 executions, which takes too long at a tenth of the speed.
SANITIZED := --skip-build --disable-xctest --no-parallel --skip HouseTests
sanitize: deps    ## every test under ThreadSanitizer, then under AddressSanitizer (first time: 50 minutes on 2 cores, then 20)
	@scripts/deps.sh test
	swift build --build-tests --sanitize=thread --scratch-path .build/thread
	clang -O1 -shared -fPIC -o .build/thread/MutexHandle.so Tests/Sanitizers/MutexHandle.c
	LD_PRELOAD="$(CURDIR)/.build/thread/MutexHandle.so" \
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Sanitizers/thread.supp" \
	swift test --sanitize=thread --scratch-path .build/thread $(SANITIZED) --skip BusyAccountTests
	swift build --build-tests --sanitize=address --scratch-path .build/address
	ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1" \
	swift test --sanitize=address --scratch-path .build/address $(SANITIZED)

lint:    ## layout of the Swift code and syntax of the scripts; changes no file of the project
	@scripts/deps.sh demo
	swift format lint --strict --parallel --recursive $(SWIFT_FOLDERS)
	@for script in scripts/*.sh .ci/run; do bash -n "$$script" || exit 1; done
	@for script in deploy/container/*.sh; do sh -n "$$script" || exit 1; done
	@for script in $$(find Clients Examples -name '*.mjs' -o -name '*.js'); do node --check "$$script" || exit 1; done
	@echo "lint: clean"

format:    ## let swift format lay the Swift code out
	swift format --in-place --parallel --recursive $(SWIFT_FOLDERS)

docs: build    ## the documentation of the libraries, as pages in .build/docs (half a minute)
	@scripts/docs.sh

openapi: build    ## write docs/openapi.json from what the admin port serves
	STINT_OPENAPI=write swift test --skip-build --disable-xctest --filter OpenAPIFileTests

bench: compare    ## everything that is measured: compare, then the microbenchmarks (first time: some minutes more)
	cd Benchmarks && swift package --disable-sandbox benchmark

compare:    ## Stint beside its peers into docs/BENCHMARKS.md: 35 minutes (ARGS="--quick": 3; installs the peers)
	@scripts/deps.sh bench
	@scripts/build.sh $(RELEASE)
	python3 -B Benchmarks/compare --stint "$$(swift build $(RELEASE) --show-bin-path)/stint" $(ARGS)

conformance: build    ## does the binary keep to its own OpenAPI document, do its metrics and alerts parse? (2 minutes)
	@scripts/deps.sh ci
	scripts/conformance.sh

ci: versions lint test docs conformance    ## what CI runs: versions, lint, build, test, docs, conformance, then start the binary and ask it once
	scripts/smoke.sh

clean:    ## remove what was built (the data in ./stint-data stays)
	rm -rf .build Benchmarks/.build
