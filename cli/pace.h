/* pace.h - what holds calls back: so many a second, and not while the machine
 * is busy with other things. */
#ifndef SOPOOL_CLI_PACE_H
#define SOPOOL_CLI_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    int64_t interval; /* nanoseconds from one call to the next; 0: none */
    double load;      /* the load average above which none begins; 0: none */
    int64_t next;     /* when the next one may begin */
    int64_t looked;   /* when the load was looked at */
};

/* "100", "100/s", "6/m", "10/h"; "2.5", or "80%" of the processors. 0, or -1:
 * the text is no such thing. */
int pace_rate(struct pace *pace, const char *text);
int pace_load(struct pace *pace, const char *text);

/* Is anything to be held back? */
bool pace_on(const struct pace *pace);

/* How long the next call is to wait, in nanoseconds; 0: it begins now. To be
 * asked again after that time. */
int64_t pace_wait(struct pace *pace, int64_t now);

#endif
