# sopool.m4 - plugins for sopool, built with autoconf.                -*- m4 -*-
# serial 1
#
# SOPOOL_PLUGIN_INIT([MINIMUM-VERSION])
#
# Finds the SDK with pkg-config and substitutes
#   SOPOOL_SDK_CFLAGS   where the headers are
#   sopoolplugindir    where sopool looks for plugins (--with-plugindir)
# so that a Makefile.am with libtool reads
#
#   sopoolplugin_LTLIBRARIES = frob.la
#   frob_la_SOURCES = frob.c
#   frob_la_CFLAGS = $(SOPOOL_SDK_CFLAGS)
#   frob_la_LDFLAGS = -module -avoid-version -shared -Wl,-z,defs
AC_DEFUN([SOPOOL_PLUGIN_INIT], [
  AC_REQUIRE([PKG_PROG_PKG_CONFIG])
  PKG_CHECK_MODULES([SOPOOL_SDK],
    [sopool-sdk]m4_ifval([$1], [[ >= ]$1]))
  AC_ARG_WITH([plugindir],
    [AS_HELP_STRING([--with-plugindir=DIR],
                    [install plugins in DIR, not where sopool has its own])],
    [sopoolplugindir=$withval],
    [sopoolplugindir=`$PKG_CONFIG --variable=plugindir sopool-sdk`])
  AC_SUBST([sopoolplugindir])
])
