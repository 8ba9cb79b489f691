/* near.h - "did you mean": the word in a list that is nearest to another. */
#ifndef SOPOOL_BASE_NEAR_H
#define SOPOOL_BASE_NEAR_H

#include <stddef.h>

/* The nearest of `count` words (NULLs are passed over), or NULL when none is
 * near enough to have been meant. */
const char *near_find(const char *word, const char *const *list, size_t count);

#endif
