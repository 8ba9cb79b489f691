/* report.h - what became of a run, as one HTML page that needs nothing else: no
 * network, no script. */
#ifndef SOPOOL_CLI_REPORT_H
#define SOPOOL_CLI_REPORT_H

#include "follow.h"

struct report;

struct report_end {
    int64_t end_ns;
    int signal; /* that ended the run before its time, or 0 */
    sopool_stats stats;
};

/* What the facts point at is borrowed until it is closed. NULL after a message:
 * the file cannot be written. */
struct report *report_open(const char *path, const struct run_facts *facts);

/* In any order. */
void report_call(struct report *report, const struct ended *ended);
void report_worker(struct report *report, const sopool_worker_event *event);

/* Writes the page: 0, or -1: it could not be written, which has been told. */
int report_close(struct report *report, const struct report_end *end);

/* Nanoseconds since 1970. */
int64_t report_now(void);

#endif
