/* thread.c - workers that are threads of the program. See launch.h. */
#include "worker/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

enum { STACK_BYTES = 8 << 20 };

static void *run_thread(void *arg)
{
    struct worker *worker = arg;
    int control = worker->control;

    (void)worker_run(worker);
    free(worker);
    /* The pool takes the end of this socket as the end of the thread. */
    (void)close(control);
    return NULL;
}

static int start(pthread_t *thread, struct worker *worker)
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
    status = pthread_create(thread, &attr, run_thread, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attr);
    return status;
}

int launch_thread(const struct launch *launch, pthread_t *thread,
                  sopool_error *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    int status;

    if (worker == NULL)
        return error_nomem(err);
    worker->setup = launch->setup;
    worker->shared = launch->shared;
    worker->control = launch->control;
    status = start(thread, worker);
    if (status == 0)
        return 0;
    free(worker);
    errno = status;
    return error_errno(err, "cannot start a thread");
}
