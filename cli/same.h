/* same.h - whether a result is the one that was expected. */
#ifndef SOPOOL_CLI_SAME_H
#define SOPOOL_CLI_SAME_H

#include <stdbool.h>

/* Are two values, in JSON as render_json writes it, the same but for numbers
 * that are up to `within` apart? */
bool same_json(const char *a, const char *b, double within);

#endif
