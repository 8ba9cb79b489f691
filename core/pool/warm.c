/* warm.c - large data of blocking calls, in memory that is used again. See
 * pool.h and worker/warm.h.
 *
 * What is large goes through memory files otherwise, whose pages are made for
 * each call. Who waits for a call can do better: it writes the arguments, which
 * stay where they are until then, straight into memory that an idle worker has
 * mapped already, and copies the result out of it before it comes back. Nobody
 * else waits for that: the pool is not locked meanwhile, and the worker has no
 * other call of this kind.
 *
 * Arguments that end in a buffer of the program's are read where they are, and
 * need no such memory; their result goes to it.
 *
 * A call that finds no idle worker, or is given back because its worker has
 * ended, goes the way of all others.
 */
#include "pool/pool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "pool/outcome.h"
#include "pool/result.h"
#include "value/args.h"
#include "value/value.h"

#define WARM_LEAST ((size_t)1 << 20)
#define WARM_MOST ((size_t)128 << 20)

void warm_finish_member(struct member *m)
{
    if (m->warm.at != NULL)
        (void)munmap(m->warm.at, 2 * m->warm.half);
    m->warm.at = NULL;
    m->warm.half = 0;
}

/* ---- an idle worker with memory ---------------------------------------- */

static bool is_idle(const struct member *m)
{
    return m->state == MEMBER_READY && m->inflight == 0 && !m->closed &&
           !m->surplus && !m->last && !m->warm.used;
}

/* Rather one that has room already. */
static struct member *choose(const struct sopool_pool *pool, size_t need)
{
    struct member *found = NULL;

    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (is_idle(m) && (found == NULL ||
                           (found->warm.half < need && m->warm.half >= need)))
            found = m;
    return found;
}

/* Makes memory of two halves and gives it to the worker: 0, or -1. */
static int make_memory(struct member *m, size_t half)
{
    CLEANUP_FD int fd =
        fd_high(memfd_create("sopool-warm", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    void *at;

    /* Nobody can make it smaller under this one's hands. */
    if (fd < 0 || ftruncate(fd, (off_t)(2 * half)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return -1;
    at = mmap(NULL, 2 * half, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return -1;
    (void)madvise(at, 2 * half, MADV_DONTFORK); /* no other worker's */
    if (message_send_now(m->control, MESSAGE_WARM, 0, m->warm.serial + 1, &fd,
                         1) != 0) {
        (void)munmap(at, 2 * half);
        return -1;
    }
    warm_finish_member(m);
    m->warm.serial++;
    m->warm.at = at;
    m->warm.half = half;
    return 0;
}

static size_t half_for(const struct member *m, size_t need)
{
    size_t half = need > m->warm.want ? need : m->warm.want;

    return (half + WARM_LEAST - 1) / WARM_LEAST * WARM_LEAST;
}

/* With the lock: a worker whose memory is this thread's, and which stays, until
 * it is not used any more. */
static struct member *reserve(struct sopool_pool *pool, size_t need)
{
    struct member *m;

    queue_collect(pool);
    if (pool->queue.filled != 0 || pool_accepts(pool, NULL) != 0)
        return NULL;
    m = choose(pool, need);
    if (m == NULL || ((m->warm.half < need || m->warm.half < m->warm.want) &&
                      make_memory(m, half_for(m, need)) != 0))
        return NULL;
    m->warm.used = true;
    return m;
}

/* ---- the call ---------------------------------------------------------- */

struct large {
    const sopool_args *args;
    const sopool_buffer *buffer; /* in which most of them is, or NULL */
    uint8_t head[ARGS_HEAD];     /* then what comes before */
};

/* Writes the arguments: how many bytes, or 0 if they cannot be. */
static size_t write_args(const struct member *m, struct large *large)
{
    const bool lent = large->buffer != NULL;
    sopool_writer w = lent ? sopool_writer_of(large->head, sizeof(large->head))
                           : sopool_writer_of(m->warm.at, m->warm.half);
    int status = lent ? args_put_head(large->args, &w, NULL)
                      : args_put(large->args, &w, NULL);

    return status == 0 && !w.failed ? (size_t)w.size : 0;
}

static bool hand_over(struct member *m, struct batch *single,
                      const struct large *large, size_t size)
{
    struct spilled lent = {
        .buffer = large->buffer, .head = large->head, .head_size = size};

    if (large->buffer == NULL)
        return feed_warm(m, single, size);
    lent.size = args_buffer_size(large->args);
    return feed_lent(m, single, &lent);
}

/* With the lock: sends it, unless the worker is not what it was. The thread
 * that waits looks for the result itself: see watch.c. */
static bool send(struct member *m, sopool_result *r, const struct large *large,
                 size_t size)
{
    struct sopool_pool *pool = m->pool;
    bool sent;

    if (m->state != MEMBER_READY || m->closed || m->surplus || m->last ||
        pool_accepts(pool, NULL) != 0)
        return false;
    pool->hush = dispatcher_sleeps(pool);
    sent = hand_over(m, &r->batch, large, size);
    pool->hush = false;
    m->watchers += sent;
    return sent;
}

static sopool_value *copy_result(const struct sopool_result *r,
                                 sopool_error *err)
{
    const struct outcome *outcome = &r->batch.one;

    uint8_t *bytes;
    sopool_value *value = value_blank(outcome->size, &bytes);

    if (value == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    memcpy(bytes, outcome->data, outcome->size);
    if (outcome_check(r->pool, r->batch.task, bytes, outcome->size, err) == 0)
        return value;
    sopool_value_free(value);
    return NULL;
}

/* What came of it: 1, or 0 if it was given back. */
static int take_result(struct member *m, sopool_result *r, sopool_value **value,
                       sopool_error *err)
{
    size_t size = 0;

    switch (r->batch.one.kind) {
    case OUTCOME_RETURNED:
        return 0;
    case OUTCOME_WARM:
        *value = copy_result(r, err);
        return 1;
    case OUTCOME_BIG:
        (void)sopool_value_cbor(r->batch.one.data, &size);
        m->warm.want = size <= WARM_MOST ? size : 0;
        break;
    default:
        break;
    }
    *value = result_get(r, err);
    batch_finish(&r->batch);
    return 1;
}

/* Runs it on a worker that was reserved. */
static int run(struct member *m, sopool_result *r, struct large *large,
               sopool_value **value, sopool_error *err)
{
    struct sopool_pool *pool = m->pool;
    size_t size = write_args(m, large);
    bool sent;

    pthread_mutex_lock(&pool->lock);
    sent = size > 0 && send(m, r, large, size);
    pthread_mutex_unlock(&pool->lock);
    if (!sent)
        return 0;
    result_await(r, m);
    return take_result(m, r, value, err);
}

/* Room for the arguments. */
static uint64_t need_of(const struct large *large)
{
    return large->buffer != NULL
               ? 0
               : args_payload(large->args) + large->args->count * 9 + 9;
}

static bool is_large(const struct large *large, uint64_t need)
{
    return large->buffer != NULL ||
           (need > CHANNEL_INLINE && need <= WARM_MOST);
}

int warm_apply(struct sopool_pool *pool, uint32_t task, const sopool_args *args,
               sopool_value **value, sopool_error *err)
{
    struct large large = {.args = args, .buffer = args_buffer(args)};
    uint64_t need = need_of(&large);
    struct sopool_result r;
    struct member *m;
    int done;

    /* A limit of a worker's memory is for its tasks; and what is kept of a
     * crash needs the arguments. */
    if (args->cbor != NULL || !is_large(&large, need) ||
        pool->options->crash_dir != NULL || pool->options->limit_memory != 0)
        return 0;
    pthread_mutex_lock(&pool->lock);
    m = reserve(pool, (size_t)need);
    pthread_mutex_unlock(&pool->lock);
    if (m == NULL)
        return 0;
    result_init_local(&r, pool, task, 0);
    r.batch.warm = true;
    if (large.buffer != NULL)
        buffer_ref(large.buffer);
    done = run(m, &r, &large, value, err);
    if (large.buffer != NULL)
        buffer_unref(large.buffer);
    pthread_mutex_lock(&pool->lock);
    m->warm.used = false; /* from now on the worker may be gone */
    pthread_mutex_unlock(&pool->lock);
    return done;
}
