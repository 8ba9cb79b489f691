/* snapshot.c - what a pool tells those who look at it. See status.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "pool/pool.h"
#include "pool/status.h"
#include "value/value.h"

/* The program's command line, as far as there is room. */
static void command_line(char *out, size_t room)
{
    CLEANUP_FD int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, out, room - 1) : 0;

    if (size < 0)
        size = 0;
    while (size > 0 && out[size - 1] == '\0')
        size--;
    for (ssize_t i = 0; i < size; i++)
        if (out[i] == '\0')
            out[i] = ' ';
    out[size] = '\0';
    settle_clean(out, strlen(out));
}

static const char *state_name(const struct sopool_pool *pool)
{
    static const char *const names[] = {
        [POOL_OPEN] = "open",
        [POOL_CLOSED] = "closed",
        [POOL_TERMINATED] = "terminated",
    };

    return pool->broken ? "broken" : names[pool_state(pool)];
}

/* ---- lists ------------------------------------------------------------- */

/* Appends a value, which is freed. -1: there is none, or no memory. */
static int add_value(struct buf *list, sopool_value *value)
{
    const void *data;
    size_t size;
    int status = -1;

    if (value == NULL)
        return -1;
    data = sopool_value_cbor(value, &size);
    status = buf_add(list, data, size);
    sopool_value_free(value);
    return status;
}

static int add_head(struct buf *list, size_t count)
{
    uint8_t head[9];

    return buf_add(list, head, sopool_head_put(head, 4, count));
}

static sopool_value *worker_value(const sopool_worker *w)
{
    const char *state = sopool_worker_state_name(w->state);

    if (w->task == NULL)
        return sopool_pack(NULL, "{s:u s:i s:s s:n s:n s:U}", "id", w->id,
                           "pid", w->pid, "state", state, "task", "since_ns",
                           "calls", w->calls);
    if (w->since_ns == 0)
        return sopool_pack(NULL, "{s:u s:i s:s s:s s:n s:U}", "id", w->id,
                           "pid", w->pid, "state", state, "task", w->task,
                           "since_ns", "calls", w->calls);
    return sopool_pack(NULL, "{s:u s:i s:s s:s s:I s:U}", "id", w->id, "pid",
                       w->pid, "state", state, "task", w->task, "since_ns",
                       w->since_ns, "calls", w->calls);
}

static int add_workers(struct buf *list, const sopool_worker *worker,
                       size_t count)
{
    if (add_head(list, count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (add_value(list, worker_value(&worker[i])) != 0)
            return -1;
    return 0;
}

static int add_tasks(struct buf *list, const sopool_task_stats *task,
                     size_t count)
{
    if (add_head(list, count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (add_value(list, sopool_pack(NULL, "{s:s s:U s:U s:U}", "task",
                                        task[i].task, "done", task[i].done,
                                        "failed", task[i].failed, "total_ns",
                                        task[i].total_ns)) != 0)
            return -1;
    return 0;
}

/* A list as a value, or NULL. */
static sopool_value *list_value(int status, struct buf *list)
{
    sopool_value *value =
        status == 0 ? value_copy(list->data, list->size) : NULL;

    buf_finish(list);
    return value;
}

static sopool_value *workers_value(struct sopool_pool *pool, size_t *count)
{
    CLEANUP_FREE void *memory = calloc(STATUS_WORKERS, sizeof(sopool_worker));
    sopool_worker *worker = memory;
    struct buf list = {0};

    if (worker == NULL)
        return NULL;
    *count = workers_look(pool, worker, STATUS_WORKERS);
    return list_value(
        add_workers(&list, worker,
                    *count < STATUS_WORKERS ? *count : STATUS_WORKERS),
        &list);
}

static sopool_value *tasks_value(const struct sopool_pool *pool)
{
    enum { TASKS = 64 };
    sopool_task_stats task[TASKS];
    struct buf list = {0};
    size_t count = stats_of_tasks(pool, task, TASKS);

    return list_value(add_tasks(&list, task, count < TASKS ? count : TASKS),
                      &list);
}

/* ---- the whole --------------------------------------------------------- */

/* Calls a second since the pool was opened. */
static double rate_of(const sopool_stats *s, int64_t up_ns)
{
    return up_ns > 0 ? (double)(s->done + s->failed) * 1e9 / (double)up_ns : 0;
}

static sopool_value *pack(struct sopool_pool *pool, size_t count,
                          const sopool_value *workers,
                          const sopool_value *tasks)
{
    int64_t now = clock_now();
    char command[256];
    sopool_stats s;

    command_line(command, sizeof(command));
    stats_look(pool, &s);
    return sopool_pack(
        NULL,
        "{s:i s:s s:s s:s s:s s:I s:I s:I"
        " s:u s:u s:u s:U s:U s:U s:U s:U s:U s:U s:U s:U s:U s:U s:u s:I"
        " s:s s:f s:U s:v s:v}",
        "pid", (int)getpid(), "command", command, "version", SOPOOL_VERSION,
        "state", state_name(pool), "start_method",
        start_method_name(pool->options->start_method), "time_ns",
        clock_since_1970(now), "opened_ns", clock_since_1970(pool->opened_at),
        "up_ns", now - pool->opened_at, "processes", s.processes, "ready",
        s.workers, "busy", s.busy, "submitted", s.submitted, "done", s.done,
        "failed", s.failed, "queued", s.queued, "running", s.running, "started",
        s.started, "died", s.died, "retired", s.retired, "replaced", s.replaced,
        "retried", s.retried, "callbacks", s.callbacks, "start_failures",
        s.start_failures, "backoff_ms", s.backoff_ms, "trouble",
        pool->broken || s.start_failures > 0 ? pool->trouble.message : "",
        "rate", rate_of(&s, now - pool->opened_at), "worker_count",
        (uint64_t)count, "workers", workers, "tasks", tasks);
}

sopool_value *snapshot_make(struct sopool_pool *pool)
{
    size_t count = 0;
    sopool_value *workers = workers_value(pool, &count);
    sopool_value *tasks = tasks_value(pool);
    sopool_value *snapshot = NULL;

    if (workers != NULL && tasks != NULL)
        snapshot = pack(pool, count, workers, tasks);
    sopool_value_free(workers);
    sopool_value_free(tasks);
    return snapshot;
}
