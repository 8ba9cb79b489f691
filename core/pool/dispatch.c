/* dispatch.c - the dispatcher thread. See pool.h.
 *
 * It goes round: read results, see to the workers, feed them; and sleeps when a
 * round found nothing. Before it sleeps it says so in every channel, and looks
 * once more, so that a worker that is awake is never spoken to by system call
 * and none is overheard.
 */
#include "pool/pool.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/error.h"
#include "base/libc.h"
#include "pool/cpus.h"
#include "pool/status.h"
#include "pool/stream.h"

enum {
    EVENTS = 64,
    /* How long to go on looking after the last result, giving way to others. */
    LINGER_NS = 20000,
    BACKOFF_MS = 100,
    GIVE_UP_MS = 200,
    /* Workers that are asked for before the forkserver is ready, so that it
     * need not wait for the pool when it is; the others are asked for then. */
    AHEAD = 8,
    /* So many workers may be ending. */
    ENDING_EACH = 4,
    ENDING_SOME = 16,
};

int watch_add(struct sopool_pool *pool, int fd, struct watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = watch}};

    return epoll_ctl(pool->epoll, EPOLL_CTL_ADD, fd, &event);
}

void phase_describe(const struct sopool_pool *pool, enum phase phase,
                    size_t plugin, char *out, size_t room)
{
    const sopool_catalog *catalog = pool->catalog;
    const char *path =
        plugin < catalog->plugin_count ? catalog->plugin[plugin].path : "?";

    switch (phase) {
    case PHASE_OPEN:
        (void)snprintf(out, room, "while it opened the plugin %s", path);
        break;
    case PHASE_LOAD:
        (void)snprintf(out, room, "in the load hook of the plugin %s", path);
        break;
    case PHASE_INIT:
        (void)snprintf(out, room, "in the initializer %s",
                       pool->options->initializer);
        break;
    default:
        (void)snprintf(out, room, "before it was ready");
    }
}

/* ---- keeping the number of workers ------------------------------------- */

void start_failed(struct sopool_pool *pool, bool final, const sopool_error *why)
{
    int64_t wait = BACKOFF_MS * NS_PER_MS;

    if (final || ++pool->start_failures >= START_FAILURES) {
        pool_break(pool, why);
        return;
    }
    for (uint32_t i = 1; i < pool->start_failures; i++)
        wait *= 2;
    pool->trouble = *why;
    pool->start_after = clock_now() + wait;
}

/* Workers that have, or will have, calls to run. One that is ready and has its
 * last calls does not count, so its successor starts before it ends. */
static bool is_working(const struct member *m)
{
    return !m->surplus &&
           (m->state == MEMBER_STARTING ||
            (m->state == MEMBER_READY && !m->last && m->budget > 0));
}

static uint32_t working(const struct sopool_pool *pool)
{
    uint32_t count = 0;

    for (const struct member *m = pool->members; m != NULL; m = m->next)
        if (is_working(m))
            count++;
    return count;
}

/* Workers may be long about their end, in exit handlers and destructors; their
 * successors wait before there are too many of them. */
static bool too_many_end(const struct sopool_pool *pool)
{
    uint32_t count = 0;

    for (const struct member *m = pool->members; m != NULL; m = m->next)
        count += m->state == MEMBER_ENDING;
    return count > ENDING_EACH * pool->processes + ENDING_SOME;
}

static bool may_start(const struct sopool_pool *pool, int64_t now)
{
    if (pool->broken || pool_state(pool) == POOL_TERMINATED ||
        now < pool->start_after || too_many_end(pool))
        return false;
    /* A closed pool needs workers only while there are calls. */
    return pool_state(pool) == POOL_OPEN || pool->queue.filled != 0;
}

static bool may_ask(const struct sopool_pool *pool)
{
    int unknown = 0;

    if (pool->server.control < 0 || pool->server.ready)
        return true;
    for (const struct member *m = pool->members; m != NULL; m = m->next)
        unknown += member_is_unknown(m);
    return unknown < AHEAD;
}

static void start_workers(struct sopool_pool *pool, int64_t now)
{
    sopool_error err;
    int status;

    if (!may_start(pool, now))
        return;
    if (pool->options->start_method == START_FORKSERVER &&
        pool->server.control < 0 && server_start(pool, &err) != 0) {
        server_stop(pool);
        start_failed(pool, err.code != SOPOOL_E_NOMEM, &err);
        return;
    }
    for (uint32_t i = working(pool); i < pool->processes && may_ask(pool);
         i++) {
        status = member_start(pool, &err);
        if (status < 0)
            start_failed(pool, err.code != SOPOOL_E_NOMEM && pool->ready == 0,
                         &err);
        if (status != 0)
            return;
    }
}

/* One of the workers that are too many, the youngest: rather one that is idle,
 * or not even ready. */
static struct member *dispensable(const struct sopool_pool *pool)
{
    struct member *found = NULL;

    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (is_working(m) &&
            (found == NULL || m->inflight == 0 || found->inflight > 0))
            found = m;
    return found;
}

/* A pool that got smaller. A worker finishes what it runs and gets no more. */
static void dismiss_workers(struct sopool_pool *pool)
{
    for (uint32_t i = working(pool); i > pool->processes; i--) {
        struct member *m = dispensable(pool);

        m->surplus = true;
        member_take_back(m);
        if (m->state == MEMBER_STARTING)
            member_end(m);
    }
}

/* Workers that have served their number of calls, or are too many. */
static void retire_workers(struct sopool_pool *pool)
{
    dismiss_workers(pool);
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (m->state == MEMBER_READY && m->inflight == 0 &&
            (m->last || m->surplus))
            member_retire(m);
}

static bool has_calls(struct sopool_pool *pool)
{
    queue_collect(pool);
    if (pool->queue.filled != 0)
        return true;
    for (const struct member *m = pool->members; m != NULL; m = m->next)
        if (m->inflight > 0)
            return true;
    return false;
}

/* A pool that was closed ends when its calls are done. */
static void end_pool(struct sopool_pool *pool)
{
    enum pool_state state = pool_state(pool);

    if (state == POOL_OPEN || pool->finished)
        return;
    if (state == POOL_CLOSED && has_calls(pool) && !pool->broken)
        return;
    cancel_as_asked(pool);   /* it may have been ended since this round began */
    if (!pool->server.ready) /* it may take its time to open plugins */
        server_stop(pool);
    for (struct member *m = pool->members, *next; m != NULL; m = next) {
        next = m->next;
        if (state == POOL_TERMINATED || pool->broken) {
            if (m->ended_by != SOPOOL_BY_TERMINATE)
                member_kill(m, SOPOOL_BY_TERMINATE);
        } else if (m->state != MEMBER_ENDING && m->state != MEMBER_LOST) {
            member_end(m);
        }
    }
    for (const struct member *m = pool->members; m != NULL; m = m->next)
        if (m->state != MEMBER_LOST)
            return;
    /* Threads that were given up mostly end soon. */
    if (pool->give_up_at == 0)
        pool->give_up_at = clock_now() + GIVE_UP_MS * NS_PER_MS;
    if (pool->members != NULL && clock_now() < pool->give_up_at)
        return;
    server_stop(pool);
    status_close(pool);
    atomic_store(&pool->finished, true);
    /* Who submits from now on has to see to it himself. */
    atomic_store(&pool->asleep, DISPATCHER_ASLEEP);
    queue_collect(pool);
    pthread_cond_broadcast(&pool->changed);
    streams_wake(pool);
}

/* ---- time limits ------------------------------------------------------- */

/* When the call that a worker runs is over time. The worker says when it began;
 * it is believed no further than what was seen: it cannot have begun after it
 * was first seen running. For a moment it may not have said so yet, and what it
 * said of the call before stands there: so that is read anew at each look. */
static void time_running(struct member *m, int64_t now)
{
    const struct sent_range *range =
        &m->end.range[m->end.reading % CHANNEL_SLOTS];
    int64_t limit = m->handed[m->end.reading % CHANNEL_SLOTS].timeout_ns;
    uint32_t begun;
    int64_t started;

    if (m->end.reading == m->end.sent || limit == 0 ||
        (begun = parent_begun(&m->end, m->end.reading)) <= range->answered) {
        m->limit_at = CLOCK_NEVER;
        m->timed_index = 0;
        m->timed_seq = UINT64_MAX;
        return;
    }
    if (m->timed_seq != m->end.reading || m->timed_index != begun) {
        m->timed_seq = m->end.reading;
        m->timed_index = begun;
        m->timed_seen = now;
    }
    started = parent_started(&m->end);
    if (started > m->timed_seen || started < m->timed_seen - limit)
        started = m->timed_seen;
    m->limit_ns = limit;
    m->limit_at = limit > CLOCK_NEVER - started ? CLOCK_NEVER : started + limit;
}

/* The shortest time limit of the calls that a worker has; 0: none has one. */
static int64_t shortest_limit(const struct member *m)
{
    int64_t shortest = 0;

    for (uint64_t seq = m->end.retired; seq < m->end.sent; seq++) {
        const struct sent_range *range = &m->end.range[seq % CHANNEL_SLOTS];
        int64_t limit = m->handed[seq % CHANNEL_SLOTS].timeout_ns;

        if (limit != 0 && !range->taken && range->answered < range->end &&
            (shortest == 0 || limit < shortest))
            shortest = limit;
    }
    return shortest;
}

/* The running call is over time; nothing else may be hit. */
static void end_running(struct member *m, int64_t now)
{
    member_take_back(m);
    (void)member_harvest(m);
    if (m->state != MEMBER_READY && m->state != MEMBER_ENDING)
        return;
    time_running(m, now);
    if (m->limit_at > now)
        return;
    m->limit_at = CLOCK_NEVER;
    member_kill(m, SOPOOL_BY_TIMEOUT);
}

static void over_time(struct member *m, int64_t now)
{
    bool hung_up = m->closed && m->inflight == 0;

    if (m->state != MEMBER_READY && m->state != MEMBER_STARTING &&
        m->state != MEMBER_ENDING)
        return;
    /* One that never was ready may have been told to end meanwhile. */
    if (m->was_ready && !hung_up) {
        end_running(m, now);
        return;
    }
    m->limit_at = CLOCK_NEVER;
    if (hung_up)
        m->why = "it closed its control socket";
    member_kill(m, hung_up ? SOPOOL_BY_POOL : SOPOOL_BY_TIMEOUT);
}

static void keep_time(struct sopool_pool *pool, int64_t now)
{
    for (struct member *m = pool->members, *next; m != NULL; m = next) {
        next = m->next;
        if (m->gone) /* how it ended is about to be told by its forkserver */
            continue;
        if (pool->timed && (!m->closed || m->inflight > 0) &&
            (m->state == MEMBER_READY ||
             (m->state == MEMBER_ENDING && m->was_ready &&
              m->ended_by == SOPOOL_BY_POOL)))
            time_running(m, now);
        if (m->closed && m->inflight == 0 &&
            m->limit_at > now + CLOSED_MS * NS_PER_MS)
            m->limit_at = now + CLOSED_MS * NS_PER_MS;
        if (m->limit_at <= now)
            over_time(m, now);
    }
    if (pool->server.control >= 0 && !pool->server.ready &&
        pool->server.limit_at <= now) {
        pool->server.limit_at = CLOCK_NEVER;
        (void)pidfd_send_signal(pool->server.pidfd, SIGKILL, NULL, 0);
    }
}

static int64_t next_deadline(const struct sopool_pool *pool, int64_t now)
{
    int64_t at = pool->look_again ? now + NS_PER_MS
                 : pool->held     ? now + LATE_MS * NS_PER_MS
                                  : CLOCK_NEVER;

    for (const struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->limit_at < at)
            at = m->limit_at;
        /* A worker without its control socket is given no more calls, but may
         * finish those that it has: it cannot say so any more. */
        if (m->closed && m->inflight > 0 && now + NS_PER_MS < at)
            at = now + NS_PER_MS;
        /* A call that begins while the dispatcher sleeps is not seen to
         * begin; look again within its time limit. */
        if (pool->timed && m->limit_at == CLOCK_NEVER && m->inflight > 0) {
            int64_t limit = shortest_limit(m);

            if (limit != 0 && limit / 2 < at - now)
                at = now + limit / 2 + NS_PER_MS;
        }
    }
    if (pool->look_at != 0 && pool->look_at < at)
        at = pool->look_at;
    if (pool->give_up_at != 0 && pool->give_up_at < at)
        at = pool->give_up_at;
    if (pool->start_after > now && pool->start_after < at)
        at = pool->start_after;
    if (pool->server.control >= 0 && !pool->server.ready &&
        pool->server.limit_at < at)
        at = pool->server.limit_at;
    return at;
}

/* ---- the round --------------------------------------------------------- */

static bool harvest(struct sopool_pool *pool)
{
    bool some = false, unknown = false;

    for (struct member *m = pool->members, *next; m != NULL; m = next) {
        next = m->next;
        some = member_harvest(m) || some;
        unknown |= m->inflight > 0 && member_is_unknown(m);
        /* A thread whose end was read with its last large result. */
        if (m->gone && pool->options->start_method == START_THREAD)
            member_died(m);
    }
    /* It does not come to sleep, and to this event, while results wait. */
    if (unknown)
        server_event(pool);
    return some;
}

/* Is it a worker that is to have nothing for now? */
static bool is_left_out(const struct member *m)
{
    return m->pool->held && m->inflight == 0;
}

/* Have all workers enough of short work, so that nobody need look soon? */
static bool all_have_enough(const struct sopool_pool *pool)
{
    bool some = false;

    if (pool_state(pool) != POOL_OPEN || pool->look_again)
        return false;
    for (const struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->state != MEMBER_READY || m->last || m->surplus || is_left_out(m))
            continue;
        if (m->inflight < DEPTH_EASY || m->slow > 0 || m->watchers > 0)
            return false;
        some = true;
    }
    return some;
}

/* Says in every channel that the dispatcher sleeps; false if it must not. */
static bool go_to_sleep(struct sopool_pool *pool, bool easy)
{
    bool quiet = true;

    for (struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->state == MEMBER_LOST || m->state == MEMBER_DEAD || m->broke ||
            m->watchers > 0)
            continue;
        m->rings = true;
        if (easy && m->state == MEMBER_READY && !m->last && !m->surplus &&
                    !is_left_out(m)
                ? parent_sleep_easy(&m->end)
                : parent_sleep(&m->end))
            quiet = false;
    }
    atomic_store(&pool->asleep, easy ? DISPATCHER_EASY : DISPATCHER_ASLEEP);
    return quiet && (easy || atomic_load(&pool->inbox) == NULL);
}

static void wake_up(struct sopool_pool *pool)
{
    atomic_store(&pool->asleep, DISPATCHER_AWAKE);
    for (struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->rings)
            parent_awake(&m->end);
        m->rings = false;
    }
}

static void handle(struct sopool_pool *pool, const struct epoll_event *event)
{
    struct watch *watch = event->data.ptr;
    uint64_t count;
    struct member *m;

    switch (watch->kind) {
    case WATCH_WAKE:
        (void)!read(pool->wake, &count, sizeof(count));
        buffers_look(pool);
        pthread_cond_broadcast(&pool->changed); /* it may have been closed */
        break;
    case WATCH_STATUS:
        status_serve(pool);
        break;
    case WATCH_SERVER:
        server_event(pool);
        break;
    case WATCH_CONTROL:
        m = watch->owner;
        member_read_control(m);
        if (m->gone && m->state != MEMBER_DEAD)
            member_died(m);
        break;
    case WATCH_EXIT:
        m = watch->owner;
        (void)epoll_ctl(pool->epoll, EPOLL_CTL_DEL, m->pidfd, NULL);
        if (m->state != MEMBER_DEAD)
            member_died(m);
        break;
    }
}

static int timeout_of(int64_t until, int64_t now)
{
    int64_t ms;

    if (until == CLOCK_NEVER)
        return -1;
    if (until <= now)
        return 0;
    ms = (until - now + NS_PER_MS - 1) / NS_PER_MS;
    return ms > 1000000 ? 1000000 : (int)ms;
}

/* Waits for events and handles them; the lock is let go of meanwhile. */
static void wait_events(struct sopool_pool *pool, int64_t until, int64_t now)
{
    struct epoll_event events[EVENTS];
    int count;

    pthread_mutex_unlock(&pool->lock);
    count = epoll_wait(pool->epoll, events, EVENTS, timeout_of(until, now));
    pthread_mutex_lock(&pool->lock);
    wake_up(pool);
    for (int i = 0; i < count; i++)
        handle(pool, &events[i]);
    member_free_buried(pool);
}

static void see_to(struct sopool_pool *pool, int64_t now)
{
    cancel_as_asked(pool);
    keep_time(pool, now);
    stopped_look(pool, now);
    retire_workers(pool);
    start_workers(pool, now);
    feed(pool);
    end_pool(pool);
}

/* Sleeps until something has happened; false if something has already. */
static bool rest(struct sopool_pool *pool, bool easy, int64_t now)
{
    int64_t until = next_deadline(pool, now);

    if (!go_to_sleep(pool, easy)) {
        wake_up(pool);
        return false;
    }
    /* What has more to run does not ring, and may be long about it. */
    if (easy && until > now + LATE_MS * NS_PER_MS)
        until = now + LATE_MS * NS_PER_MS;
    wait_events(pool, until, now);
    return true;
}

static void go_round(struct sopool_pool *pool, int64_t *active)
{
    int64_t now = clock_now();

    if (harvest(pool))
        *active = now;
    see_to(pool, now);
    if (pool->finished)
        return;
    if (all_have_enough(pool) && rest(pool, true, now)) {
        *active = clock_now();
        return;
    }
    if (now - *active < LINGER_NS) {
        pthread_mutex_unlock(&pool->lock);
        (void)sched_yield();
        pthread_mutex_lock(&pool->lock);
        return;
    }
    *active = rest(pool, false, now) ? clock_now() : now;
}

/* While the workers start: what it takes some time to find out. */
static void look_around(struct sopool_pool *pool)
{
    uint64_t kills;
    uint32_t cpus;

    pthread_mutex_unlock(&pool->lock);
    cpus = cpus_available();
    kills = cause_memory_kills();
    pthread_mutex_lock(&pool->lock);
    pool->cpus = cpus;
    pool->memory_kills = kills;
}

void *dispatcher_run(void *arg)
{
    struct sopool_pool *pool = arg;
    int64_t active = clock_now();

    pthread_mutex_lock(&pool->lock);
    see_to(pool, active);
    look_around(pool);
    while (!pool->finished)
        go_round(pool, &active);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}
