/* duration.c - see duration.h. */
#include "duration.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int64_t duration_ms(const char *text)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
    char *end;
    double number = strtod(text, &end);

    if (end == text || !(number > 0) || number > 1e6)
        return -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].unit, end) == 0 && number * units[i].ms >= 1)
            return (int64_t)(number * units[i].ms);
    return -1;
}
