/* buffers.c - which worker has which buffers of the program. See pool.h,
 * worker/shelf.h.
 *
 * A worker keeps the few that it was given last. What it has of one that is
 * freed it is told to let go of, by the dispatcher, which whoever freed it
 * wakes.
 */
#include "pool/pool.h"

#include "value/buffer.h"

static void note_gone(struct buffer_watcher *watcher)
{
    struct sopool_pool *pool =
        (struct sopool_pool *)(void *)((uint8_t *)watcher -
                                       offsetof(struct sopool_pool, on_buffer));

    atomic_store(&pool->buffer_gone, true);
    pool_wake(pool);
}

/* Before a worker is given the pool's first one. */
static void watch(struct sopool_pool *pool)
{
    if (pool->on_buffer.gone != NULL)
        return;
    pool->on_buffer.gone = note_gone;
    buffer_watch(&pool->on_buffer);
}

void buffers_unwatch(struct sopool_pool *pool)
{
    if (pool->on_buffer.gone != NULL)
        buffer_unwatch(&pool->on_buffer);
    pool->on_buffer.gone = NULL;
}

static void put(struct lent_buffer *place, const sopool_buffer *buffer)
{
    if (place->buffer != NULL)
        buffer_forget(place->buffer);
    place->buffer = buffer;
}

/* Where the worker has it; or where it is to go: where nothing is, or what was
 * used the longest time ago. */
static uint32_t find(const struct member *m, const sopool_buffer *buffer)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < CHANNEL_PLACES; i++) {
        if (m->lent[i].buffer == buffer)
            return i;
        if (m->lent[i].used < m->lent[found].used)
            found = i;
    }
    return found;
}

int buffers_give(struct member *m, const sopool_buffer *buffer, uint32_t *place)
{
    const int file = buffer_file(buffer);
    uint32_t at = find(m, buffer);

    *place = at;
    if (m->lent[at].buffer != buffer) {
        if (message_send_now(m->control, MESSAGE_BUFFER, (int32_t)at,
                             buffer_number(buffer), &file, 1) != 0)
            return -1;
        /* With a limit of its memory it keeps none: see run.c. */
        if (m->pool->options->limit_memory != 0)
            return 0;
        watch(m->pool);
        buffer_know(buffer);
        put(&m->lent[at], buffer);
    }
    m->lent[at].used = ++m->lent_uses;
    return 0;
}

static void forget_gone(struct member *m)
{
    bool some = false;

    for (uint32_t i = 0; i < CHANNEL_PLACES; i++) {
        const sopool_buffer *buffer = m->lent[i].buffer;

        if (buffer == NULL || !buffer_is_gone(buffer))
            continue;
        parent_forget(&m->end, i, buffer_number(buffer));
        put(&m->lent[i], NULL);
        m->lent[i].used = 0;
        some = true;
    }
    if (some)
        parent_wake(&m->end);
}

void buffers_look(struct sopool_pool *pool)
{
    if (!atomic_exchange(&pool->buffer_gone, false))
        return;
    for (struct member *m = pool->members; m != NULL; m = m->next)
        forget_gone(m);
}

void buffers_finish_member(struct member *m)
{
    for (uint32_t i = 0; i < CHANNEL_PLACES; i++)
        put(&m->lent[i], NULL);
}
