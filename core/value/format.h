/* format.h - the formats of sopool_pack and sopool_unpack. */
#ifndef SOPOOL_VALUE_FORMAT_H
#define SOPOOL_VALUE_FORMAT_H

#include "sopool.h"

/* Is it one whole item? `letters` are those that stand for an item, beside
 * lists and maps. -1 with SOPOOL_E_USAGE and the place. */
int format_check(const char *format, const char *letters, sopool_error *err);

/* Passes over what only separates. */
const char *format_next(const char *at);

/* How many items stand in the list or map that begins at `at`, keys included;
 * the format was checked. */
size_t format_count(const char *at);

#endif
