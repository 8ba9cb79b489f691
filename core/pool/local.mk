core_libsopool_core_la_SOURCES += \
	core/pool/apply.c \
	core/pool/batch.c \
	core/pool/batch.h \
	core/pool/cpus.c \
	core/pool/cpus.h \
	core/pool/dispatch.c \
	core/pool/feed.c \
	core/pool/logger.c \
	core/pool/logger.h \
	core/pool/member.c \
	core/pool/obituary.c \
	core/pool/options.c \
	core/pool/options.h \
	core/pool/outcome.c \
	core/pool/outcome.h \
	core/pool/plugins.c \
	core/pool/plugins.h \
	core/pool/pool.c \
	core/pool/pool.h \
	core/pool/queue.c \
	core/pool/server.c \
	core/pool/settle.c \
	core/pool/stream.c
