/* fork.c - workers forked from the program itself. See launch.h. */
#include "worker/launch.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/libc.h"

static _Noreturn void run_child(const struct launch *launch, pid_t parent,
                                void (*child)(void *ctx), void *ctx)
{
    struct worker worker = {
        .setup = launch->setup,
        .shared = launch->shared,
        .control = launch->control,
        .id = launch->id,
        .process = true,
    };

    process_reset_signals();
    if (!process_settle(parent, launch->output))
        _exit(1);
    child(ctx);
    /* Not exit(): the program's exit handlers and buffers are the program's. */
    _exit(worker_run(&worker));
}

int launch_fork(const struct launch *launch, void (*child)(void *ctx),
                void *ctx, struct launched *out, sopool_error *err)
{
    sigset_t all, before;
    pid_t parent = getpid();
    int status;

    /* The child must not run a handler of the program before it has reset
     * them. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    out->pid = fork();
    if (out->pid == 0)
        run_child(launch, parent, child, ctx);
    status = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = status;
    if (out->pid < 0)
        return error_errno(err, "cannot fork a worker");
    out->pidfd = fd_high(pidfd_open(out->pid, 0));
    if (out->pidfd >= 0)
        return 0;
    (void)error_errno(err, "cannot watch worker %d", (int)out->pid);
    (void)kill(out->pid, SIGKILL);
    (void)waitpid(out->pid, NULL, 0);
    return -1;
}
