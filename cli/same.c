/* same.c - see same.h. */
#include "same.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is behind a string that begins at `at`. */
static const char *after_string(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

static bool begins_number(const char *at)
{
    return *at != '\0' && strchr("-0123456789", *at) != NULL;
}

/* Compares two numbers, and goes on behind them. */
static bool same_number(const char **a, const char **b, double within)
{
    char *end_a, *end_b;
    double x = strtod(*a, &end_a), y = strtod(*b, &end_b);
    size_t size = (size_t)(end_a - *a);
    bool same = size == (size_t)(end_b - *b) && strncmp(*a, *b, size) == 0;

    *a = end_a;
    *b = end_b;
    /* Integers of 64 bits are more than a double tells apart. */
    return same || (within > 0 && fabs(x - y) <= within);
}

bool same_json(const char *a, const char *b, double within)
{
    while (*a != '\0' && *b != '\0') {
        if (begins_number(a) && begins_number(b)) {
            if (!same_number(&a, &b, within))
                return false;
            continue;
        }
        if (*a == '"' && *b == '"') {
            size_t size = (size_t)(after_string(a) - a);

            if (strncmp(a, b, size) != 0)
                return false;
            a += size;
            b += size;
            continue;
        }
        if (*a++ != *b++)
            return false;
    }
    return *a == *b;
}
