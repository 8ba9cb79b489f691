/* figures.h - what a report tells of a run, gathered while it runs, in bounded
 * memory. */
#ifndef SOPOOL_CLI_FIGURES_H
#define SOPOOL_CLI_FIGURES_H

#include "crew.h"
#include "follow.h"
#include "histogram.h"
#include "reasons.h"
#include "timeline.h"

enum { FIGURES_SLOWEST = 20 };

struct slow {
    sopool_call_info info;
    int code; /* a sopool_code, or 0 */
    struct sample sample;
};

struct figures {
    uint64_t calls, failed, retried, never_run;
    uint32_t processes; /* a worker beyond these is one restarted */
    double busy_ns, cpu_ns;
    bool cpu_known;
    uint64_t peak_kib;
    int64_t latest_ns; /* that was heard of */
    struct histogram durations;
    struct reasons reasons;
    struct slow slowest[FIGURES_SLOWEST]; /* slowest first */
    size_t slow_count;
    struct timeline timeline;
    struct crew *crew; /* owned */
};

/* `start_ns`: of the run, since 1970; `processes`: workers that the pool should
 * have. NULL: no memory. */
struct figures *figures_new(int64_t start_ns, uint32_t processes);
void figures_free(struct figures *figures);

void figures_call(struct figures *figures, const struct ended *ended);
void figures_worker(struct figures *figures, const sopool_worker_event *event);

#endif
