/* near.c - see near.h. */
#include "near.h"

#include <string.h>

enum { LONGEST = 48 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters to add, drop, change or swap with their neighbour until one
 * word is the other; both at most LONGEST. */
static size_t steps(const char *a, const char *b)
{
    size_t cost[LONGEST + 1][LONGEST + 1];
    size_t m = strlen(a), n = strlen(b);

    for (size_t i = 0; i <= m; i++)
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            cost[i][j] = smaller(cost[i - 1][j], cost[i][j - 1]) + 1;
            cost[i][j] = smaller(cost[i][j],
                                 cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = smaller(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    return cost[m][n];
}

const char *near_word(const char *word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t least, length = strlen(word);

    if (length < 2 || length > LONGEST)
        return NULL;
    least = length / 3 > 1 ? length / 3 + 1 : 3;
    for (size_t i = 0; i < count; i++) {
        size_t far;

        if (words[i] == NULL || strlen(words[i]) > LONGEST)
            continue;
        far = steps(word, words[i]);
        if (far < least && far < length) {
            least = far;
            best = words[i];
        }
    }
    return best;
}
