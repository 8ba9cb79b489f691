# The benchmarks: nothing of them is built by default.

bench_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/bench
bench_peers =
EXTRA_PROGRAMS = bench/pool bench/peers/raw bench/peers/two
bench_pool_SOURCES = bench/pool.c bench/bench.h
bench_pool_CPPFLAGS = $(bench_cppflags)
bench_pool_LDADD = libsopool.la
# Not by a script of libtool's, from which workers would inherit one more place
# to look for libraries than the peers have.
bench_pool_LDFLAGS = $(AM_LDFLAGS) -no-install
bench_peers_raw_SOURCES = bench/peers/raw.c bench/bench.h
bench_peers_raw_CPPFLAGS = $(bench_cppflags)
bench_peers_raw_LDADD =
bench_peers_two_SOURCES = bench/peers/two.c
bench_peers_two_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
bench_peers_two_LDADD = $(OPENSSL_LIBS)

# Peers that not everybody has.
if BENCH_GLIB
bench_peers += bench/peers/glib
endif
if BENCH_UV
bench_peers += bench/peers/uv
endif
if BENCH_TBB
bench_peers += bench/peers/tbb
endif
EXTRA_PROGRAMS += bench/peers/glib bench/peers/uv
bench_peers_glib_SOURCES = bench/peers/glib.c bench/bench.h
bench_peers_glib_CPPFLAGS = $(bench_cppflags) $(GLIB_CFLAGS)
bench_peers_glib_LDADD = $(GLIB_LIBS)
bench_peers_uv_SOURCES = bench/peers/uv.c bench/bench.h
bench_peers_uv_CPPFLAGS = $(bench_cppflags) $(UV_CFLAGS)
bench_peers_uv_LDADD = $(UV_LIBS)

# Beside C++ there is nothing here that needs a C++ compiler.
CXX = g++
bench/peers/tbb: bench/peers/tbb.cc
	@$(MKDIR_P) bench/peers
	$(CXX) -O2 $(TBB_CFLAGS) -o $@ $(srcdir)/bench/peers/tbb.cc $(TBB_LIBS)

# A plugin whose opening takes as long as that of libcrypto.
bench/lib/bench.so: bench/tasks.c sdk/include/sopool/task.h \
		sdk/include/sopool/abi.h sdk/include/sopool/cbor.h
	@$(MKDIR_P) bench/lib
	$(CC) $(CFLAGS) -D_GNU_SOURCE -I$(top_srcdir)/sdk/include -shared -fPIC \
		-o $@ $(srcdir)/bench/tasks.c -Wl,--no-as-needed $(OPENSSL_LIBS)
	@chmod -R go-w bench/lib

bench_programs = bench/pool$(EXEEXT) bench/peers/raw$(EXEEXT) \
	bench/peers/two$(EXEEXT) $(bench_peers)
bench_env = BENCH='$(abs_builddir)/bench' $(SHELL) tests/env $(SHELL) -c \
	'SOPOOL_PLUGIN_PATH=$(abs_builddir)/bench/lib:$$SOPOOL_PLUGIN_PATH \
	exec "$$@"' bench
BENCH_FLAGS =
bench_python3 = /usr/bin/python3

bench: $(bench_programs) bench/lib/bench.so stage.stamp
	$(bench_env) $(bench_python3) $(srcdir)/bench/run $(BENCH_FLAGS)
.PHONY: bench

# Needs valgrind.
bench-instructions: bench/pool$(EXEEXT) bench/lib/bench.so stage.stamp
	BENCH_POOL='$(abs_builddir)/bench/pool$(EXEEXT)' $(bench_env) \
		$(SHELL) $(srcdir)/bench/instructions \
		$(srcdir)/bench/instructions.txt \
		$(SHELL) ./libtool --mode=execute
.PHONY: bench-instructions

CLEANFILES += $(EXTRA_PROGRAMS) bench/peers/tbb bench/lib/bench.so

EXTRA_DIST += \
	bench/README.md \
	bench/instructions \
	bench/instructions.txt \
	bench/peers/pool.py \
	bench/peers/tbb.cc \
	bench/plot.gp \
	bench/results.json \
	bench/results.svg \
	bench/run \
	bench/tasks.c
