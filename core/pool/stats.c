/* stats.c - what was counted. See sopool.h. */
#include "pool/pool.h"

#include <string.h>

void stats_took(struct sopool_pool *pool, uint32_t task, uint32_t items,
                uint64_t busy_ns)
{
    sopool_task_stats *stats = &pool->task[task].stats;
    uint64_t each = busy_ns / items;

    stats->total_ns += busy_ns;
    stats->histogram[each == 0 ? 0 : 63 - __builtin_clzll(each)] += items;
}

void stats_look(struct sopool_pool *pool, sopool_stats *out)
{
    int64_t now = clock_now();
    uint32_t index, running = 0, busy = 0;

    queue_collect(pool);
    for (struct member *m = pool->members; m != NULL; m = m->next) {
        running += member_runs(m, &index) != NULL;
        busy += m->inflight > 0;
    }
    *out = pool->stats;
    out->running = running;
    out->busy = busy;
    out->processes = pool->processes;
    out->workers = pool->ready;
    out->start_failures = pool->start_failures;
    if (pool->start_after > now)
        out->backoff_ms = (pool->start_after - now) / NS_PER_MS + 1;
    out->callbacks = callbacks_count(pool);
    out->queued = out->submitted - out->done - out->failed - out->running;
}

size_t stats_of_tasks(const struct sopool_pool *pool, sopool_task_stats *tasks,
                      size_t room)
{
    const sopool_catalog *catalog = pool->catalog;
    size_t count = 0;

    for (size_t i = 0; i < catalog->task_count; i++) {
        const sopool_task_stats *stats = &pool->task[i].stats;

        if (stats->done + stats->failed == 0)
            continue;
        if (count < room) {
            tasks[count] = *stats;
            tasks[count].task = catalog->task[i].name;
        }
        count++;
    }
    return count;
}

size_t sopool_get_stats(sopool_pool *pool, sopool_stats *out,
                        sopool_task_stats *tasks, size_t room)
{
    size_t count;

    memset(out, 0, sizeof(*out));
    if (pool_enter(pool, NULL) != 0)
        return 0;
    pthread_mutex_lock(&pool->lock);
    stats_look(pool, out);
    count = stats_of_tasks(pool, tasks, room);
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return count;
}

size_t sopool_worker_pids(sopool_pool *pool, int *pids, size_t room)
{
    size_t count = 0;

    if (pool_enter(pool, NULL) != 0)
        return 0;
    pthread_mutex_lock(&pool->lock);
    for (const struct member *m = pool->members; m != NULL; m = m->next)
        /* One that is ready may say so before its forkserver tells its id. */
        if (m->state == MEMBER_READY && m->pid > 0) {
            if (count < room)
                pids[count] = (int)m->pid;
            count++;
        }
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return count;
}
