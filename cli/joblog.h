/* joblog.h - a file with a line for each call that has ended, from which a run
 * can be resumed after any crash.
 *
 * A line is written once the call's result was; with one write, so that a crash
 * leaves whole lines and at most a torn last one, which is dropped. The file is
 * forced to the disk once a second. It is locked while it is in use.
 */
#ifndef SOPOOL_CLI_JOBLOG_H
#define SOPOOL_CLI_JOBLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "done.h"
#include "follow.h"

struct joblog;

/* Opens the log to be gone on with (`resume`; what it says was done is added to
 * `done`), or makes it; it must not be there, or be empty, otherwise. NULL
 * after a message. */
struct joblog *joblog_open(const char *path, bool resume, struct done *done);

/* Who writes it. It frees the log when it finishes. */
struct follower joblog_follower(struct joblog *log);

#endif
