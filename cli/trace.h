/* trace.h - a run as a picture in time: a file in the JSON trace event format,
 * which Perfetto and chrome://tracing open. A worker is a track, a call a slice
 * in it; what happened to workers are marks, the times in which they had
 * nothing to run are slices of the category "wait".
 *
 * The file is an array with one event a line, written as the run goes on, in
 * constant memory. Of a run that was killed the lines are whole but for the
 * last, and only the bracket at the end is missing, which viewers forgive. */
#ifndef SOPOOL_CLI_TRACE_H
#define SOPOOL_CLI_TRACE_H

#include "follow.h"

struct trace;

/* What the facts point at is borrowed until it is closed; the picture's zero is
 * the run's start. NULL after a message: the file cannot be written. */
struct trace *trace_open(const char *path, const struct run_facts *facts);

/* In any order; calls in nearly the order in which they ran. */
void trace_call(struct trace *trace, const struct ended *ended);
void trace_worker(struct trace *trace, const sopool_worker_event *event);

/* Ends the file. `whole`: all calls were told; `sig` is the signal that ended
 * the run before its time, or 0. 0, or -1: something could not be written,
 * which has been told. */
int trace_close(struct trace *trace, int64_t end_ns, bool whole, int sig);

#endif
