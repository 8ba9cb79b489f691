/* lint.h - what the JSON library lets pass: numbers cut to what fits, NaN,
 * control characters, half characters, keys that stand twice. */
#ifndef SOPOOL_CLI_LINT_H
#define SOPOOL_CLI_LINT_H

#include <stddef.h>

#include <sopool.h>

/* Looks through text that the library has taken for JSON. `members` becomes the
 * number of keys in all its objects. */
int lint_json(const char *text, size_t size, size_t *members,
              sopool_error *err);

#endif
