# The command: a program like any other, it sees the public headers alone.

bin_PROGRAMS += sopool
sopool_SOURCES = \
	cli/apply.c \
	cli/apply.h \
	cli/arguments.c \
	cli/arguments.h \
	cli/base64.c \
	cli/base64.h \
	cli/cases.c \
	cli/cases.h \
	cli/check.c \
	cli/check.h \
	cli/collect.c \
	cli/complete.c \
	cli/complete.h \
	cli/crew.c \
	cli/crew.h \
	cli/csv.c \
	cli/csv.h \
	cli/done.c \
	cli/done.h \
	cli/dryrun.c \
	cli/dryrun.h \
	cli/duration.c \
	cli/duration.h \
	cli/eachfile.c \
	cli/eachfile.h \
	cli/elffacts.c \
	cli/elffacts.h \
	cli/feed.c \
	cli/figure.c \
	cli/figure.h \
	cli/figures.c \
	cli/figures.h \
	cli/follow.c \
	cli/follow.h \
	cli/form.c \
	cli/form.h \
	cli/frame.c \
	cli/frame.h \
	cli/fuzz.c \
	cli/fuzz.h \
	cli/gaps.c \
	cli/gaps.h \
	cli/growing.c \
	cli/growing.h \
	cli/halt.c \
	cli/halt.h \
	cli/histogram.c \
	cli/histogram.h \
	cli/html.c \
	cli/html.h \
	cli/input.c \
	cli/input.h \
	cli/inspect.c \
	cli/inspect.h \
	cli/invent.c \
	cli/invent.h \
	cli/joblog.c \
	cli/joblog.h \
	cli/json.c \
	cli/json.h \
	cli/key.c \
	cli/key.h \
	cli/lint.c \
	cli/lint.h \
	cli/list.c \
	cli/list.h \
	cli/main.c \
	cli/map.c \
	cli/map.h \
	cli/maprun.h \
	cli/memory.c \
	cli/memory.h \
	cli/message.c \
	cli/message.h \
	cli/name.c \
	cli/name.h \
	cli/near.c \
	cli/near.h \
	cli/new.c \
	cli/new.h \
	cli/option.c \
	cli/option.h \
	cli/outcome.c \
	cli/outcome.h \
	cli/output.c \
	cli/output.h \
	cli/pace.c \
	cli/pace.h \
	cli/page.c \
	cli/page.h \
	cli/pagebars.c \
	cli/pagelines.c \
	cli/pagestyle.c \
	cli/pictures.c \
	cli/pictures.h \
	cli/place.c \
	cli/place.h \
	cli/progress.c \
	cli/progress.h \
	cli/ready.c \
	cli/ready.h \
	cli/reasons.c \
	cli/reasons.h \
	cli/render.c \
	cli/render.h \
	cli/replay.c \
	cli/replay.h \
	cli/report.c \
	cli/report.h \
	cli/resolve.c \
	cli/resolve.h \
	cli/results.c \
	cli/results.h \
	cli/resume.c \
	cli/resume.h \
	cli/room.c \
	cli/room.h \
	cli/same.c \
	cli/same.h \
	cli/sample.c \
	cli/sample.h \
	cli/sandbox.c \
	cli/sandbox.h \
	cli/sanitizer.c \
	cli/sanitizer.h \
	cli/screen.c \
	cli/screen.h \
	cli/serve.c \
	cli/serve.h \
	cli/service/address.c \
	cli/service/address.h \
	cli/service/described.c \
	cli/service/described.h \
	cli/service/line.c \
	cli/service/line.h \
	cli/service/relay.c \
	cli/service/relay.h \
	cli/session.c \
	cli/session.h \
	cli/settings.c \
	cli/settings.h \
	cli/sheet.c \
	cli/sheet.h \
	cli/source.c \
	cli/source.h \
	cli/status.h \
	cli/tap.c \
	cli/tap.h \
	cli/taskjson.c \
	cli/taskjson.h \
	cli/test.c \
	cli/test.h \
	cli/timeline.c \
	cli/timeline.h \
	cli/top.c \
	cli/top.h \
	cli/trace.c \
	cli/trace.h \
	cli/tryout.c \
	cli/tryout.h \
	cli/watcher.c \
	cli/watcher.h \
	cli/yamljson.c \
	cli/yamljson.h
service_sources = \
	cli/service/folders.c \
	cli/service/generation.c \
	cli/service/guest.c \
	cli/service/notify.c \
	cli/service/notify.h \
	cli/service/reply.c \
	cli/service/reply.h \
	cli/service/request.c \
	cli/service/request.h \
	cli/service/service.c \
	cli/service/service.h
if HAVE_LIBEVENT
sopool_SOURCES += $(service_sources)
else
EXTRA_DIST += $(service_sources)
endif
sopool_CPPFLAGS = -I$(top_srcdir)/sdk/include -I$(top_srcdir)/core/include \
	-I$(top_srcdir)/cli -DTEMPLATES='"$(templatesdir)"' \
	-DSOPOOL_WORKER_PROGRAM='"$(pkglibexecdir)/sopool-worker"'
sopool_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(CLI_OPENSSL_CFLAGS) \
	$(NCURSES_CFLAGS) $(LIBELF_CFLAGS) $(YAML_CFLAGS) \
	$(LIBEVENT_CFLAGS)
sopool_LDADD = libsopool.la $(JSON_LIBS) $(CLI_OPENSSL_LIBS) $(NCURSES_LIBS) \
	$(LIBELF_LIBS) $(YAML_LIBS) $(LIBEVENT_LIBS)

# Completion, where each shell looks for that of packages.
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
fishcompdir = $(datadir)/fish/vendor_completions.d
EXTRA_DIST += \
	cli/sopool.bash-completion \
	cli/sopool.fish-completion \
	cli/sopool.zsh-completion
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(bashcompdir)" "$(DESTDIR)$(zshcompdir)" \
		"$(DESTDIR)$(fishcompdir)"
	$(INSTALL_DATA) $(srcdir)/cli/sopool.bash-completion \
		"$(DESTDIR)$(bashcompdir)/sopool"
	$(INSTALL_DATA) $(srcdir)/cli/sopool.zsh-completion \
		"$(DESTDIR)$(zshcompdir)/_sopool"
	$(INSTALL_DATA) $(srcdir)/cli/sopool.fish-completion \
		"$(DESTDIR)$(fishcompdir)/sopool.fish"
uninstall-local:
	rm -f "$(DESTDIR)$(bashcompdir)/sopool" \
		"$(DESTDIR)$(zshcompdir)/_sopool" \
		"$(DESTDIR)$(fishcompdir)/sopool.fish"
