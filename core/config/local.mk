core_libsopool_core_la_SOURCES += \
	core/config/config.c \
	core/config/scalar.c \
	core/config/scalar.h
