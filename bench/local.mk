# The benchmarks: nothing of them is built by default.
EXTRA_PROGRAMS = bench/peers/two
bench_peers_two_SOURCES = bench/peers/two.c
bench_peers_two_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
bench_peers_two_LDADD = $(OPENSSL_LIBS)
CLEANFILES += bench/peers/two

bench: bench/peers/two$(EXEEXT) stage.stamp
	TWO='$(abs_builddir)/bench/peers/two' $(SHELL) tests/env \
		$(SHELL) $(srcdir)/bench/run
.PHONY: bench

EXTRA_DIST += \
	bench/README.md \
	bench/peers/pool.py \
	bench/run
