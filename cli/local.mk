# The command: a program like any other, it sees the public headers alone.

bin_PROGRAMS += sopool
sopool_SOURCES = \
	cli/main.c
sopool_CPPFLAGS = -I$(top_srcdir)/sdk/include -I$(top_srcdir)/core/include \
	-I$(top_srcdir)/cli
sopool_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS)
sopool_LDADD = libsopool.la $(JSON_LIBS)
