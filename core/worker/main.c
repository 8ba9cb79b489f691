/* main.c - the program sopool-worker: a worker, or the forkserver. It is
 * started by libsopool, with a control socket at CONTROL_FD; not by people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/libc.h"
#include "worker/launch.h"
#include "worker/leave.h"

/* Setup and channel come over the control socket. */
static int prepare(struct worker *worker, struct worker_setup *setup,
                   sopool_error *err)
{
    struct message message;
    struct message_fds fds;
    int status;

    if (setup_receive(setup, worker->control, err) != 0)
        return -1;
    if (message_receive(worker->control, &message, &fds, 1) != 1)
        return error_set(err, SOPOOL_E_CLOSED, "the pool has gone");
    if (message.kind != MESSAGE_START || fds.count != 1) {
        message_close(&fds);
        return error_set(err, SOPOOL_E_PROTOCOL, "an unexpected message");
    }
    worker->id = message.number;
    status = channel_attach(&worker->shared, fds.fd[0], err);
    message_close(&fds);
    return status;
}

static int run_worker(void)
{
    struct worker_setup setup = {0};
    struct worker worker = {
        .setup = &setup,
        .control = CONTROL_FD,
        .process = true,
    };
    sopool_error err = {0};
    int status = 1;

    if (prepare(&worker, &setup, &err) == 0)
        status = worker_run(&worker);
    else
        (void)message_send_text(CONTROL_FD, MESSAGE_FAILED, err.code,
                                err.message);
    setup_finish_received(&setup);
    return status;
}

static int usage(void)
{
    (void)fprintf(stderr,
                  "sopool-worker: this program is started by libsopool; "
                  "try 'sopool --help'\n");
    return 2;
}

/* An upgrade may have replaced the program while the library is in use. */
static bool is_ours(const char *version)
{
    char text[256];

    if (strcmp(version, SOPOOL_VERSION) == 0)
        return true;
    (void)snprintf(text, sizeof(text),
                   "the worker program is that of sopool " SOPOOL_VERSION
                   ", the library is %.100s: start the program that uses it "
                   "again, or correct SOPOOL_WORKER",
                   version);
    (void)message_send_text(CONTROL_FD, MESSAGE_FAILED, SOPOOL_E_BROKEN, text);
    return false;
}

static const struct leaving leaving = {leave_prepare, leave};

int main(int argc, char **argv)
{
    bool forkserver;
    long parent;

    if (argc != 4)
        return usage();
    forkserver = strcmp(argv[1], "--forkserver") == 0;
    if (!forkserver && strcmp(argv[1], "--worker") != 0)
        return usage();
    parent = strtol(argv[2], NULL, 10);
    /* Nothing that the program left open goes to tasks. */
    (void)close_range(CONTROL_FD + 1, ~0U, 0);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    /* Input and signals were seen to by whoever spawned it: see spawn.c. */
    if (!process_settle_again((pid_t)parent, -1))
        return 1;
    if (!is_ours(argv[3]))
        return 1;
    return forkserver ? forkserver_serve(CONTROL_FD, &leaving) : run_worker();
}
