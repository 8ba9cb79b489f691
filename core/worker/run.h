/* run.h - the life of a worker, the same in a process and in a thread: make
 * ready, run calls, end. */
#ifndef SOPOOL_WORKER_RUN_H
#define SOPOOL_WORKER_RUN_H

#include "channel/channel.h"
#include "worker/setup.h"
#include "worker/tasks.h"

struct tidy;

struct worker {
    const struct worker_setup *setup; /* borrowed */
    struct tasks *tasks;              /* borrowed; NULL: opened by worker_run */
    const struct tidy *tidy; /* borrowed: how things were where it was forked;
                                NULL: to be looked at by worker_run */
    struct shared *shared;   /* borrowed */
    int control;             /* borrowed: the worker's control socket */
    uint64_t id;             /* the pool's number for it */
    bool process;            /* a process of its own, which can be limited */
};

/* Makes ready, tells the pool so or why not, and runs calls until the pool
 * asks it to end. The exit status of the worker. */
int worker_run(struct worker *worker);

#endif
