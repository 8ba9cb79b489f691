# For systemd: a service for each pool in pools.d, the services' user, and the
# folder of their sockets. Installed below the prefix, where systemd finds them if
# that is /usr or /usr/local.
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
poolsdir = $(sysconfdir)/sopool/pools.d
nodist_systemdunit_DATA = systemd/sopool@.service
dist_sysusers_DATA = systemd/sysusers.d/sopool.conf
dist_tmpfiles_DATA = systemd/tmpfiles.d/sopool.conf
dist_pools_DATA = systemd/pools.d/README

systemd/sopool@.service: $(srcdir)/systemd/sopool@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && $(SED) -e 's|@bindir[@]|$(bindir)|g' \
		-e 's|@poolsdir[@]|$(poolsdir)|g' -e 's|@docdir[@]|$(docdir)|g' \
		'$(srcdir)/systemd/sopool@.service.in' >$@
CLEANFILES += systemd/sopool@.service
EXTRA_DIST += systemd/sopool@.service.in
