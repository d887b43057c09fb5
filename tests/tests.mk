# tests/tests.mk: what "make test", demo, bench, fuzz, soak, lint and
# conformance do. Included by the Makefile; run from the root.

PY := /usr/bin/python3
RUN := $(PY) tests/run.py --results build/results.tsv
TEST_SECONDS ?= 300

# The set-up names what is missing and installs it (sudo when not root).
$(SETUP_STAMP): Makefile tests/setup.sh
	@mkdir -p build
	@tests/setup.sh $(DEB_BUILD) $(DEB_TEST)
	@if [ -f tests/package-lock.json ]; then npm ci --prefix tests \
		--no-audit --no-fund --silent; fi
	@touch $@
setup: $(SETUP_STAMP)

# Everything that one variant's tests need.
test-programs: $(PROGRAMS) $(UNIT_TESTS) $(FUZZERS) $(FLOW_RUNNER) $(WIRE_BIN)

UNITS_OF = $(patsubst %.c,build/$(1)/%,$(sort $(wildcard tests/unit/test_*.c)))
WIRES_OF = $(patsubst %.c,build/$(1)/%,$(sort $(wildcard tests/wire/*.c)))
# A fuzzer replays the seeds of its codec.
FUZZ_OF = $(foreach f,$(sort $(wildcard tests/fuzz/fuzz_*.c)),\
	'build/$(1)/$(basename $(f)) tests/fuzz/seeds/$(patsubst fuzz_%,%,$(notdir $(basename $(f))))')
FLOW_OF = $(foreach f,$(sort $(wildcard tests/flow/*/*.flow)),\
	'build/$(1)/tests/flow/replay $(f)')
SCRIPTS := $(sort $(wildcard tests/wire/test_*.py tests/interop/test_*.py))
LINTS := tests/lint/layers.sh tests/lint/banned.sh tests/lint/headers.sh \
	tests/lint/fuzzers.sh tests/lint/shell.sh tests/lint/events.py \
	'tests/lint/pure.sh build/release/core' \
	'tests/lint/symbols.sh build/release/causewayd build/release/core build/release/adapters build/release/gateway/daemon'
SELFTESTS := tests/conformance/selftest.py tests/lint/selftest.sh

export CC CPPFLAGS
export CFLAGS := $(CFLAGS) $(XML_C) $(SIP_C) $(STROPHE_C)

test: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=release WERROR=-Werror test-programs
	@$(MAKE) --no-print-directory -j2 VARIANT=asan WERROR=-Werror test-programs
	@$(MAKE) --no-print-directory run-tests

run-tests:
	@rm -f build/results.tsv
	-@VARIANT=release $(RUN) --timeout $(TEST_SECONDS) --jobs 2 \
		$(LINTS) $(SELFTESTS) $(call UNITS_OF,release) \
		$(call FUZZ_OF,release) $(call FLOW_OF,release) \
		$(call WIRES_OF,release)
	-@VARIANT=asan $(RUN) --append --timeout $(TEST_SECONDS) --jobs 2 \
		$(call UNITS_OF,asan) $(call FUZZ_OF,asan) \
		$(call FLOW_OF,asan)
	-@CAUSEWAY_BUILD=build/asan $(RUN) --append \
		--timeout $(TEST_SECONDS) --jobs 2 $(SCRIPTS)
	@$(RUN) --append

# What a change is tried with before it is committed: one variant, no peers.
quick: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=release WERROR=-Werror test-programs
	@VARIANT=release $(RUN:results.tsv=quick.tsv) --timeout 120 --jobs 2 \
		$(LINTS) $(call UNITS_OF,release) $(call FUZZ_OF,release) \
		$(call FLOW_OF,release)

conformance:
	@$(PY) tests/conformance/report.py

lint: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=release build/release/libcore.a
	@$(RUN) --timeout $(TEST_SECONDS) $(LINTS) $(SELFTESTS) \
		tests/lint/format.sh tests/lint/cppcheck.sh

demo: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=release all
	@$(PY) tests/demo/demo.py --build build/release

bench: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=release all $(BENCH_BIN)
	@$(PY) tests/bench/bench.py --build build/release
	@$(PY) tests/bench/overload.py --build build/release

# Long runs of the fuzzers: FUZZ_SECONDS each, on what grew so far.
FUZZ_SECONDS ?= 300
fuzz: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=fuzz CC=clang-14 fuzzers
	@for f in build/fuzz/tests/fuzz/fuzz_*; do \
		[ -x $$f ] || continue; \
		name=$$(basename $$f | sed s/fuzz_//); \
		dict=tests/fuzz/dict/$$name.dict; \
		mkdir -p build/corpus/$$name; \
		echo "  FUZZ    $$name"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			-artifact_prefix=build/corpus/$$name- \
			$$([ -f $$dict ] && echo -dict=$$dict) \
			build/corpus/$$name tests/fuzz/seeds/$$name \
			>build/corpus/$$name.log 2>&1 || \
			{ tail -40 build/corpus/$$name.log; exit 1; }; \
		grep stat::number_of_executed_units build/corpus/$$name.log; \
	done
fuzzers: $(FUZZERS)

# The seeded long forms.
soak: setup
	@$(MAKE) --no-print-directory -j2 VARIANT=asan all
	@CAUSEWAY_BUILD=build/asan SOAK=1 $(RUN) --timeout 7200 --jobs 1 $(SCRIPTS)

.PHONY: quick test-programs run-tests fuzzers
