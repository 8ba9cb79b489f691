/* stopped.c - workers that a signal has stopped (SIGSTOP, or SIGTTIN after a
 * read from the terminal). They do not end, and so their calls would not. See
 * pool.h.
 *
 * Nobody tells of that but the kernel, and that only a parent, which the pool
 * need not be. So it looks, now and then, while a worker that has calls says
 * nothing. One that a debugger holds is not stopped in this sense.
 *
 * A forkserver that was stopped is to go on: its workers have done nothing.
 */
#include "pool/pool.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/libc.h"

/* As /proc names it; '\0': there is none. */
static char process_state(pid_t pid)
{
    char path[64], text[512];
    const char *state;
    FILE *file;
    size_t size;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return '\0';
    size = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    state = strrchr(text, ')'); /* the name before it may hold anything */
    return state != NULL && state[1] == ' ' ? state[2] : '\0';
}

char member_process_state(const struct member *m)
{
    return process_state(m->pid);
}

static bool may_be_stopped(struct member *m)
{
    bool silent = m->looked_at == m->end.answers;

    m->looked_at = m->end.answers;
    return silent && m->inflight > 0 && m->pid > 0 && !m->gone &&
           (m->state == MEMBER_STARTING || m->state == MEMBER_READY ||
            m->state == MEMBER_ENDING);
}

/* Has it calls, or is something of it to be heard from the forkserver? */
static bool is_waited_for(const struct member *m)
{
    return m->inflight > 0 || m->pid == 0 || m->gone ||
           m->state == MEMBER_ENDING;
}

static bool some_are_waited_for(const struct sopool_pool *pool)
{
    for (const struct member *m = pool->members; m != NULL; m = m->next)
        if (is_waited_for(m))
            return true;
    return false;
}

static void look_at_server(const struct server *server)
{
    if (server->pidfd >= 0 && process_state(server->pid) == 'T')
        (void)pidfd_send_signal(server->pidfd, SIGCONT, NULL, 0);
}

void stopped_look(struct sopool_pool *pool, int64_t now)
{
    if (pool->options->start_method == START_THREAD || now < pool->look_at)
        return;
    if (pool->look_at != 0) {
        look_at_server(&pool->server);
        for (struct member *m = pool->members; m != NULL; m = m->next)
            if (may_be_stopped(m) && member_process_state(m) == 'T') {
                m->stopped = true;
                member_kill(m, SOPOOL_BY_POOL);
            }
    }
    pool->look_at = some_are_waited_for(pool) ? now + LOOK_MS * NS_PER_MS : 0;
}
