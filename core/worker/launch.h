/* launch.h - starting workers: the four start methods behind one interface.
 *
 * Whoever starts a worker hands over three descriptors and keeps its own ends:
 *   control  the worker's end of its control socket
 *   memory   the channel's memory file (not needed by fork and thread)
 *   output   where the worker's standard output and error go
 * They stay the caller's, who closes them after the launch.
 */
#ifndef SOPOOL_WORKER_LAUNCH_H
#define SOPOOL_WORKER_LAUNCH_H

#include <pthread.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "worker/run.h"

/* The descriptor a program finds its control socket at. */
enum { CONTROL_FD = 3 };

struct launch {
    const struct worker_setup *setup; /* borrowed for the worker's life by
                                         fork and thread */
    struct shared *shared;            /* the same */
    uint64_t id;                      /* the pool's number for the worker */
    const void *owner;                /* the pool, for launch_thread_owner */
    uint32_t threads_per_worker;      /* 0: leave the environment alone */
    int control;
    int memory;
    int output;
};

/* A process: its id, and a pidfd that is readable once it has ended. */
struct launched {
    pid_t pid;
    int pidfd; /* the caller's */
};

/* Starts `sopool-worker --worker` and sends it the setup. */
int launch_spawn(const struct launch *launch, int pool_end,
                 struct launched *out, sopool_error *err);

/* Forks the calling process. `child` runs first in the child, to let go of
 * what is the pool's. */
int launch_fork(const struct launch *launch, void (*child)(void *ctx),
                void *ctx, struct launched *out, sopool_error *err);

/* Starts a thread, which owns `control` from then on and closes it as the last
 * thing it does. */
int launch_thread(const struct launch *launch, pthread_t *thread,
                  sopool_error *err);

/* In a worker that is a thread: its `owner`; NULL in any other thread. */
const void *launch_thread_owner(void);

/* ---- the forkserver, as the pool sees it ------------------------------- */

/* Starts `sopool-worker --forkserver`; `control` is its end of the socket. It
 * waits for the setup (setup_send) and answers with MESSAGE_READY or
 * MESSAGE_FAILED. */
int launch_forkserver(const struct launch *launch, struct launched *out,
                      sopool_error *err);

/* Asks a forkserver for a worker; MESSAGE_FORKED or MESSAGE_FORK_FAILED will
 * come, or the end of the socket. 1: it has so much to answer that it cannot be
 * asked now. */
int launch_by_forkserver(const struct launch *launch, int pool_end,
                         sopool_error *err);

/* ---- inside worker processes ------------------------------------------- */

/* What a worker process does first: a group of its own, death with its parent,
 * no input, output to `output` (-1: as it is). False when the parent has died
 * already. */
bool process_settle(pid_t parent, int output);

/* The same in a process whose input and buffers are as they should be. */
bool process_settle_again(pid_t parent, int output);

/* And signals as they are by default, none of them blocked. */
void process_reset_signals(void);

/* Processor time, in milliseconds. */
uint32_t usage_ms(const struct rusage *usage);

/* How workers that a forkserver has forked end: see leave.h. */
struct leaving {
    void (*prepare)(void);
    void (*leave)(int status); /* does not return */
};

/* The forkserver's loop; returns its exit status. */
int forkserver_serve(int control, const struct leaving *leaving);

#endif
