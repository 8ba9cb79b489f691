core_libsopool_core_la_SOURCES += \
	core/worker/call.c \
	core/worker/call.h \
	core/worker/chaos.c \
	core/worker/chaos.h \
	core/worker/crash.c \
	core/worker/crash.h \
	core/worker/detail.c \
	core/worker/detail.h \
	core/worker/fork.c \
	core/worker/forkserver.c \
	core/worker/launch.h \
	core/worker/message.c \
	core/worker/message.h \
	core/worker/process.c \
	core/worker/run.c \
	core/worker/run.h \
	core/worker/setup.c \
	core/worker/shelf.c \
	core/worker/shelf.h \
	core/worker/setup.h \
	core/worker/spawn.c \
	core/worker/tasks.c \
	core/worker/tasks.h \
	core/worker/thread.c \
	core/worker/tidy.c \
	core/worker/tidy.h \
	core/worker/warm.c \
	core/worker/warm.h

# The program that workers run in. It holds the library's objects itself, so
# that it starts without looking for libsopool.
pkglibexec_PROGRAMS += sopool-worker
sopool_worker_SOURCES = core/worker/main.c core/worker/leave.c \
	core/worker/leave.h
sopool_worker_LDADD = core/libsopool-core.la
# All symbols are looked up once, rather than by each forked worker. To load one
# more library for the unwinder would take a twentieth of a pool's start.
sopool_worker_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now $(STATIC_UNWINDER)
