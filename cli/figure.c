/* figure.c - see figure.h. */
#include "figure.h"

#include <stdio.h>

const char *figure_count(double count, char out[FIGURE_ROOM])
{
    static const char units[] = "\0kMGT";
    size_t unit = 0;
    int decimals;

    while (count >= 999.5 && unit < 4) {
        count /= 1000;
        unit++;
    }
    decimals = unit == 0 || count >= 99.95 ? 0 : count >= 9.995 ? 1 : 2;
    (void)snprintf(out, FIGURE_ROOM, "%.*f%.1s", decimals, count, units + unit);
    return out;
}

const char *figure_time(double seconds, char out[FIGURE_ROOM])
{
    unsigned whole = seconds < 1e9 ? (unsigned)(seconds + 0.5) : 1000000000;

    if (seconds < 9.95)
        (void)snprintf(out, FIGURE_ROOM, "%.1fs", seconds);
    else if (whole < 60)
        (void)snprintf(out, FIGURE_ROOM, "%us", whole);
    else if (whole < 3600)
        (void)snprintf(out, FIGURE_ROOM, "%um%02us", whole / 60, whole % 60);
    else if (whole < 360000)
        (void)snprintf(out, FIGURE_ROOM, "%uh%02um", whole / 3600,
                       whole / 60 % 60);
    else
        (void)snprintf(out, FIGURE_ROOM, "%ud%02uh", whole / 86400,
                       whole / 3600 % 24);
    return out;
}
