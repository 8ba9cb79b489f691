/* near.h - "did you mean": the word of a list that is nearest to another. */
#ifndef SOPOOL_CLI_NEAR_H
#define SOPOOL_CLI_NEAR_H

#include <stddef.h>

/* The nearest of `count` words, or NULL when none is near enough to have been
 * meant: a letter in three may be wrong, missing, or in its neighbour's place.
 */
const char *near_word(const char *word, const char *const *words, size_t count);

#endif
