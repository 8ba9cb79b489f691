/* feed.c - which worker gets which calls. See pool.h.
 *
 * A worker is given ranges of about RANGE_NS of work, by what the task's calls
 * took so far, and a few of them ahead, so that it never waits for the next;
 * none ahead when calls take so long that the wait would not be felt. A worker
 * that has nothing while the queue is empty is given half of what another has
 * not begun: that is what mends a wrong guess.
 */
#include "pool/pool.h"

#include <string.h>

#include "worker/shelf.h"

void feed_learn(struct sopool_pool *pool, uint32_t task, uint32_t items,
                uint64_t busy_ns)
{
    struct task_record *known = &pool->task[task];
    uint64_t each, last = known->last_ns;

    if (items == 0 || busy_ns > (uint64_t)INT64_MAX)
        return;
    each = known->last_ns = busy_ns / items + 1;
    /* One range that took long may have lost its processor meanwhile; two in
     * a row are believed. */
    if (last != 0 && last < each)
        each = last;
    known->each_ns =
        known->each_ns == 0 ? each : (known->each_ns * 3 + each) / 4;
    stats_took(pool, task, items, busy_ns);
}

uint32_t feed_range(const struct sopool_pool *pool, uint32_t task)
{
    uint64_t each = pool->task[task].each_ns;
    uint64_t items = each == 0 ? 1 : RANGE_NS / each;

    if (items < 1)
        return 1;
    return items > RANGE_ITEMS ? RANGE_ITEMS : (uint32_t)items;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many ranges like this one a worker should have: more if calls that are
 * soon done come one by one. */
static uint32_t depth_of(const struct sopool_pool *pool,
                         const struct range *range)
{
    uint64_t each = pool->task[range->batch->task].each_ns;
    uint64_t depth, count = range->count;

    if (each == 0 || each > LONG_NS)
        return 1;
    if (range->batch->single)
        count = pool->queue.calls;
    depth = DEPTH * RANGE_NS / (each * count);
    if (depth < DEPTH)
        return DEPTH;
    return depth > DEPTH_MOST ? DEPTH_MOST : (uint32_t)depth;
}

/* ---- one range to one worker ------------------------------------------- */

/* Of a call that its worker dies of, only the beginning is known. */
static uint32_t timed(const struct batch *batch)
{
    if (batch_info(batch, 0) != NULL)
        return CHANNEL_TIMED | CHANNEL_DETAILED;
    return batch_timeout(batch) != 0 ? CHANNEL_TIMED : 0;
}

static uint32_t flags_of(const struct batch *batch)
{
    return timed(batch) | (batch->words > 0 ? CHANNEL_NUMBERS : 0);
}

/* May so many calls take long, as far as is known? */
static bool is_slow(const struct sopool_pool *pool, const struct batch *like,
                    uint32_t count)
{
    uint64_t each = pool->task[like->task].each_ns;

    return each == 0 || each * count > 2 * RANGE_NS || batch_timeout(like) != 0;
}

/* Sees to it that somebody will look at the results of what is about to be
 * sent. */
static void see_to(struct member *m)
{
    struct sopool_pool *pool = m->pool;

    if (pool->hush) {
        pool->hushed++;
        member_hush(m);
    } else if (dispatcher_sleeps(pool) && m->watchers == 0) {
        (void)member_rings(m); /* it had no call, so there is nothing to read */
    }
}

/* Sends the range whose arguments were written. Returns the note of it, in
 * which is still to be said what it is part of. */
static struct handed *hand(struct member *m, const struct batch *like,
                           uint32_t count, uint32_t flags, size_t size)
{
    struct sopool_pool *pool = m->pool;
    struct handed *what = &m->handed[m->end.sent % CHANNEL_SLOTS];
    int64_t now = pool->timing ? clock_now() : 0;

    see_to(m);
    (void)parent_send(&m->end, like->task, count, flags, size);
    *what = (struct handed){
        .task = like->task,
        .level = like->level,
        .slow = is_slow(pool, like, count),
        .timeout_ns = batch_timeout(like),
        .at = now,
    };
    m->slow += what->slow;
    m->inflight++;
    return what;
}

static void part_of(struct handed *what, struct batch *batch, uint32_t first)
{
    what->batch = batch;
    what->first = first;
}

/* A call whose arguments end in a buffer, to a worker that has nothing else;
 * `warm`: the memory for its result, or 0. NULL: it cannot be sent now. */
static struct handed *send_lent(struct member *m, const struct batch *batch,
                                const struct spilled *where, uint64_t warm)
{
    struct lent_args lent = {.warm = warm,
                             .number = buffer_number(where->buffer),
                             .size = where->size,
                             .head_size = (uint32_t)where->head_size};
    uint8_t *room = parent_room(&m->end, sizeof(lent) + where->head_size);

    if (room == NULL || buffers_give(m, where->buffer, &lent.place) != 0) {
        m->pool->look_again = true; /* as send_big */
        return NULL;
    }
    memcpy(room, &lent, sizeof(lent));
    memcpy(room + sizeof(lent), where->head, where->head_size);
    return hand(m, batch, 1, CHANNEL_LENT | timed(batch),
                sizeof(lent) + where->head_size);
}

/* A call whose arguments stand in the batch's file: the worker gets the file,
 * and in the channel where in it they are. It is sent alone, to a worker that
 * has nothing else, so that files cannot fill the socket. */
static bool send_big(struct member *m, struct batch *batch, uint32_t first,
                     const struct spilled *where)
{
    const uint64_t place[2] = {where->offset, where->size};
    struct handed *what;
    void *room;

    if (m->inflight > 0)
        return false;
    if (where->buffer != NULL) {
        what = send_lent(m, batch, where, 0);
        if (what != NULL)
            part_of(what, batch, first);
        return what != NULL;
    }
    room = parent_room(&m->end, sizeof(place));
    if (room == NULL)
        return false;
    if (message_send_now(m->control, MESSAGE_BIG, 0, m->end.sent,
                         &batch->store->file, 1) != 0) {
        /* It is dying, or has not read what was taken back from it. */
        m->pool->look_again = true;
        return false;
    }
    memcpy(room, place, sizeof(place));
    what = hand(m, batch, 1, CHANNEL_BIG | timed(batch), sizeof(place));
    part_of(what, batch, first);
    return true;
}

/* How many of the first `count` calls of a range are not spilled. */
static uint32_t before_spilled(const struct range *range, uint32_t count)
{
    struct spilled where;
    uint32_t i = 0;

    if (!range->batch->store->spilled)
        return count;
    while (i < count && !batch_spilled(range->batch, range->first + i, &where))
        i++;
    return i;
}

/* How many of so many calls go together: no more than the worker may still run,
 * and the last ones of all are shared out. */
static uint32_t most_items(const struct member *m, uint32_t task,
                           uint32_t count)
{
    uint32_t most = feed_range(m->pool, task);

    if (count == m->pool->queue.calls)
        most = least(most, (count - 1) / crowd_enough(m->pool, task) + 1);
    if (most > m->budget)
        most = (uint32_t)m->budget;
    return least(count, most);
}

static uint32_t chunk_items(const struct member *m, const struct range *range)
{
    uint32_t count = batch_chunksize(range->batch);

    if (count > m->budget)
        count = (uint32_t)m->budget;
    return least(range->count, least(count, CHANNEL_ITEMS));
}

/* How many calls from `first` on go together, no more than fit. 0: the first is
 * to be sent alone, by its file or buffer. */
static uint32_t range_items(const struct member *m, const struct range *range)
{
    const struct batch *batch = range->batch;
    uint32_t count = batch_chunksize(batch) != 0
                         ? chunk_items(m, range)
                         : most_items(m, batch->task, range->count);
    while (count > 1 && batch_room(batch, range->first, count) > CHANNEL_INLINE)
        count /= 2;
    return before_spilled(range, count);
}

/* Writes the arguments of the first `count` calls of the range to the worker's
 * channel: how many bytes, or 0 if there is no room. A batch whose next call
 * cannot go as numbers goes the other way from there on. */
static size_t write_args(struct member *m, const struct range *range,
                         uint32_t *count)
{
    struct batch *batch = range->batch;
    uint32_t written = 0;
    void *room = parent_room(&m->end, batch_room(batch, range->first, *count));

    if (room == NULL)
        return 0;
    if (batch->words == 0)
        return batch_write(batch, range->first, *count, room);
    written = batch_write_words(batch, range->first, *count, room);
    if (written > 0) {
        *count = written;
        return batch_room(batch, range->first, written);
    }
    batch->words = 0;
    *count = 1;
    return write_args(m, range, count);
}

static uint32_t send_small(struct member *m, const struct range *range,
                           uint32_t count)
{
    const struct batch *batch = range->batch;
    size_t size = write_args(m, range, &count);

    if (size == 0)
        return 0;
    part_of(hand(m, batch, count, flags_of(batch), size), range->batch,
            range->first);
    return count;
}

/* A part of a batch: how many calls it is, or 0. */
static uint32_t send_part(struct member *m, const struct range *range)
{
    struct batch *batch = range->batch;
    uint32_t first = range->first;
    uint32_t count = range_items(m, range);
    struct spilled where;

    if (count > 0) {
        count = send_small(m, range, count);
        if (count == 0)
            return 0;
    } else {
        if (!batch_spilled(batch, first, &where) ||
            !send_big(m, batch, first, &where))
            return 0;
        count = 1;
    }
    queue_take(m->pool, count);
    return count;
}

/* Singles that may travel together. */
static bool alike(const struct batch *a, const struct batch *b)
{
    return b->single && a->task == b->task && a->words == b->words;
}

static size_t single_room(const struct batch *batch)
{
    return batch->words > 0 ? batch->words * sizeof(uint64_t)
                            : batch_room(batch, 0, 1);
}

/* The last of the singles at the head of the queue that go together, how many
 * they are, and the size of their arguments. */
static struct range *gather(const struct member *m, struct range *first,
                            uint32_t *count, size_t *size)
{
    const struct batch *batch = first->batch;
    uint64_t calls = m->pool->queue.calls;
    uint32_t most = most_items(
        m, batch->task, calls < RANGE_ITEMS ? (uint32_t)calls : RANGE_ITEMS);
    struct range *last = first;

    *size = single_room(batch);
    for (*count = 1; *count < most; ++*count) {
        struct range *next = last->next;
        size_t room;

        if (next == NULL || !alike(batch, next->batch))
            break;
        room = single_room(next->batch);
        if (*size + room > CHANNEL_INLINE)
            break;
        *size += room;
        last = next;
    }
    return last;
}

static void write_singles(const struct range *first, uint8_t *room)
{
    for (const struct range *at = first; at != NULL; at = at->next)
        if (at->batch->words > 0) {
            batch_write_single(at->batch, room);
            room += at->batch->words * sizeof(uint64_t);
        } else {
            room += batch_write(at->batch, 0, 1, room);
        }
}

static uint32_t send_singles(struct member *m, struct range *first)
{
    const struct batch *batch = first->batch;
    uint32_t count;
    size_t size;
    struct range *last = gather(m, first, &count, &size);
    uint8_t *room = parent_room(&m->end, size);

    if (room == NULL)
        return 0;
    first = queue_take_singles(m->pool, last, count);
    write_singles(first, room);
    hand(m, batch, count, flags_of(batch), size)->singles = first;
    return count;
}

static bool was_given(struct member *m, uint32_t count)
{
    if (m->budget != UINT64_MAX)
        m->budget -= count;
    if (m->budget == 0 && count > 0) {
        m->last = true;
        parent_last(&m->end);
    }
    m->fed = m->fed || count > 0;
    return count > 0;
}

/* It was given one call, and nothing else was. */
static void send_off(struct member *m)
{
    m->pool->stats.submitted++;
    (void)was_given(m, 1);
    m->fed = false;
    parent_wake(&m->end);
}

bool feed_warm(struct member *m, struct batch *single, size_t size)
{
    const uint64_t which[2] = {m->warm.serial, size};
    void *room = parent_room(&m->end, sizeof(which));

    if (room == NULL || m->budget == 0)
        return false;
    memcpy(room, which, sizeof(which));
    hand(m, single, 1, CHANNEL_WARM, sizeof(which))->singles = &single->whole;
    send_off(m);
    return true;
}

bool feed_lent(struct member *m, struct batch *single,
               const struct spilled *lent)
{
    const uint64_t warm = m->warm.at != NULL ? m->warm.serial : 0;
    struct handed *what =
        m->budget > 0 ? send_lent(m, single, lent, warm) : NULL;

    if (what == NULL)
        return false;
    what->singles = &single->whole;
    send_off(m);
    return true;
}

static bool can_take(const struct member *m, uint32_t depth)
{
    return m->state == MEMBER_READY && !m->closed && !m->surplus && !m->last &&
           m->budget > 0 && m->inflight < depth;
}

/* The pool's idle worker, if nothing else is to be thought of: no call waits,
 * none was given out that somebody else could have. */
static struct member *only_idle(const struct sopool_pool *pool)
{
    struct member *idle = NULL;

    if (pool->queue.filled != 0 || atomic_load(&pool->inbox) != NULL ||
        atomic_load(&pool->mixed))
        return NULL;
    for (struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->inflight > 1)
            return NULL;
        if (idle == NULL && can_take(m, 1))
            idle = m;
    }
    return idle;
}

struct member *feed_at_once(struct sopool_pool *pool, struct batch *single)
{
    struct member *m = pool->hush || !crowd_is_full(pool, single->task)
                           ? only_idle(pool)
                           : NULL;
    size_t size = batch_room(single, 0, 1);
    uint8_t *room = m != NULL ? parent_room(&m->end, size) : NULL;

    if (room == NULL)
        return NULL;
    write_singles(&single->whole, room);
    hand(m, single, 1, flags_of(single), size)->singles = &single->whole;
    pool->busy += crowd_is_busy(m);
    send_off(m);
    return m;
}

/* Gives the head of the queue to a worker; false if it can take nothing. */
static bool give(struct member *m)
{
    struct sopool_pool *pool = m->pool;
    struct range *head = queue_head(pool);

    if (head->batch->single)
        return was_given(m, send_singles(m, head));
    return was_given(m, send_part(m, head));
}
/* ---- taking back ------------------------------------------------------- */

/* What may be taken from a range of a worker that has `older` ranges to answer
 * before it. A worker keeps the first call that it has, or calls would go to
 * and fro between workers that are just waking up. */
static uint32_t take_range(struct member *victim, uint64_t seq, bool older)
{
    const struct sent_range *range = &victim->end.range[seq % CHANNEL_SLOTS];
    uint32_t taken;

    if (older) {
        taken = parent_take(&victim->end, seq, TAKE_WHOLE);
        if (taken > 0) {
            member_has_answered(victim, &victim->handed[seq % CHANNEL_SLOTS]);
            return taken;
        }
    } else if (range->end - range->answered < 2) {
        return 0; /* without a look at what the worker is writing */
    } else if (parent_begun(&victim->end, seq) == 0) {
        victim->pool->look_again = true;
        return 0;
    }
    taken = parent_take(&victim->end, seq, TAKE_HALF);
    if (taken > 0 && range->answered == range->end)
        member_has_answered(victim, &victim->handed[seq % CHANNEL_SLOTS]);
    return taken;
}

/* Takes back some of what this worker has not begun, the newest first. */
static bool take_from(struct member *victim)
{
    const struct parent_end *end = &victim->end;

    for (uint64_t seq = end->sent; seq-- > end->retired;) {
        const struct sent_range *range = &end->range[seq % CHANNEL_SLOTS];
        uint32_t taken;

        if (range->taken || range->answered == range->end)
            continue;
        taken = take_range(victim, seq,
                           victim->inflight > 1 ||
                               victim->state == MEMBER_STARTING);
        if (taken == 0)
            continue;
        if (victim->budget != UINT64_MAX)
            victim->budget += taken;
        handed_give_back(victim, seq, range->end, taken);
        return true;
    }
    return false;
}

/* One that is starting keeps its call if it will run no other. */
static bool can_lose(const struct member *m)
{
    return m->inflight > 0 && (m->state == MEMBER_READY ||
                               (m->state == MEMBER_STARTING && !m->last));
}

/* May something be taken from it for a worker that is idle? Not when enough
 * are busy with calls like its own already. */
static bool may_rob(const struct member *m)
{
    struct sopool_pool *pool = m->pool;
    uint32_t task = m->handed[(m->end.sent - 1) % CHANNEL_SLOTS].task;

    if (!can_lose(m))
        return false;
    if (!crowd_is_busy(m) || !crowd_is_full(pool, task))
        return true;
    pool->held = true;
    return false;
}

/* A worker that has nothing gets a share of the one that has most. */
static bool rob(struct sopool_pool *pool)
{
    struct member *victim = NULL;

    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (may_rob(m) && (victim == NULL || m->inflight > victim->inflight))
            victim = m;
    if (victim == NULL)
        return false;
    if (take_from(victim))
        return true;
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (m != victim && may_rob(m) && take_from(m))
            return true;
    return false;
}

/* ---- feeding ----------------------------------------------------------- */

/* A worker that has nothing to do before it is ready finds its first call in
 * its channel when it is, so that nobody need wait to be woken. */
static bool can_take_early(const struct member *m, uint32_t depth)
{
    const struct range *head = queue_head(m->pool);

    return m->state == MEMBER_STARTING && m->phase == PHASE_RUN &&
           !m->pool->sets_up && !m->closed && !m->surplus && m->budget > 0 &&
           m->inflight < depth && batch_timeout(head->batch) == 0;
}

/* Are there enough workers without this one? A single call that is waited for
 * is run at once. */
static bool is_spare(const struct member *m, const struct range *head)
{
    const struct sopool_pool *pool = m->pool;

    if ((pool->hush && head->batch->single) || crowd_is_busy(m))
        return false;
    return crowd_is_full(pool, head->batch->task);
}

/* Gives the head of the queue to a worker that is not spare. */
static void give_unless_spare(struct member *m)
{
    struct sopool_pool *pool = m->pool;
    bool was_busy = crowd_is_busy(m);

    if (is_spare(m, queue_head(pool)))
        pool->held = true;
    else if (give(m))
        pool->busy += crowd_is_busy(m) - was_busy;
}

typedef bool taker(const struct member *m, uint32_t depth);

/* False: there is nothing more to be given. */
static bool feed_depth(struct sopool_pool *pool, uint32_t depth, taker *can)
{
    for (struct member *m = pool->members; m != NULL; m = m->next) {
        const struct range *head = queue_head(pool);

        if (head == NULL || depth > depth_of(pool, head))
            return false;
        if (can(m, depth))
            give_unless_spare(m);
    }
    return true;
}

static void feed_queue(struct sopool_pool *pool)
{
    if (!feed_depth(pool, 1, can_take) || !feed_depth(pool, 1, can_take_early))
        return;
    for (uint32_t depth = 2; depth <= DEPTH_MOST; depth++)
        if (!feed_depth(pool, depth, can_take))
            return;
}

static bool any_idle(const struct sopool_pool *pool)
{
    for (const struct member *m = pool->members; m != NULL; m = m->next)
        if (can_take(m, 1))
            return true;
    return false;
}

void feed(struct sopool_pool *pool)
{
    bool held = pool->held;

    pool->look_again = false;
    queue_collect(pool);
    crowd_look(pool);
    feed_queue(pool);
    while (pool->queue.filled == 0 && any_idle(pool) && rob(pool))
        for (struct member *m = pool->members;
             m != NULL && pool->queue.filled != 0; m = m->next)
            if (can_take(m, 1))
                give_unless_spare(m);
    if (pool->held && !held && dispatcher_sleeps(pool))
        pool_wake(pool); /* it is to look after a while */
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (m->fed) {
            m->fed = false;
            parent_wake(&m->end);
        }
}
