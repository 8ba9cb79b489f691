# The guides and the manual pages.
dist_man_MANS = docs/sopool.1 docs/sopool.yaml.5
dist_doc_DATA = NEWS README.md docs/config.md docs/containment.md \
	docs/cpp.md docs/performance.md docs/plugins.md docs/rust.md \
	docs/semantics.md docs/service.md docs/testing.md

# Those of section 3 are made from the public header: a page for each of its
# sections, and one for each function, which refers to its section's.
man3_MANS = \
	docs/man3/sopool.3 \
	docs/man3/sopool_arguments.3 \
	docs/man3/sopool_buffers.3 \
	docs/man3/sopool_calls.3 \
	docs/man3/sopool_catalog.3 \
	docs/man3/sopool_errors.3 \
	docs/man3/sopool_imap.3 \
	docs/man3/sopool_loops.3 \
	docs/man3/sopool_options.3 \
	docs/man3/sopool_pools.3 \
	docs/man3/sopool_results.3 \
	docs/man3/sopool_statistics.3 \
	docs/man3/sopool_streams.3 \
	docs/man3/sopool_types.3 \
	docs/man3/sopool_values.3 \
	docs/man3/sopool_waiting.3

$(man3_MANS): docs/man3/stamp
docs/man3/stamp: core/include/sopool.h docs/pages.awk docs/sopool.1 Makefile
	$(AM_V_GEN)rm -rf docs/man3 && $(MKDIR_P) docs/man3 && \
	$(AWK) -v out=docs/man3 -v version='$(VERSION)' \
		-v date="`sed -n 's/^\.Dd //p' $(srcdir)/docs/sopool.1`" \
		-v examples='$(docdir)/examples' -f $(srcdir)/docs/pages.awk \
		$(top_srcdir)/core/include/sopool.h && \
	echo done >$@

install-data-hook:
	@$(MKDIR_P) '$(DESTDIR)$(man3dir)'
	@for page in docs/man3/*.3; do \
		case ' $(man3_MANS) ' in \
		*" $$page "*) ;; \
		*) $(INSTALL_DATA) "$$page" '$(DESTDIR)$(man3dir)' || exit 1 ;; \
		esac; \
	done
uninstall-hook:
	@cd '$(DESTDIR)$(man3dir)' && rm -f sopool_*.3

EXTRA_DIST += docs/pages.awk
