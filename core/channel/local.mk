core_libsopool_core_la_SOURCES += \
	core/channel/channel.c \
	core/channel/channel.h \
	core/channel/layout.h \
	core/channel/more.h \
	core/channel/parent.c \
	core/channel/worker.c
