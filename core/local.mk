# libsopool: all objects in a convenience library, which the worker program and
# the unit tests link, and the shared library with the public names alone.

noinst_LTLIBRARIES += core/libsopool-core.la
core_libsopool_core_la_SOURCES =
core_libsopool_core_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
core_libsopool_core_la_LIBADD = $(YAML_LIBS)

lib_LTLIBRARIES += libsopool.la
libsopool_la_SOURCES =
libsopool_la_LIBADD = core/libsopool-core.la
libsopool_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-export-symbols-regex '^sopool_' $(NO_UNDEFINED)

include_HEADERS += core/include/sopool.h
pkgconfig_DATA += core/libsopool.pc
