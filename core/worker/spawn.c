/* spawn.c - starting the worker program: for spawned workers and for the
 * forkserver. See launch.h. */
#include "worker/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/libc.h"

extern char **environ;

static const char *program(void)
{
    const char *given = secure_getenv("SOPOOL_WORKER");

    return given != NULL && given[0] != '\0' ? given : SOPOOL_WORKER_PROGRAM;
}

/* ---- the environment, with the thread limits of common libraries ------- */

static const char *const thread_variables[] = {
    "OMP_NUM_THREADS",   "OPENBLAS_NUM_THREADS",   "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",  "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
};

enum {
    THREAD_VARIABLES = sizeof(thread_variables) / sizeof(thread_variables[0])
};

struct environment {
    char **list; /* NULL: the program's own */
    char text[THREAD_VARIABLES][48];
};

static bool is_thread_variable(const char *entry)
{
    for (size_t i = 0; i < THREAD_VARIABLES; i++) {
        size_t size = strlen(thread_variables[i]);

        if (strncmp(entry, thread_variables[i], size) == 0 &&
            entry[size] == '=')
            return true;
    }
    return false;
}

static int make_environment(struct environment *env, uint32_t threads,
                            sopool_error *err)
{
    size_t count = 0, used = 0;

    env->list = NULL;
    if (threads == 0)
        return 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    env->list = calloc(count + THREAD_VARIABLES + 1, sizeof(char *));
    if (env->list == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        if (!is_thread_variable(environ[i]))
            env->list[used++] = environ[i];
    for (size_t i = 0; i < THREAD_VARIABLES; i++) {
        (void)snprintf(env->text[i], sizeof(env->text[i]), "%s=%u",
                       thread_variables[i], threads);
        env->list[used++] = env->text[i];
    }
    return 0;
}

/* ---- posix_spawn ------------------------------------------------------- */

static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawnattr_setpgroup(attr, 0);
    (void)posix_spawnattr_setsigmask(attr, &none);
    (void)posix_spawnattr_setsigdefault(attr, &all);
    return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
}

static int set_files(posix_spawn_file_actions_t *files,
                     const struct launch *launch)
{
    int status = posix_spawn_file_actions_addopen(files, STDIN_FILENO,
                                                  "/dev/null", O_RDONLY, 0);

    if (status == 0)
        status = posix_spawn_file_actions_adddup2(files, launch->output,
                                                  STDOUT_FILENO);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(files, launch->output,
                                                  STDERR_FILENO);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(files, launch->control,
                                                  CONTROL_FD);
    return status;
}

static int spawn(const struct launch *launch, const char *mode, char **env,
                 pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char parent[16], name[] = "sopool-worker", how[16];
    char version[] = SOPOOL_VERSION;
    char *argv[] = {name, how, parent, version, NULL};
    int status;

    (void)snprintf(parent, sizeof(parent), "%d", (int)getpid());
    (void)snprintf(how, sizeof(how), "%s", mode);
    if ((status = posix_spawn_file_actions_init(&files)) != 0)
        return status;
    if ((status = posix_spawnattr_init(&attr)) == 0) {
        if ((status = set_attributes(&attr)) == 0 &&
            (status = set_files(&files, launch)) == 0)
            status = posix_spawn(pid, program(), &files, &attr, argv, env);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return status;
}

/* The child is ours and not waited for, so its pid cannot be another's. */
static int watch(struct launched *out, sopool_error *err)
{
    out->pidfd = fd_high(pidfd_open(out->pid, 0));
    if (out->pidfd >= 0)
        return 0;
    (void)error_errno(err, "cannot watch worker %d", (int)out->pid);
    (void)kill(out->pid, SIGKILL);
    (void)waitpid(out->pid, NULL, 0);
    return -1;
}

static int start_program(const struct launch *launch, const char *mode,
                         struct launched *out, sopool_error *err)
{
    struct environment env;
    int status;

    if (make_environment(&env, launch->threads_per_worker, err) != 0)
        return -1;
    status =
        spawn(launch, mode, env.list != NULL ? env.list : environ, &out->pid);
    free(env.list);
    if (status != 0) {
        errno = status;
        return error_errno(err, "cannot start the worker program %s",
                           program());
    }
    return watch(out, err);
}

int launch_spawn(const struct launch *launch, int pool_end,
                 struct launched *out, sopool_error *err)
{
    if (setup_send(launch->setup, pool_end, err) != 0)
        return -1;
    if (message_send(pool_end, MESSAGE_START, 0, launch->id, &launch->memory,
                     1) != 0)
        return error_errno(err, "cannot send a channel to a worker");
    return start_program(launch, "--worker", out, err);
}

int launch_forkserver(const struct launch *launch, struct launched *out,
                      sopool_error *err)
{
    return start_program(launch, "--forkserver", out, err);
}

int launch_by_forkserver(const struct launch *launch, int pool_end,
                         sopool_error *err)
{
    int fds[] = {launch->control, launch->memory, launch->output};

    if (message_send_now(pool_end, MESSAGE_START, 0, launch->id, fds, 3) == 0 ||
        message_refused())
        return 0;
    if (errno == EAGAIN)
        return 1;
    return error_errno(err, "cannot ask the forkserver for a worker");
}
