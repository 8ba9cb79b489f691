core_libsopool_core_la_SOURCES += \
	core/base/arena.c core/base/arena.h \
	core/base/buf.c core/base/buf.h \
	core/base/cleanup.h \
	core/base/clock.c core/base/clock.h \
	core/base/counted.h \
	core/base/error.c core/base/error.h \
	core/base/file.c core/base/file.h \
	core/base/forks.c \
	core/base/forks.h \
	core/base/futex.h \
	core/base/large.c core/base/large.h \
	core/base/libc.c core/base/libc.h \
	core/base/near.c core/base/near.h \
	core/base/pause.h \
	core/base/sanitized.h \
	core/base/slab.c core/base/slab.h \
	core/base/tls.h
