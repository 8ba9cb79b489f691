# The SDK: headers and nothing to link, and what a plugin's own build asks for.

sopoolincludedir = $(includedir)/sopool
sopoolinclude_HEADERS = \
	sdk/include/sopool/abi.h \
	sdk/include/sopool/cbor.h \
	sdk/include/sopool/task.h

pkgconfig_DATA += sdk/sopool-sdk.pc
sdk/sopool-sdk.pc: $(srcdir)/sdk/sopool-sdk.pc.in config.status
	$(AM_V_GEN)$(SHELL) ./config.status --silent --file=$@
CLEANFILES += sdk/sopool-sdk.pc

aclocaldir = $(datadir)/aclocal
dist_aclocal_DATA = sdk/m4/sopool.m4

EXTRA_DIST += \
	sdk/sopool-sdk.pc.in \
	sdk/template/Makefile \
	sdk/template/README.md \
	sdk/template/frob.c
