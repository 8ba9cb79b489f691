core_libsopool_core_la_SOURCES += \
	core/plugin/catalog.c \
	core/plugin/catalog.h \
	core/plugin/elf.c \
	core/plugin/load.c \
	core/plugin/load.h \
	core/plugin/look.c \
	core/plugin/manifest.c \
	core/plugin/manifest.h \
	core/plugin/own.c \
	core/plugin/own.h \
	core/plugin/vet.c \
	core/plugin/vet.h
