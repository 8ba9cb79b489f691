/* events.c - what happens to the workers, for programs that follow it. See
 * sopool.h.
 *
 * Nothing is noted before somebody asks for the first time. Who asks seldom
 * misses the oldest: there is an end to what is kept.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "pool/pool.h"

enum { EVENTS_KEPT = 1024 };

/* A ring of them. */
struct events {
    uint64_t head, tail; /* ever noted, ever taken */
    sopool_worker_event kept[EVENTS_KEPT];
};

static void keep(struct events *events, const sopool_worker_event *event)
{
    events->kept[events->head++ % EVENTS_KEPT] = *event;
    if (events->head - events->tail > EVENTS_KEPT)
        events->tail++;
}

void events_note(const struct member *m, int kind, int64_t at,
                 const sopool_error *how)
{
    sopool_worker_event event = {
        .kind = kind,
        .worker = (uint32_t)m->id,
        .pid = (int)m->pid,
        .exit_status = -1,
    };

    if (m->pool->events == NULL)
        return;
    event.at_ns = clock_since_1970(at);
    if (how != NULL) {
        event.ended_by = m->ended_by != 0 ? m->ended_by : how->ended_by;
        event.signal = how->signal;
        event.exit_status = how->exit_status;
    }
    keep(m->pool->events, &event);
}

/* Those that are there already. */
static void note_present(const struct sopool_pool *pool)
{
    int64_t now = clock_now();

    for (const struct member *m = pool->members; m != NULL; m = m->next) {
        events_note(m, SOPOOL_WORKER_STARTED, now, NULL);
        if (m->state == MEMBER_READY)
            events_note(m, SOPOOL_WORKER_READY, now, NULL);
    }
}

static size_t take(struct events *events, sopool_worker_event *out, size_t room)
{
    size_t count = 0;

    while (count < room && events->tail < events->head)
        out[count++] = events->kept[events->tail++ % EVENTS_KEPT];
    return count;
}

size_t sopool_worker_events(sopool_pool *pool, sopool_worker_event *out,
                            size_t room)
{
    size_t count = 0;

    if (pool_enter(pool, NULL) != 0)
        return 0;
    pthread_mutex_lock(&pool->lock);
    if (pool->events == NULL) {
        pool->events = calloc(1, sizeof(*pool->events));
        note_present(pool);
    }
    if (pool->events != NULL)
        count = take(pool->events, out, room);
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return count;
}
