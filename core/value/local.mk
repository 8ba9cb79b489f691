core_libsopool_core_la_SOURCES += \
	core/value/args.c \
	core/value/args.h \
	core/value/buffer.c \
	core/value/buffer.h \
	core/value/encode.c \
	core/value/encode.h \
	core/value/format.c \
	core/value/format.h \
	core/value/number.c \
	core/value/number.h \
	core/value/pack.c \
	core/value/signature.c \
	core/value/signature.h \
	core/value/text.c \
	core/value/unpack.c \
	core/value/value.c \
	core/value/value.h
