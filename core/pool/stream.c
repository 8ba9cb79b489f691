/* stream.c - one task over many inputs, in order or not. See sopool.h.
 *
 * The sender collects calls in a batch of its own and submits it when it holds
 * a range's worth; the reader takes runs of settled calls. So neither takes the
 * pool's lock for each call. What is between them is bounded by `window` calls
 * and by WINDOW_BYTES: memory stays the same however long the input is.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "pool/outcome.h"
#include "pool/pool.h"
#include "pool/stream.h"

enum {
    WINDOW_CALLS = 16384,
    LAZY_RANGES = 4,   /* for each worker, of a stream that should be short */
    KEPT = 64,         /* batches to be filled again */
    BATCH_CALLS = 512, /* most calls that are submitted together */
    QUEUED_CALLS = 64, /* the same while it is not known how long they take */
    BATCH_BYTES = 64 * 1024,
};
#define WINDOW_BYTES ((uint64_t)32 << 20)

/* Settled calls of one batch, next to one another. */
struct run {
    struct batch *batch;
    uint32_t first;
    uint32_t count;
};

struct sopool_stream {
    struct sopool_pool *pool;
    struct sopool_stream *next; /* of the pool's */
    uint32_t task;
    bool unordered;
    bool details;
    struct call_settings settings;
    uint64_t window;
    bool lazy;          /* it adapts to the task */
    uint32_t chunksize; /* the pool's, unless it has its own */

    /* The sender's. */
    struct batch *open;  /* being filled; owned */
    struct batch *spare; /* to be filled next; owned, or NULL */
    uint64_t sent;
    uint32_t target; /* calls to submit together */

    /* Under the pool's lock. */
    pthread_cond_t sendable, readable;
    struct batch *first, *last; /* submitted, in order; owned */
    uint64_t between;           /* calls submitted and not read */
    uint64_t bytes;             /* of their arguments and results */
    struct batch *kept;         /* to be filled again; owned list */
    uint32_t kept_count;
    bool ended;
    atomic_bool cancelled; /* the sender looks at it without the lock */
    bool sender_waits, reader_waits;
    struct run *ready; /* unordered: a ring of runs; owned */
    size_t ready_room, ready_head, ready_count;

    /* The reader's. */
    struct run run;     /* what it reads from */
    uint32_t read;      /* calls of it that were read */
    uint64_t read_size; /* bytes of their results */
    sopool_error error; /* of the item handed out last */
};

/* ---- settling ---------------------------------------------------------- */

/* One more settled call joins the newest run, or begins one. There is room: no
 * more calls are between than the ring has entries. */
static void add_ready(struct sopool_stream *s, struct batch *batch,
                      uint32_t index)
{
    size_t at = (s->ready_head + s->ready_count) % s->ready_room;

    if (s->ready_count > 0) {
        struct run *last = &s->ready[(at + s->ready_room - 1) % s->ready_room];

        if (last->batch == batch && last->first + last->count == index) {
            last->count++;
            return;
        }
    }
    s->ready[at] = (struct run){batch, index, 1};
    s->ready_count++;
}

/* Is what the reader waits for there? */
static bool is_readable(const struct sopool_stream *s)
{
    struct batch *batch = s->first;

    if (s->cancelled)
        return true;
    if (s->unordered)
        return s->ready_count > 0 || (s->ended && s->between == 0);
    if (batch == NULL)
        return s->ended;
    return batch_out(batch, batch->count - batch->store->unread)->kind !=
           OUTCOME_NONE;
}

/* Bytes of a call's result. */
static uint64_t settled_size(struct batch *batch, uint32_t index)
{
    const struct outcome *outcome = batch_out(batch, index);
    size_t size = 0;

    if (outcome->kind != OUTCOME_FAILED)
        (void)outcome_bytes(outcome, &size);
    return size;
}

static void settled(struct batch *batch, uint32_t index,
                    const struct outcome *outcome)
{
    struct sopool_stream *s = batch->store->owner;

    (void)outcome;
    s->bytes += settled_size(batch, index);
    if (s->unordered)
        add_ready(s, batch, index);
    if (s->reader_waits && is_readable(s)) {
        s->reader_waits = false;
        pthread_cond_signal(&s->readable);
    }
    callbacks_signal(s->pool);
}

/* ---- opening and closing ----------------------------------------------- */

static int init(struct sopool_stream *s, const sopool_stream_options *options,
                sopool_error *err)
{
    struct batch probe = {.single = true};

    s->window = WINDOW_CALLS;
    if (options != NULL) {
        s->unordered = options->unordered;
        s->details = options->details;
        s->settings = (struct call_settings){
            .chunksize = options->chunksize,
            .timeout_ms = options->timeout_ms,
            .retries = options->retries,
            .priority = options->priority,
        };
        if (options->window != 0)
            s->window = options->window;
    }
    if (batch_set(&probe, &s->settings, s->pool->options, err) != 0)
        return -1;
    s->chunksize = batch_chunk(&s->settings, s->pool->options);
    if (s->unordered) {
        s->ready_room = (size_t)s->window + BATCH_CALLS;
        s->ready = calloc(s->ready_room, sizeof(*s->ready));
        if (s->ready == NULL)
            return error_nomem(err);
    }
    clock_cond_init(&s->sendable);
    clock_cond_init(&s->readable);
    return 0;
}

static struct sopool_stream *make(struct sopool_pool *pool, uint32_t task,
                                  const sopool_stream_options *options,
                                  sopool_error *err)
{
    struct sopool_stream *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    s->pool = pool;
    s->task = task;
    s->target = 1;
    if (init(s, options, err) != 0) {
        free(s);
        return NULL;
    }
    pool_ref(pool);
    return s;
}

static void join_pool(struct sopool_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    s->next = s->pool->streams;
    s->pool->streams = s;
    pthread_mutex_unlock(&s->pool->lock);
}

/* With the lock. */
static void leave_pool(struct sopool_stream *s)
{
    struct sopool_stream **at = &s->pool->streams;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
}

/* As many calls as keep the workers busy, and no more. */
static void choose_window(struct sopool_stream *s)
{
    uint64_t range =
        s->chunksize != 0 ? s->chunksize : feed_range(s->pool, s->task);

    s->window = range * LAZY_RANGES * s->pool->processes;
    if (s->window > WINDOW_CALLS)
        s->window = WINDOW_CALLS;
}

void stream_be_lazy(sopool_stream *s)
{
    pthread_mutex_lock(&s->pool->lock);
    s->lazy = true;
    choose_window(s);
    pthread_mutex_unlock(&s->pool->lock);
}

sopool_stream *sopool_stream_open(sopool_pool *pool, const char *task,
                                  const sopool_stream_options *options,
                                  sopool_error *err)
{
    struct sopool_stream *s;
    uint32_t id;

    if (pool_enter(pool, err) != 0)
        return NULL;
    s = pool_task(pool, task, &id, err) == 0 ? make(pool, id, options, err)
                                             : NULL;
    if (s != NULL)
        join_pool(s);
    pool_leave(pool);
    return s;
}

void streams_wake(struct sopool_pool *pool)
{
    for (struct sopool_stream *s = pool->streams; s != NULL; s = s->next) {
        pthread_cond_broadcast(&s->sendable);
        pthread_cond_broadcast(&s->readable);
    }
}

void sopool_stream_close(sopool_stream *s)
{
    struct sopool_pool *pool;

    if (s == NULL || pool_enter(s->pool, NULL) != 0)
        return;
    pool = s->pool;
    pthread_mutex_lock(&pool->lock);
    leave_pool(s);
    while (s->first != NULL) {
        struct batch *batch = s->first;

        s->first = batch->store->next;
        batch_abandon(pool, batch);
    }
    pthread_mutex_unlock(&pool->lock);
    batch_free(s->open);
    batch_free(s->spare);
    while (s->kept != NULL) {
        struct batch *batch = s->kept;

        s->kept = batch->store->next;
        batch_free(batch);
    }
    (void)pthread_cond_destroy(&s->sendable);
    (void)pthread_cond_destroy(&s->readable);
    free(s->ready);
    free(s);
    pool_unref(pool); /* the stream's */
    pool_leave(pool);
}

void sopool_stream_cancel(sopool_stream *s)
{
    if (pool_enter(s->pool, NULL) != 0)
        return;
    pthread_mutex_lock(&s->pool->lock);
    s->cancelled = true;
    pthread_cond_broadcast(&s->sendable);
    pthread_cond_broadcast(&s->readable);
    pthread_mutex_unlock(&s->pool->lock);
    pool_leave(s->pool);
}

/* ---- sending ----------------------------------------------------------- */

static bool has_room(const struct sopool_stream *s)
{
    return s->between == 0 || (s->between + s->open->count <= s->window &&
                               s->bytes + batch_bytes(s->open) <= WINDOW_BYTES);
}

/* Is there nothing to wait for any more, because the pool has ended? */
static bool is_over(const struct sopool_stream *s)
{
    return atomic_load(&s->pool->finished);
}

/* With the lock: waits for room in the window. What a pool that has ended does
 * not take needs none. */
static int wait_for_room(struct sopool_stream *s, int64_t deadline,
                         sopool_error *err)
{
    while (!s->cancelled && !is_over(s) && !has_room(s)) {
        s->sender_waits = true;
        if (pool_wait(s->pool, &s->sendable, deadline) == ETIMEDOUT)
            return error_set(err, SOPOOL_E_TIMEOUT,
                             "the stream's window is full");
    }
    if (s->cancelled)
        return error_set(err, SOPOOL_E_CLOSED, "the stream was cancelled");
    return 0;
}

static void choose_target(struct sopool_stream *s)
{
    uint32_t target = s->chunksize;

    if (target == 0) {
        target = feed_range(s->pool, s->task);
        /* Calls that have to queue anyway may as well do so together. */
        if (s->pool->queue.filled != 0 && target < s->target * 2)
            target =
                s->target < QUEUED_CALLS / 2 ? s->target * 2 : QUEUED_CALLS;
        if (target > BATCH_CALLS)
            target = BATCH_CALLS;
    }
    if (target > s->window)
        target = (uint32_t)s->window;
    s->target = target;
}

/* With the lock: the open batch joins those that the reader will see. */
static struct batch *close_batch(struct sopool_stream *s)
{
    struct batch *batch = s->open;

    batch_seal(batch);
    batch->settled = settled;
    batch->store->owner = s;
    (void)batch_set(batch, &s->settings, s->pool->options, NULL);
    batch->store->base = s->sent - batch->count;
    batch->store->next = NULL;
    if (s->first == NULL)
        s->first = batch;
    else
        s->last->store->next = batch;
    s->last = batch;
    s->between += batch->count;
    s->bytes += batch_bytes(batch);
    s->open = NULL;
    return batch;
}

/* With the lock: the open batch goes to the pool. */
static void submit(struct sopool_stream *s)
{
    struct batch *batch = close_batch(s);
    sopool_error why;

    if (s->spare == NULL && s->kept != NULL) {
        s->spare = s->kept;
        s->kept = s->kept->store->next;
        s->kept_count--;
    }

    if (s->lazy)
        choose_window(s);
    choose_target(s);
    if (pool_submit(s->pool, batch, &why) == 0)
        return;
    /* The pool takes no more: these calls fail as the others do. The batch
     * may be read, and be gone, once the last one is settled. */
    s->pool->stats.submitted += batch->count;
    for (uint32_t i = 0, count = batch->count; i < count; i++)
        settle_failed(s->pool, batch, i, &why);
}

static int flush(struct sopool_stream *s, int64_t deadline, sopool_error *err)
{
    int status;

    if (s->open == NULL || s->open->count == 0)
        return 0;
    if (pool_enter(s->pool, err) != 0)
        return -1;
    pthread_mutex_lock(&s->pool->lock);
    status = wait_for_room(s, deadline, err);
    if (status == 0)
        submit(s);
    pthread_mutex_unlock(&s->pool->lock);
    pool_leave(s->pool);
    return status;
}

/* A batch that was read, emptied; NULL: there is none that fits. */
static struct batch *take_kept(struct sopool_stream *s)
{
    struct batch *batch = s->spare;

    s->spare = NULL;
    if (batch == NULL || batch_reset(batch, s->target))
        return batch;
    batch_free(batch);
    return NULL;
}

/* With the details that are asked for. NULL: no memory. */
static struct batch *open_batch(struct sopool_stream *s)
{
    struct batch *batch = take_kept(s);

    if (batch == NULL)
        batch = batch_new(s->task, s->target);
    if (batch == NULL || !s->details || batch_detail(batch) == 0)
        return batch;
    batch_free(batch);
    return NULL;
}

/* One more call in the open batch. */
static int add_call(struct sopool_stream *s, const sopool_args *args,
                    sopool_error *err)
{
    if (s->open == NULL)
        s->open = open_batch(s);
    if (s->open == NULL)
        return error_nomem(err);
    if (batch_add(s->open, args, err) != 0)
        return -1;
    s->sent++;
    return 0;
}

static bool is_full(const struct sopool_stream *s)
{
    return s->open->count >= s->target || batch_bytes(s->open) >= BATCH_BYTES;
}

int sopool_stream_send(sopool_stream *s, sopool_args args, int64_t timeout_ms,
                       sopool_error *err)
{
    int64_t deadline;

    if (pool_check_ours(s->pool, err) != 0 ||
        (is_over(s) && pool_accepts(s->pool, err) != 0))
        return -1;
    if (atomic_load_explicit(&s->cancelled, memory_order_relaxed))
        return error_set(err, SOPOOL_E_CLOSED, "the stream was cancelled");
    if (s->open != NULL && is_full(s)) {
        deadline = clock_deadline(timeout_ms);
        if (flush(s, deadline, err) != 0)
            return -1;
    }
    if (add_call(s, &args, err) != 0)
        return -1;
    /* What is full goes at once if it may; if not, the next call waits. */
    if (is_full(s))
        (void)flush(s, 0, NULL);
    return 0;
}

int sopool_stream_send_failure(sopool_stream *s, const sopool_error *why,
                               int64_t timeout_ms, sopool_error *err)
{
    int64_t deadline = clock_deadline(timeout_ms);
    sopool_args none = SOPOOL_NO_ARGS;
    int status;

    if (flush(s, deadline, err) != 0)
        return -1;
    if (pool_enter(s->pool, err) != 0)
        return -1;
    if (add_call(s, &none, err) != 0) {
        pool_leave(s->pool);
        return -1;
    }
    pthread_mutex_lock(&s->pool->lock);
    status = wait_for_room(s, deadline, err);
    if (status == 0) {
        s->pool->stats.submitted++;
        settle_failed(s->pool, close_batch(s), 0, why);
    } else {
        batch_free(s->open);
        s->open = NULL;
        s->sent--;
    }
    pthread_mutex_unlock(&s->pool->lock);
    pool_leave(s->pool);
    return status;
}

int stream_flush_now(sopool_stream *s)
{
    return flush(s, 0, NULL);
}

int sopool_stream_flush(sopool_stream *s, sopool_error *err)
{
    return flush(s, CLOCK_NEVER, err);
}

void sopool_stream_end(sopool_stream *s)
{
    (void)flush(s, CLOCK_NEVER, NULL);
    if (pool_enter(s->pool, NULL) != 0)
        return;
    pthread_mutex_lock(&s->pool->lock);
    s->ended = true;
    pthread_cond_broadcast(&s->readable);
    pthread_mutex_unlock(&s->pool->lock);
    pool_leave(s->pool);
}

/* ---- reading ----------------------------------------------------------- */

static void unlink_batch(struct sopool_stream *s, struct batch *batch)
{
    struct batch **at = &s->first;
    struct batch *before = NULL;

    while (*at != batch) {
        before = *at;
        at = &(*at)->store->next;
    }
    *at = batch->store->next;
    if (s->last == batch)
        s->last = before;
}

/* With the lock: a batch that was read may be filled again. */
static void keep(struct sopool_stream *s, struct batch *batch)
{
    if (s->kept_count == KEPT) {
        batch_free(batch);
        return;
    }
    batch->store->next = s->kept;
    s->kept = batch;
    s->kept_count++;
}

/* With the lock: the calls of the run that were read make room. */
static void release_run(struct sopool_stream *s)
{
    struct batch *batch = s->run.batch;

    if (batch == NULL)
        return;
    s->bytes -= s->read_size;
    s->between -= s->read;
    batch->store->unread -= s->read;
    s->run.first += s->read;
    s->run.count -= s->read;
    s->read = 0;
    s->read_size = 0;
    if (batch->store->unread == 0) {
        s->bytes -= batch_bytes(batch);
        unlink_batch(s, batch);
        keep(s, batch);
    }
    if (s->run.count == 0)
        s->run.batch = NULL;
    if (s->sender_waits && s->between <= s->window / 2 &&
        s->bytes <= WINDOW_BYTES / 2) {
        s->sender_waits = false;
        pthread_cond_signal(&s->sendable);
    }
}

/* With the lock, when there is something to read: the next run. */
static void take_run(struct sopool_stream *s)
{
    struct batch *batch = s->first;
    uint32_t first, count = 0;

    if (s->unordered) {
        s->run = s->ready[s->ready_head];
        s->ready_head = (s->ready_head + 1) % s->ready_room;
        s->ready_count--;
        return;
    }
    first = batch->count - batch->store->unread;
    while (first + count < batch->count &&
           batch_out(batch, first + count)->kind != OUTCOME_NONE)
        count++;
    s->run = (struct run){batch, first, count};
}

/* Is nothing more to come, though the sender has not said so? */
static bool is_cut_off(const struct sopool_stream *s)
{
    return is_over(s) && s->between == 0;
}

/* Makes sure that there is a run: 1, 0 at the end, -1 when time is up, or the
 * pool. */
static int next_run(struct sopool_stream *s, int64_t timeout_ms,
                    sopool_error *err)
{
    int64_t deadline = 0;
    int status = 0;

    if (pool_enter(s->pool, err) != 0)
        return -1;
    pthread_mutex_lock(&s->pool->lock);
    release_run(s);
    if (!is_readable(s) && timeout_ms != 0 &&
        pool_may_wait(s->pool, err) != 0) {
        pthread_mutex_unlock(&s->pool->lock);
        pool_leave(s->pool);
        return -1;
    }
    while (!is_readable(s) && !is_cut_off(s) && status != ETIMEDOUT &&
           timeout_ms != 0) {
        if (deadline == 0)
            deadline = clock_deadline(timeout_ms);
        s->reader_waits = true;
        if (s->sender_waits) {
            /* Nothing to read while the sender waits: all that is between is
             * being run. It may send more as soon as it fits. */
            s->sender_waits = false;
            pthread_cond_signal(&s->sendable);
        }
        status = pool_wait(s->pool, &s->readable, deadline);
    }
    s->reader_waits = false;
    if (!is_readable(s) && is_cut_off(s))
        status = error_set(err, SOPOOL_E_CLOSED,
                           "the pool has ended before what is sent to it");
    else if (!is_readable(s))
        status = error_set(err, SOPOOL_E_TIMEOUT, "no result in time");
    else if (s->cancelled ||
             (s->unordered ? s->ready_count == 0 : s->first == NULL))
        status = 0;
    else {
        take_run(s);
        status = 1;
    }
    pthread_mutex_unlock(&s->pool->lock);
    pool_leave(s->pool);
    return status;
}

int sopool_stream_next(sopool_stream *s, sopool_item *out, int64_t timeout_ms,
                       sopool_error *err)
{
    struct batch *batch;
    uint32_t index;

    if (s->run.batch == NULL || s->read == s->run.count) {
        int status = next_run(s, timeout_ms, err);

        if (status != 1)
            return status;
    }
    batch = s->run.batch;
    index = s->run.first + s->read++;
    out->index = batch->store->base + index;
    out->error = NULL;
    out->size = 0;
    out->info = batch_info(batch, index);
    out->cbor = outcome_read(s->pool, batch, index, &out->size, &s->error);
    s->read_size += out->size;
    if (out->cbor == NULL)
        out->error = &s->error;
    return 1;
}
