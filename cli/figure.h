/* figure.h - numbers in as few characters as people need. */
#ifndef SOPOOL_CLI_FIGURE_H
#define SOPOOL_CLI_FIGURE_H

enum { FIGURE_ROOM = 16 };

/* A count in three digits: 999, 1.31M, 268k. Returns `out`. */
const char *figure_count(double count, char out[FIGURE_ROOM]);

/* A time in seconds: 0.3s, 42s, 5m07s, 3h12m, 12d04h. Returns `out`. */
const char *figure_time(double seconds, char out[FIGURE_ROOM]);

#endif
