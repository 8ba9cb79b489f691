# libsopool: all objects in a convenience library, which the worker program and
# the unit tests link, and the shared library with the public names alone.

noinst_LTLIBRARIES += core/libsopool-core.la
core_libsopool_core_la_SOURCES =
core_libsopool_core_la_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS) $(LTO_CFLAGS)
core_libsopool_core_la_LIBADD = $(YAML_LIBS)

lib_LTLIBRARIES += libsopool.la
libsopool_la_SOURCES =
libsopool_la_LIBADD = core/libsopool-core.la
libsopool_la_LDFLAGS = -pthread $(LTO_CFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/core/libsopool.map $(NO_UNDEFINED)
EXTRA_libsopool_la_DEPENDENCIES = core/libsopool.map
EXTRA_DIST += core/libsopool.map

# For who builds with CMake. Its files find each other wherever they lie.
cmakedir = $(libdir)/cmake/sopool
nodist_cmake_DATA = core/sopool-config.cmake core/sopool-config-version.cmake
core/sopool-config.cmake: $(srcdir)/core/sopool-config.cmake.in config.status
	$(AM_V_GEN)$(SHELL) ./config.status --silent --file=$@
core/sopool-config-version.cmake: \
		$(srcdir)/core/sopool-config-version.cmake.in config.status
	$(AM_V_GEN)$(SHELL) ./config.status --silent --file=$@
CLEANFILES += $(nodist_cmake_DATA)
EXTRA_DIST += core/sopool-config.cmake.in core/sopool-config-version.cmake.in

include_HEADERS += core/include/sopool.h
pkgconfig_DATA += core/sopool.pc
