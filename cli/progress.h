/* progress.h - how far a map is, in one line on standard error:
 *
 *     [########------------] 41%  268k/654k  1.31M/s  2 workers  ETA 0.3s
 */
#ifndef SOPOOL_CLI_PROGRESS_H
#define SOPOOL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <sopool.h>

/* What there is to tell. */
struct progress_state {
    uint64_t done;     /* results */
    uint64_t sent;     /* inputs read */
    uint64_t consumed; /* their bytes */
    bool all_sent;
    uint32_t workers;
};

struct progress {
    bool on;
    bool terminal;
    bool drawn;
    uint64_t bytes; /* of all inputs; 0: not known */
    int64_t start, last;
};

/* `wanted` is an enum progress of settings.h; `output` where results go. */
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

/* Monotonic time in nanoseconds. */
int64_t progress_now(void);

#endif
