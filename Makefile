# Causeway. Two commands do everything on a fresh Debian 12 machine, installing
# what is missing first:   make demo   and   make test
#
# One non-recursive Makefile: a wildcard per folder, objects under
# build/VARIANT/, dependencies by the compiler. VARIANT is release, asan or fuzz
# (clang's libFuzzer; made by "make fuzz").

VARIANT ?= release
B := build/$(VARIANT)
CC ?= gcc
PREFIX ?= /usr
DESTDIR ?=

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- what the machine must have (names of Debian packages) ----------------
DEB_BUILD := gcc make pkg-config libsofia-sip-ua-dev libstrophe-dev \
	libsmpp34-dev libevent-dev libssl-dev libsqlite3-dev libconfuse-dev \
	libxml2-dev libunistring-dev libsystemd-dev libjansson-dev \
	libjemalloc-dev
DEB_TEST := clang-14 clang-format-14 libcmocka-dev libpq-dev postgresql \
	python3 python3-slixmpp prosody ejabberd sip-tester kamailio shellcheck \
	cppcheck iproute2 openssl sqlite3 \
	prometheus systemd groff-base kamailio-tls-modules nsd
SETUP_STAMP := build/.setup-done

# ---- flags ----------------------------------------------------------------
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wwrite-strings -Wcast-qual -Wformat=2 -Wvla -Wswitch-enum -Wundef
ifneq (,$(findstring clang,$(CC)))
WARN += -Wno-gnu-zero-variadic-macro-arguments
else
WARN += -Wno-variadic-macros
endif
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -fno-strict-overflow
ifeq ($(VARIANT),asan)
OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
LDOPT := -fsanitize=address,undefined
else ifeq ($(VARIANT),fuzz)
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined
LDOPT := -fsanitize=fuzzer,address,undefined
else
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
LDOPT := -Wl,-z,relro,-z,now -Wl,--as-needed
endif
VERSION := $(shell cat packaging/VERSION 2>/dev/null || echo 0.1.0)
CPPFLAGS := -I. -D_GNU_SOURCE -DCAUSEWAY_VERSION='"$(VERSION)"'
CFLAGS := -std=gnu17 $(OPT) $(HARDEN) $(WARN) $(WERROR)
LDFLAGS := -pie $(LDOPT)

# Third-party headers as system headers: their warnings are not ours.
sysinc = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1) 2>/dev/null))
XML_C := $(call sysinc,libxml-2.0)
SIP_C := $(call sysinc,sofia-sip-ua)
STROPHE_C := $(shell pkg-config --cflags libstrophe 2>/dev/null)
XML_L := -lxml2 -lunistring
ADAPTER_L := -lsofia-sip-ua -lstrophe -lexpat -levent_core -levent_extra -levent_openssl \
	-lssl -lcrypto -lsqlite3 -ldl -lpthread
DAEMON_L := -lconfuse -lsystemd -ljansson
ifeq ($(VARIANT),release)
DAEMON_L += -Wl,--no-as-needed -ljemalloc -Wl,--as-needed
endif

# ---- sources --------------------------------------------------------------
CORE_SRC := $(sort $(wildcard core/*/*.c))
ADAPTER_SRC := $(sort $(wildcard adapters/*/*.c))
DAEMON_SRC := $(sort $(wildcard gateway/daemon/*.c))
CTL_SRC := $(sort $(wildcard gateway/ctl/*.c))
FAKE_SRC := $(sort $(wildcard tests/fake/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(1))
CORE_A := $(B)/libcore.a
ADAPTER_A := $(B)/libadapters.a
DAEMON_A := $(B)/libdaemon.a
FAKE_A := $(B)/libfake.a
# The daemon without its main, so that tests can link the option table.
DAEMON_LIB_SRC := $(filter-out gateway/daemon/main.c,$(DAEMON_SRC))
# Definitions that must win over a library's (shims) are linked as objects,
# not from an archive.
SHIM_OBJ := $(call obj,$(wildcard adapters/*/*_shim.c))

PROGRAMS := $(B)/causewayd $(B)/causewayctl
UNIT_TESTS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FLOW_RUNNER := $(if $(wildcard tests/flow/*.c),$(B)/tests/flow/replay)
BENCH_BIN := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/*.c)))
WIRE_BIN := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/wire/*.c)))

all: $(PROGRAMS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $< ($(VARIANT))"
	@$(CC) $(CPPFLAGS) $(XML_C) $(SIP_C) $(STROPHE_C) $(CFLAGS) -MMD -MP -c -o $@ $<

define archive
	@mkdir -p $(@D)
	@echo "  AR      $@"
	@rm -f $@
	@ar rcs $@ $^
endef

$(CORE_A): $(call obj,$(CORE_SRC))
	$(archive)
$(ADAPTER_A): $(filter-out $(SHIM_OBJ),$(call obj,$(ADAPTER_SRC)))
	$(archive)
$(DAEMON_A): $(call obj,$(DAEMON_LIB_SRC))
	$(archive)
$(FAKE_A): $(call obj,$(FAKE_SRC))
	$(archive)

define link
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(1)
endef

$(B)/causewayd: $(B)/gateway/daemon/main.o $(SHIM_OBJ) $(DAEMON_A) \
		$(ADAPTER_A) $(CORE_A)
	$(call link,$(ADAPTER_L) $(XML_L) $(DAEMON_L))
$(B)/causewayctl: $(call obj,$(CTL_SRC)) $(CORE_A)
	$(call link,-ljansson -lresolv)

TEST_LIBS := $(FAKE_A) $(DAEMON_A) $(ADAPTER_A) $(CORE_A)
# What several unit tests share (the adapters' contract) is no program itself.
UNIT_SHARED := $(call obj,$(filter-out tests/unit/test_%.c,\
	$(wildcard tests/unit/*.c)))
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(UNIT_SHARED) $(SHIM_OBJ) $(TEST_LIBS)
	$(call link,$(ADAPTER_L) $(XML_L) $(DAEMON_L) -lcmocka -lpq)
$(B)/tests/flow/replay: $(call obj,$(wildcard tests/flow/*.c)) $(TEST_LIBS)
	$(call link,$(ADAPTER_L) $(XML_L) $(DAEMON_L))
$(B)/tests/wire/%: $(B)/tests/wire/%.o $(SHIM_OBJ) $(TEST_LIBS)
	$(call link,$(ADAPTER_L) $(XML_L) $(DAEMON_L) -lcmocka)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(SHIM_OBJ) $(TEST_LIBS)
	$(call link,$(ADAPTER_L) $(XML_L) $(DAEMON_L))
# Fuzzers: each is a plain program that replays files given to it; in the fuzz
# variant libFuzzer brings the main function.
REPLAY_O := $(if $(filter fuzz,$(VARIANT)),,$(B)/tests/fuzz/replay_main.o)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(REPLAY_O) $(SHIM_OBJ) $(TEST_LIBS)
	$(call link,$(ADAPTER_L) $(XML_L) $(DAEMON_L))

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:

# ---- everything that checks -----------------------------------------------
include tests/tests.mk

# ---- install ---------------------------------------------------------------
include packaging/install.mk

clean:
	rm -rf build

.PHONY: all clean setup demo test bench fuzz soak lint conformance
