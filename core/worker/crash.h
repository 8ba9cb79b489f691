/* crash.h - a worker's last words: where it was when a fault ended it. */
#ifndef SOPOOL_WORKER_CRASH_H
#define SOPOOL_WORKER_CRASH_H

#include "channel/channel.h"
#include "worker/tasks.h"

/* From now on a fault of this process, and of those that it forks, is noted in
 * its channel before it dies of it; NULL: there is none yet. The process must
 * be one of its own. */
void crash_watch(struct shared *shared);

/* Plugins were opened: an address in one of them can be said to be there. */
void crash_know(const struct tasks *tasks);

#endif
