# How the tests are run. All of them report by TAP.

logs =
TEST_EXTENSIONS = .bats .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
BATS_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
# A test that hangs is ended, and with it what it has started.
TEST_LIMIT = 1800
TEST_ENV = $(SHELL) tests/env timeout -k 5 $(TEST_LIMIT)
LOG_COMPILER = $(TEST_ENV)
BATS_LOG_COMPILER = $(TEST_ENV) $(BATS)
AM_BATS_LOG_FLAGS = --tap
SH_LOG_COMPILER = $(SHELL)

# ---- unit tests: programs that see the inside of the library

unit_tests += \
	tests/unit/test_base \
	tests/unit/test_buffer \
	tests/unit/test_calls \
	tests/unit/test_catalog \
	tests/unit/test_cbor \
	tests/unit/test_channel \
	tests/unit/test_containment \
	tests/unit/test_cpus \
	tests/unit/test_crowd \
	tests/unit/test_details \
	tests/unit/test_futures \
	tests/unit/test_large \
	tests/unit/test_lifecycle \
	tests/unit/test_invent \
	tests/unit/test_load \
	tests/unit/test_manifest \
	tests/unit/test_numbers \
	tests/unit/test_options \
	tests/unit/test_pack \
	tests/unit/test_pains \
	tests/unit/test_pictures \
	tests/unit/test_pool \
	tests/unit/test_register \
	tests/unit/test_signature \
	tests/unit/test_slab \
	tests/unit/test_status \
	tests/unit/test_task \
	tests/unit/test_text \
	tests/unit/test_value \
	tests/unit/test_vet \
	tests/unit/test_worker

AM_DEFAULT_SOURCE_EXT = .c
AM_CPPFLAGS += -I$(top_srcdir)/tests/unit $(CHECK_CFLAGS)
LDADD = core/libsopool-core.la $(CHECK_LIBS)
EXTRA_DIST += \
	tests/unit/cbor_copy.h \
	tests/unit/files.h \
	tests/unit/pools.h \
	tests/unit/unit.h

# Of the command, what draws. One of its headers is called as Check's is.
tests_unit_test_pictures_SOURCES = \
	tests/unit/test_pictures.c \
	cli/crew.c \
	cli/gaps.c \
	cli/histogram.c \
	cli/reasons.c \
	cli/sample.c \
	cli/timeline.c
tests_unit_test_pictures_CPPFLAGS = $(AM_CPPFLAGS) \
	-iquote $(top_srcdir)/cli

# And what makes arguments up.
tests_unit_test_invent_SOURCES = \
	tests/unit/test_invent.c \
	cli/growing.c \
	cli/invent.c \
	cli/same.c
tests_unit_test_invent_CPPFLAGS = $(AM_CPPFLAGS) \
	-iquote $(top_srcdir)/cli

# The codec beside others.
peer_tests = tests/unit/cbor_peers
tests_unit_cbor_peers_SOURCES = tests/unit/cbor_peers.c
tests_unit_cbor_peers_CFLAGS = $(AM_CFLAGS) $(CBOR_CFLAGS)
tests_unit_cbor_peers_LDADD = $(LDADD) $(CBOR_LIBS)
EXTRA_DIST += tests/unit/cbor_peers.py

if HAVE_CHECK
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
logs += $(unit_tests:=.log)
if HAVE_LIBCBOR
check_PROGRAMS += $(peer_tests)
TESTS += $(peer_tests)
logs += $(peer_tests:=.log)
endif
endif

# ---- faults: calls counted while everything goes wrong

fault_tests = tests/faults/accounting
tests_faults_accounting_LDADD = core/libsopool-core.la
check_PROGRAMS += $(fault_tests)
TESTS += $(fault_tests)
logs += $(fault_tests:=.log)
TESTS += tests/faults/nomem.sh
logs += tests/faults/nomem.log
tests/faults/nomem.log: stage.stamp
EXTRA_DIST += \
	tests/faults/nomem.c \
	tests/faults/nomem.sh

# What a call costs once all is warm.
TESTS += tests/steady/steady.sh
logs += tests/steady/steady.log
tests/steady/steady.log: stage.stamp
EXTRA_DIST += \
	tests/steady/count.c \
	tests/steady/steady.c \
	tests/steady/steady.sh

# A soak: minutes of mixed load with faults.
SOAK_SECONDS = 600
check_PROGRAMS += tests/faults/soak
tests_faults_soak_LDADD = core/libsopool-core.la
soak: tests/faults/soak stage.stamp tests/plugins/lib/stamp
	$(AM_V_at)$(SHELL) tests/env tests/faults/soak $(SOAK_SECONDS) 2>soak.log
.PHONY: soak
CLEANFILES += soak.log

# ---- the channel's protocol, model-checked; needs spin

check-model:
	$(AM_V_at)CC='$(CC)' $(SHELL) $(srcdir)/tests/model/check.sh \
		$(srcdir)/tests/model/channel.pml
.PHONY: check-model
EXTRA_DIST += \
	tests/model/channel.pml \
	tests/model/check.sh

# ---- fuzzing: each target runs over its corpus as a test; libFuzzer makes up
# more in a build with --enable-fuzzing

fuzz_targets = \
	tests/fuzz/channel \
	tests/fuzz/config \
	tests/fuzz/json \
	tests/fuzz/manifest \
	tests/fuzz/request \
	tests/fuzz/signature \
	tests/fuzz/value
if FUZZING
fuzz_main =
else
fuzz_main = tests/fuzz/replay.c
endif
tests_fuzz_channel_SOURCES = tests/fuzz/channel.c $(fuzz_main)
tests_fuzz_channel_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_config_SOURCES = tests/fuzz/config.c $(fuzz_main)
tests_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_manifest_SOURCES = tests/fuzz/manifest.c $(fuzz_main)
tests_fuzz_manifest_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_signature_SOURCES = tests/fuzz/signature.c $(fuzz_main)
tests_fuzz_signature_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_value_SOURCES = tests/fuzz/value.c $(fuzz_main)
tests_fuzz_value_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
# JSON is the command's.
tests_fuzz_json_SOURCES = tests/fuzz/json.c $(fuzz_main) \
	cli/base64.c cli/json.c cli/lint.c cli/message.c cli/near.c \
	cli/output.c cli/render.c
tests_fuzz_json_CPPFLAGS = $(sopool_CPPFLAGS)
tests_fuzz_json_CFLAGS = $(sopool_CFLAGS)
tests_fuzz_json_LDADD = core/libsopool-core.la $(JSON_LIBS)
tests_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_request_SOURCES = tests/fuzz/request.c $(fuzz_main) \
	cli/base64.c cli/json.c cli/lint.c cli/message.c cli/near.c \
	cli/outcome.c cli/output.c cli/render.c cli/service/reply.c \
	cli/service/request.c cli/taskjson.c
tests_fuzz_request_CPPFLAGS = $(sopool_CPPFLAGS)
tests_fuzz_request_CFLAGS = $(sopool_CFLAGS)
tests_fuzz_request_LDADD = core/libsopool-core.la $(JSON_LIBS)
tests_fuzz_request_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

FUZZ_SECONDS = 3600
if FUZZING
check_PROGRAMS += $(fuzz_targets)
fuzz-targets: $(fuzz_targets)
fuzz: $(fuzz_targets)
	$(AM_V_at)$(SHELL) $(srcdir)/tests/fuzz/run.sh $(srcdir) \
		$(FUZZ_SECONDS) $(fuzz_targets)
else
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
logs += $(fuzz_targets:=.log)
fuzz:
	@echo 'make fuzz: in a build folder of its own, run' \
		"'configure --enable-fuzzing CC=clang' first" >&2; exit 1
endif
.PHONY: fuzz fuzz-targets
EXTRA_DIST += \
	tests/fuzz/corpus \
	tests/fuzz/fuzz.h \
	tests/fuzz/replay.c \
	tests/fuzz/run.sh

# ---- whole-program tests

bats_tests += \
	tests/cli/apply.bats \
	tests/cli/chaos.bats \
	tests/cli/config.bats \
	tests/cli/convert.bats \
	tests/cli/deaths.bats \
	tests/cli/exit.bats \
	tests/cli/inputs.bats \
	tests/cli/inspect.bats \
	tests/cli/list.bats \
	tests/cli/joblog.bats \
	tests/cli/map.bats \
	tests/cli/options.bats \
	tests/cli/outputs.bats \
	tests/cli/pains.bats \
	tests/cli/pictures.bats \
	tests/cli/progress.bats \
	tests/cli/replay.bats \
	tests/cli/runs.bats \
	tests/cli/serve.bats \
	tests/cli/starmap.bats \
	tests/cli/test.bats \
	tests/cli/top.bats \
	tests/faults/scarce.bats

# About how it is built, about compilers, shells and documents: a build with
# sanitizers has nothing to add.
plain_tests = \
	tests/cli/build.bats \
	tests/cli/completion.bats \
	tests/cli/messages.bats \
	tests/cli/new.bats \
	tests/cli/pages.bats \
	tests/cli/release.bats \
	tests/cli/systemd.bats \
	tests/sdk/cpp.bats \
	tests/sdk/abi.bats \
	tests/sdk/headers.bats \
	tests/sdk/rust.bats
EXTRA_DIST += $(bats_tests) $(plain_tests)
EXTRA_DIST += \
	tests/abi/1.0/old.c \
	tests/abi/1.0/sopool/abi.h \
	tests/abi/1.0/sopool/cbor.h \
	tests/abi/1.0/sopool/task.h \
	tests/abi/dump \
	tests/abi/layout.c \
	tests/abi/libsopool.abi \
	tests/abi/plugin.abi \
	tests/asan/sopool \
	tests/asan/sopool-worker \
	tests/cli/helper.bash \
	tests/cli/pictures.py \
	tests/cli/viewer.html \
	tests/messages.py \
	tests/plugins/cplus.cc \
	tests/plugins/rusty.rs \
	tests/sdk/language.bash \
	tests/sdk/typed.c

# What the documents show.
script_tests = tests/docs/readme.sh tests/docs/man3.sh tests/layers.sh
tests/docs/readme.log tests/docs/man3.log: stage.stamp
EXTRA_DIST += \
	README.md \
	tests/docs/console.py \
	tests/docs/man3.sh \
	tests/docs/readme.sh \
	tests/layers.sh

# The examples, as a user would build them.
script_tests += tests/examples.sh
tests/examples.log: stage.stamp
EXTRA_DIST += tests/examples.sh

if HAVE_BATS
TESTS += $(bats_tests)
logs += $(bats_tests:.bats=.log)
endif
if !SANITIZED
TESTS += $(script_tests)
logs += $(script_tests:.sh=.log)
if HAVE_BATS
TESTS += $(plain_tests)
logs += $(plain_tests:.bats=.log)
endif
endif

# Last, when all others are done: what have they left behind?
TESTS += tests/leaks.sh
EXTRA_DIST += tests/leaks.sh
tests/leaks.log: $(logs)

# ---- parts of the suite, for builds with sanitizers

# Those in which threads meet, and all in which they could.
thread_tests = \
	tests/unit/test_buffer \
	tests/unit/test_calls \
	tests/unit/test_channel \
	tests/unit/test_crowd \
	tests/unit/test_details \
	tests/unit/test_futures \
	tests/unit/test_large \
	tests/unit/test_lifecycle \
	tests/unit/test_numbers \
	tests/unit/test_pains \
	tests/unit/test_pool \
	tests/unit/test_register \
	tests/unit/test_slab \
	tests/unit/test_status \
	$(fault_tests) \
	tests/cli/exit.bats
all_thread_tests = \
	$(unit_tests) \
	$(fault_tests) \
	tests/cli/exit.bats \
	tests/cli/map.bats

# Those that see the inside, and those that meet what comes from outside. What the
# rest has to add is found by the whole suite.
memory_tests = \
	$(unit_tests) \
	$(fault_tests) \
	$(fuzz_targets) \
	$(filter plugins/%,$(bats_tests)) \
	tests/cli/convert.bats \
	tests/cli/exit.bats \
	tests/cli/inputs.bats \
	tests/cli/serve.bats

check_part = TESTS='$(1) tests/leaks.sh' \
	check_PROGRAMS='$(filter-out %.bats,$(1))' \
	logs='$(addsuffix .log,$(basename $(1)))'
check-memory:
	$(MAKE) $(AM_MAKEFLAGS) check $(call check_part,$(memory_tests))
check-threads:
	$(MAKE) $(AM_MAKEFLAGS) check $(call check_part,$(thread_tests))
check-all-threads:
	$(MAKE) $(AM_MAKEFLAGS) check $(call check_part,$(all_thread_tests))

.PHONY: check-memory check-threads check-all-threads

# ---- another C library, other machines

check-musl:
	$(AM_V_at)$(SHELL) $(srcdir)/tests/hosts/musl.sh $(srcdir)

CROSS = aarch64-linux-gnu arm-linux-gnueabihf s390x-linux-gnu
check-cross:
	$(AM_V_at)$(SHELL) $(srcdir)/tests/hosts/cross.sh $(srcdir) $(CROSS)

.PHONY: check-musl check-cross
EXTRA_DIST += \
	tests/hosts/alpine.sh \
	tests/hosts/booted.sh \
	tests/hosts/cross.sh \
	tests/hosts/laid.sh \
	tests/hosts/musl.sh \
	tests/hosts/overlay.sh \
	tests/hosts/shim.c \
	tests/hosts/smoke.c

# ---- another program: what reads traces

PERFETTO = tests/perfetto/work
check-perfetto: stage.stamp
	$(AM_V_at)$(SHELL) tests/env $(SHELL) $(srcdir)/tests/perfetto/check.sh \
		$(PERFETTO)

.PHONY: check-perfetto
EXTRA_DIST += \
	tests/perfetto/check.sh \
	tests/perfetto/compare.py \
	tests/perfetto/rules.mk

# ---- the stage: an installation of this build, which the tests use

installed = $(bin_PROGRAMS) $(pkglibexec_PROGRAMS) $(lib_LTLIBRARIES) \
	$(plugins_LTLIBRARIES) $(HEADERS) $(MANS)

stage.stamp: $(installed) Makefile
	@echo '  STAGE    stage'
	@rm -rf stage
	@umask 022; $(MAKE) $(AM_MAKEFLAGS) install \
		DESTDIR='$(abs_top_builddir)/stage' >stage.log 2>&1 \
		|| { cat stage.log; exit 1; }
	@chmod -R go-w stage
	@echo done >$@
stage: stage.stamp
.PHONY: stage
check_DATA += stage.stamp
CLEANFILES += stage.stamp stage.log

# ---- all plugins of this build in one folder, fit to be loaded

plugins/lib/stamp: $(plugins_LTLIBRARIES) Makefile
	@echo '  COPY     plugins/lib'
	@rm -rf plugins/lib && $(MKDIR_P) plugins/lib
	@for p in $(plugins_LTLIBRARIES); do \
		name=`basename "$$p" .la`; \
		cp "`dirname $$p`/.libs/$$name.so" plugins/lib/ || exit 1; \
	done
	@chmod -R go-w plugins/lib
	@echo done >$@
all-local: plugins/lib/stamp

# ---- plugins for the tests: built as an author would, from the SDK alone

test_plugins += \
	tests/plugins/badhook.c \
	tests/plugins/behave.c \
	tests/plugins/ctor.c \
	tests/plugins/faults.c \
	tests/plugins/good.c \
	tests/plugins/leaver.c \
	tests/plugins/nameless.c \
	tests/plugins/nuisance.c \
	tests/plugins/second.c \
	tests/plugins/tried.c \
	tests/plugins/undone.c \
	tests/plugins/unlinked.c

tests/plugins/lib/stamp: $(test_plugins) $(HEADERS) Makefile
	@echo '  CC       tests/plugins/lib'
	@rm -rf tests/plugins/lib && $(MKDIR_P) tests/plugins/lib
	@for c in $(test_plugins); do \
		test -f $$c || c=$(srcdir)/$$c; \
		$(CC) -D_GNU_SOURCE -I$(top_srcdir)/sdk/include \
			$(WARN_CFLAGS) $(WERROR_CFLAGS) $(CFLAGS) \
			$(LDFLAGS) $(NO_SANITIZERS) -shared -fPIC -pthread \
			-o tests/plugins/lib/`basename $$c .c`.so $$c || exit 1; \
	done
	@chmod -R go-w tests/plugins/lib
	@echo done >$@
check_DATA += tests/plugins/lib/stamp
EXTRA_DIST += $(test_plugins)

distclean-local:
	rm -rf tests/bin tests/perfetto/work
clean-local:
	rm -rf stage plugins/lib tests/plugins/lib tests/tmp tests/run \
		tests/reports \
		docs/man3 tests/fuzz/work tests/fuzz/found
