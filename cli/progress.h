/* progress.h - how far a map is, in one line on standard error:
 *
 *     [########------------] 41%  268k/654k  1.31M/s  2/2 busy  ETA 0.3s
 *
 * or, while it is not known how much there is to do:
 *
 *     268k done  1.31M/s  2/2 busy  3 failed  12s
 *
 * On a terminal the line is written over, in one write, and the cursor rests at
 * its beginning: a terminal that becomes narrower folds the line behind the
 * cursor, where the next one clears it away. Otherwise it is a line each
 * second.
 */
#ifndef SOPOOL_CLI_PROGRESS_H
#define SOPOOL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <sopool.h>

/* What there is to tell. */
struct progress_state {
    uint64_t done;     /* results, and: */
    uint64_t failed;   /* of these, calls that failed */
    uint64_t sent;     /* inputs read */
    uint64_t consumed; /* their bytes */
    bool all_sent;
    uint32_t workers, busy;
    uint64_t queued; /* calls that no worker has begun */
};

struct progress {
    bool on;
    bool terminal;
    uint64_t bytes; /* of all inputs; 0: not known */
    int64_t start, last;
    uint64_t counted; /* results, when it was drawn last */
    double rate;      /* lately, a second */
};

/* `wanted` is an enum progress_wish of settings.h; `output` where results go.
 */
void progress_init(struct progress *progress, int wanted, int output,
                   uint64_t bytes);

/* How long to wait for a result before the next progress_due; -1: for ever. */
int64_t progress_wait(const struct progress *progress);

/* Is it time to draw? */
bool progress_due(const struct progress *progress);

void progress_draw(struct progress *progress,
                   const struct progress_state *state);

/* Draws for the last time and ends the line. */
void progress_end(struct progress *progress,
                  const struct progress_state *state);

/* The same in words, in a line of its own, because somebody has asked. By any
 * thread. */
void progress_say(const struct progress *progress,
                  const struct progress_state *state, const char *task);

/* Monotonic time in nanoseconds. */
int64_t progress_now(void);

#endif
