/* thread.c - workers that are threads of the program. See launch.h. */
#include "worker/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/tls.h"

enum { STACK_BYTES = 8 << 20 };

struct start {
    struct worker worker;
    const void *owner;
};

static _Thread_local const void *owner_here FAST_TLS;

const void *launch_thread_owner(void)
{
    return owner_here;
}

static void leave(void *arg)
{
    struct start *start = arg;
    int control = start->worker.control;

    worker_leave(start->worker.shared);
    free(start);
    /* The pool takes the end of this socket as the end of the thread. */
    (void)close(control);
}

static void *run_thread(void *arg)
{
    struct start *start = arg;

    owner_here = start->owner;
    pthread_cleanup_push(leave, start); /* tasks may call pthread_exit() */
    (void)worker_run(&start->worker);
    pthread_cleanup_pop(1);
    return NULL;
}

static int begin(pthread_t *thread, struct start *start)
{
    pthread_attr_t attr;
    sigset_t all, before;
    int status = pthread_attr_init(&attr);

    if (status != 0)
        return status;
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(thread, &attr, run_thread, start);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return status;
}

int launch_thread(const struct launch *launch, pthread_t *thread,
                  sopool_error *err)
{
    struct start *start = calloc(1, sizeof(*start));
    int status;

    if (start == NULL)
        return error_nomem(err);
    start->worker.setup = launch->setup;
    start->worker.shared = launch->shared;
    start->worker.control = launch->control;
    start->worker.id = launch->id;
    start->owner = launch->owner;
    status = begin(thread, start);
    if (status == 0)
        return 0;
    free(start);
    errno = status;
    return error_errno(err, "cannot start a thread");
}
