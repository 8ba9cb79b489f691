/* imap.c - lazily over any number of inputs. See sopool.h.
 *
 * An iterator is a stream whose one thread both sends and reads: results that
 * are there come first; when there are none, inputs are pulled until the
 * stream's window is full, or one of the results has come meanwhile.
 */
#include <stdlib.h>

#include "base/error.h"
#include "pool/pool.h"
#include "pool/stream.h"

/* Inputs are pulled this long between two looks at the results. */
enum { PULL_NS = 100 * 1000 };

/* An input that was pulled and is not sent yet. */
enum held { HELD_NONE, HELD_ARGS, HELD_FAILURE };

struct sopool_iterator {
    struct sopool_pool *pool;
    sopool_stream *stream; /* owned; refers to the pool */
    sopool_input_fn *next;
    void *ctx;
    enum held held;
    sopool_args args;     /* HELD_ARGS */
    sopool_error failure; /* HELD_FAILURE */
    bool ended;           /* no more inputs are pulled */
    bool closed;          /* and the stream knows */
    bool refused;         /* because the pool takes no more calls: */
    sopool_error why;
};

/* ---- life -------------------------------------------------------------- */

static sopool_iterator *open_iterator(sopool_pool *pool, const char *task,
                                      sopool_input_fn *next, void *ctx,
                                      const sopool_stream_options *options,
                                      bool unordered, sopool_error *err)
{
    sopool_stream_options own = {0};
    sopool_iterator *it;

    if (options != NULL)
        own = *options;
    own.unordered = own.unordered || unordered;
    it = calloc(1, sizeof(*it));
    if (it == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    *it = (struct sopool_iterator){.pool = pool, .next = next, .ctx = ctx};
    it->stream = sopool_stream_open(pool, task, &own, err);
    if (it->stream == NULL) {
        free(it);
        return NULL;
    }
    if (own.window == 0)
        stream_be_lazy(it->stream);
    return it;
}

sopool_iterator *sopool_imap(sopool_pool *pool, const char *task,
                             sopool_input_fn *next, void *ctx,
                             const sopool_stream_options *options,
                             sopool_error *err)
{
    return open_iterator(pool, task, next, ctx, options, false, err);
}

sopool_iterator *sopool_imap_unordered(sopool_pool *pool, const char *task,
                                       sopool_input_fn *next, void *ctx,
                                       const sopool_stream_options *options,
                                       sopool_error *err)
{
    return open_iterator(pool, task, next, ctx, options, true, err);
}

void sopool_imap_close(sopool_iterator *it)
{
    if (it == NULL || !pool_is_ours(it->pool))
        return;
    sopool_stream_close(it->stream);
    free(it);
}

/* ---- inputs ------------------------------------------------------------ */

static void fail_held(sopool_iterator *it, const sopool_error *why)
{
    it->failure = *why;
    it->held = HELD_FAILURE;
}

/* Sends what is held; false: there is no room for it. */
static bool send_held(sopool_iterator *it)
{
    sopool_error err;

    if (it->held == HELD_ARGS) {
        if (sopool_stream_send(it->stream, it->args, 0, &err) == 0)
            it->held = HELD_NONE;
        else if (err.code != SOPOOL_E_TIMEOUT)
            fail_held(it, &err); /* it fails in its place */
    }
    if (it->held == HELD_FAILURE &&
        sopool_stream_send_failure(it->stream, &it->failure, 0, NULL) == 0)
        it->held = HELD_NONE;
    return it->held == HELD_NONE;
}

/* A pool that takes no more calls is not to eat the inputs. */
static void check_pool(sopool_iterator *it)
{
    if (it->ended || pool_enter(it->pool, NULL) != 0)
        return;
    pthread_mutex_lock(&it->pool->lock);
    it->refused = pool_accepts(it->pool, &it->why) != 0;
    pthread_mutex_unlock(&it->pool->lock);
    pool_leave(it->pool);
    if (!it->refused)
        return;
    it->ended = true;
    if (it->held == HELD_ARGS)
        fail_held(it, &it->why);
}

static void pull(sopool_iterator *it)
{
    sopool_error err = {0};
    int got = it->next(it->ctx, &it->args, &err);

    if (got > 0)
        it->held = HELD_ARGS;
    else if (got < 0)
        fail_held(it, &err);
    else
        it->ended = true;
}

/* Once all that was pulled has been handed over, the stream may end. */
static void close_stream(sopool_iterator *it)
{
    if (it->closed || it->held != HELD_NONE ||
        stream_flush_now(it->stream) != 0)
        return;
    sopool_stream_end(it->stream);
    it->closed = true;
}

/* Pulls for a while, or until there is no room. False: there was none. */
static bool pull_some(sopool_iterator *it)
{
    int64_t until = clock_now() + PULL_NS;
    bool some = false;

    check_pool(it);
    do {
        if (!send_held(it))
            break;
        if (it->ended)
            break;
        pull(it);
        some = true;
    } while (clock_now() < until);
    if (it->ended)
        close_stream(it);
    else
        (void)stream_flush_now(it->stream);
    return some;
}

/* ---- results ----------------------------------------------------------- */

static int at_end(const sopool_iterator *it, sopool_error *err)
{
    if (!it->refused)
        return 0;
    if (err != NULL)
        *err = it->why;
    return error_prefix(err, "not all inputs were read: ");
}

int sopool_imap_next(sopool_iterator *it, sopool_item *out, int64_t timeout_ms,
                     sopool_error *err)
{
    int64_t deadline = clock_deadline(timeout_ms);
    sopool_error why;
    int status;

    while ((status = sopool_stream_next(it->stream, out, 0, &why)) < 0 &&
           (why.code == SOPOOL_E_TIMEOUT || why.code == SOPOOL_E_CLOSED)) {
        bool pulled = pull_some(it);
        int64_t left = -1;

        if (deadline != CLOCK_NEVER) {
            left = (deadline - clock_now() + NS_PER_MS - 1) / NS_PER_MS;
            if (left <= 0)
                left = 0;
        }
        if (pulled && left != 0)
            continue;
        status = sopool_stream_next(it->stream, out, left, &why);
        if (status >= 0 || why.code != SOPOOL_E_TIMEOUT || left == 0)
            break;
    }
    if (status < 0 && err != NULL)
        *err = why;
    return status == 0 ? at_end(it, err) : status;
}
