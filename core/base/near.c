/* near.c - see near.h. */
#include "base/near.h"

#include <string.h>

enum { LONGEST = 64 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* How many letters must be added, left out, changed or swapped with their
 * neighbour (the "optimal string alignment" distance). */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t row[3][LONGEST + 1];
    size_t *before = row[0], *last = row[1], *now = row[2];

    for (size_t j = 0; j <= n; j++)
        last[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *free_row = before;

        now[0] = i;
        for (size_t j = 1; j <= n; j++) {
            now[j] = least(last[j] + 1, now[j - 1] + 1,
                           last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1, now[j]);
        }
        before = last;
        last = now;
        now = free_row;
    }
    return last[n];
}

const char *near_find(const char *word, const char *const *list, size_t count)
{
    size_t size = strlen(word);
    size_t limit = size / 3 > 1 ? size / 3 : 1;
    const char *best = NULL;

    if (size == 0 || size > LONGEST)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = list[i] != NULL ? strlen(list[i]) : 0;
        size_t far;

        if (other == 0 || other > LONGEST)
            continue;
        far = distance(word, size, list[i], other);
        if (far < limit || (far == limit && best == NULL)) {
            limit = far;
            best = list[i];
        }
    }
    return best;
}
