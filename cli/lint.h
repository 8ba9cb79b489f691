/* lint.h - what the JSON library lets pass: numbers cut to what fits, NaN,
 * control characters, half characters, keys that stand twice. */
#ifndef SOPOOL_CLI_LINT_H
#define SOPOOL_CLI_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include <sopool.h>

/* Does the text have escapes that may be surrogate pairs? */
bool lint_has_pairs(const char *text, size_t size);

/* Writes the text with its surrogate pairs as the characters that they are (the
 * library takes some for half a pair) and returns its size, at most `size`. */
size_t lint_join_pairs(const char *text, size_t size, char *out);

/* Looks through text that the library has taken for JSON. `members` becomes the
 * number of keys in all its objects. */
int lint_json(const char *text, size_t size, size_t *members,
              sopool_error *err);

#endif
