/* duration.h - how long, as people write it: 250ms, 30s, 5m, 2h. */
#ifndef SOPOOL_CLI_DURATION_H
#define SOPOOL_CLI_DURATION_H

#include <stdint.h>

/* In milliseconds, at least 1; -1: it is none. */
int64_t duration_ms(const char *text);

#endif
