# The plugins that come with sopool: each is built as any author would, from the
# SDK's headers alone.

plugin_cppflags = -I$(top_srcdir)/sdk/include
plugin_ldflags = -module -avoid-version -shared $(NO_UNDEFINED)

plugins_LTLIBRARIES += math.la
math_la_SOURCES = plugins/math/math.c
math_la_CPPFLAGS = $(plugin_cppflags)
math_la_LDFLAGS = $(plugin_ldflags)
math_la_LIBADD = -lm
bats_tests += plugins/math/tests/math.bats

if PLUGIN_HASH
plugins_LTLIBRARIES += hash.la
hash_la_SOURCES = plugins/hash/hash.c
hash_la_CPPFLAGS = $(plugin_cppflags)
hash_la_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
hash_la_LDFLAGS = $(plugin_ldflags)
hash_la_LIBADD = $(OPENSSL_LIBS)
endif
bats_tests += plugins/hash/tests/hash.bats

if PLUGIN_TEXT
plugins_LTLIBRARIES += text.la
text_la_SOURCES = plugins/text/text.c
text_la_CPPFLAGS = $(plugin_cppflags)
text_la_CFLAGS = $(AM_CFLAGS) $(PCRE2_CFLAGS)
text_la_LDFLAGS = $(plugin_ldflags)
text_la_LIBADD = $(PCRE2_LIBS)
endif
bats_tests += plugins/text/tests/text.bats

if PLUGIN_FETCH
plugins_LTLIBRARIES += fetch.la
fetch_la_SOURCES = plugins/fetch/fetch.c
fetch_la_CPPFLAGS = $(plugin_cppflags)
fetch_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
fetch_la_LDFLAGS = $(plugin_ldflags)
fetch_la_LIBADD = $(CURL_LIBS)
endif
bats_tests += plugins/fetch/tests/fetch.bats

# Also when they are switched off, so that an archive has them all.
EXTRA_DIST += \
	plugins/fetch/README.md \
	plugins/fetch/fetch.c \
	plugins/hash/README.md \
	plugins/hash/hash.c \
	plugins/math/README.md \
	plugins/text/README.md \
	plugins/text/text.c
