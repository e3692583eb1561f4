# The targets for people and for CI. `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps versions build run demo test proof sanitize lint format docs openapi bench compare conformance compatibility ci clean

SWIFT_FOLDERS := Package.swift Sources Tests Examples $(wildcard Benchmarks/Package.swift Benchmarks/Benchmarks Benchmarks/Sources)

help:    ## list these targets
	@echo "Stint: rate limits and quotas for function runners. Targets:"
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

deps:    ## list and install missing packages (Debian 12, root or sudo)
	@scripts/deps.sh

versions: deps    ## check that the Swift packages are those of scripts/versions.txt
	@scripts/versions.sh

build: deps    ## debug build of everything, tests included (first time: about 12 minutes on 2 cores)
	@[ -d .build/debug ] || echo "build: the first debug build takes about 12 minutes on 2 cores; later ones take seconds."
	@scripts/build.sh --build-tests

# The release build contains the Swift runtime, and lacks the run-time checks of exclusive access
# that the debug build and every test have
# (docs/decisions/0008-what-the-release-build-leaves-out.md).
RELEASE := -c release --product stint --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

run: deps    ## release build of the service, then start it (Ctrl-C stops it; ARGS="--ledger memory" adds flags)
	@[ -x .build/release/stint ] || echo "run: the first release build takes about 12 minutes on 2 cores and shows its progress; later ones take seconds."
	@scripts/build.sh $(RELEASE)
	@echo "run: starting; the runner API is at http://127.0.0.1:7400, the dashboard at http://127.0.0.1:7401/"
	@exec "$$(swift build $(RELEASE) --show-bin-path)/stint" serve $(ARGS)

# The existing build, brought up to date: that of `make run`, else the debug build.
DEMO = $(if $(wildcard .build/release/stint),$(RELEASE),--product stint)

demo:    ## Stint, a function runner and real functions: a burst over the limit, and the recovery (half a minute)
	@scripts/deps.sh demo
	@scripts/build.sh $(DEMO)
	@exec node Examples/function-runner/demo.mjs "$$(swift build $(DEMO) --show-bin-path)/stint"

# The tests run one after the other, because many measure deadlines of milliseconds on real servers
# and would slow each other down.
test: build    ## every test (needs no running Redis: the tests start their own; about 14 minutes)
	@scripts/deps.sh test
	scripts/test.sh --skip-build --disable-xctest --no-parallel

PROOF := AgreementTests|RulePropertyTests|Mutat|RandomDocumentTests|SimulationTests|AuditTests|RecordedVerdictTests|FailoverTests

proof: build    ## the random tests for much longer, and 20 rounds of each failover (two hours; a failure prints its seed)
	STINT_PROOF=1 scripts/test.sh --skip-build --disable-xctest --no-parallel --filter '$(PROOF)'

# Both sanitizers watch the tests and every `stint` that the tests start. Each has its own build.
# thread: a small library (Tests/Sanitizers/MutexHandle.c) describes Synchronization.Mutex to it.
#   Tests/Sanitizers/thread.supp lists false reports with their reasons.
# address: leaks are not searched. Tests drop embedded connections that are still open and, by
#   design, retain themselves; LeakSanitizer would count them.
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

lint:    ## check the layout of the Swift code and the syntax of the scripts; changes no file
	@scripts/deps.sh demo
	swift format lint --strict --parallel --recursive $(SWIFT_FOLDERS)
	@for script in scripts/*.sh .ci/run; do bash -n "$$script" || exit 1; done
	@for script in deploy/container/*.sh; do sh -n "$$script" || exit 1; done
	@for script in $$(find Clients Examples -name '*.mjs' -o -name '*.js'); do node --check "$$script" || exit 1; done
	@echo "lint: clean"

format:    ## format the Swift code
	swift format --in-place --parallel --recursive $(SWIFT_FOLDERS)

docs: build    ## build the documentation of the libraries as pages in .build/docs (half a minute)
	@scripts/docs.sh

openapi: build    ## write the OpenAPI document of the admin API to docs/openapi.json
	STINT_OPENAPI=write swift test --skip-build --disable-xctest --filter OpenAPIFileTests

bench: compare    ## all measurements: compare, then the microbenchmarks (first time: some minutes more)
	cd Benchmarks && swift package --disable-sandbox benchmark

compare:    ## compare Stint with its peers, into docs/BENCHMARKS.md: 35 minutes (ARGS="--quick": 3; installs the peers)
	@scripts/deps.sh bench
	@scripts/build.sh $(RELEASE)
	python3 -B Benchmarks/compare --stint "$$(swift build $(RELEASE) --show-bin-path)/stint" $(ARGS)

conformance: build    ## check that the binary conforms to its OpenAPI document, and that metrics and alerts parse (2 minutes)
	@scripts/deps.sh ci
	scripts/conformance.sh

compatibility: build    ## run the tests about Redis on Redis 6.2, 7.0 and 8.2 and on Valkey, into docs/OPERATIONS.md (half an hour; installs the servers)
	@scripts/deps.sh compatibility
	scripts/compatibility.sh

ci: versions lint test docs conformance    ## what CI runs: versions, lint, build, test, docs, conformance, then start the binary and send one request
	scripts/smoke.sh

clean:    ## remove all build output (the data in ./stint-data stays)
	rm -rf .build Benchmarks/.build
