# The SDK: headers and nothing to link, and what a plugin's own build asks for.

sopoolincludedir = $(includedir)/sopool
sopoolinclude_HEADERS = \
	sdk/include/sopool/abi.h \
	sdk/include/sopool/cbor.h \
	sdk/include/sopool/task.h \
	sdk/include/sopool/task.hpp

pkgconfig_DATA += sdk/sopool-sdk.pc
sdk/sopool-sdk.pc: $(srcdir)/sdk/sopool-sdk.pc.in config.status
	$(AM_V_GEN)$(SHELL) ./config.status --silent --file=$@
CLEANFILES += sdk/sopool-sdk.pc

aclocaldir = $(datadir)/aclocal
dist_aclocal_DATA = sdk/m4/sopool.m4

EXTRA_DIST += sdk/sopool-sdk.pc.in sdk/templates/.clang-format

# What `sopool new` makes projects of.
templatesdir = $(pkgdatadir)/templates
templates_alldir = $(templatesdir)/all
dist_templates_all_DATA = \
	sdk/templates/all/README.md \
	sdk/templates/all/NAME.yaml
templates_cdir = $(templatesdir)/c
dist_templates_c_DATA = sdk/templates/c/NAME.c
templates_cppdir = $(templatesdir)/c++
dist_templates_cpp_DATA = sdk/templates/c++/NAME.cc
templates_rustdir = $(templatesdir)/rust
dist_templates_rust_DATA = sdk/templates/rust/lib.rs
templates_makedir = $(templatesdir)/make
dist_templates_make_DATA = sdk/templates/make/Makefile
templates_mesondir = $(templatesdir)/meson
dist_templates_meson_DATA = sdk/templates/meson/meson.build
templates_cmakedir = $(templatesdir)/cmake
dist_templates_cmake_DATA = sdk/templates/cmake/CMakeLists.txt
templates_autotoolsdir = $(templatesdir)/autotools
dist_templates_autotools_DATA = \
	sdk/templates/autotools/Makefile.am \
	sdk/templates/autotools/configure.ac
templates_cargodir = $(templatesdir)/cargo
dist_templates_cargo_DATA = sdk/templates/cargo/Cargo.toml

# The crate that plugins in Rust are built with: `sopool new` looks for it
# beside the templates.
cratedir = $(pkgdatadir)/rust
dist_crate_DATA = sdk/rust/Cargo.toml
crate_srcdir = $(cratedir)/src
dist_crate_src_DATA = \
	sdk/rust/src/abi.rs \
	sdk/rust/src/call.rs \
	sdk/rust/src/cbor.rs \
	sdk/rust/src/lib.rs \
	sdk/rust/src/manifest.rs \
	sdk/rust/src/run.rs \
	sdk/rust/src/types.rs
