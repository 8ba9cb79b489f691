/* worker.c - the worker's end of a channel. See channel.h. */
#include "channel/channel.h"

#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/futex.h"
#include "channel/more.h"

/* How long to look again and again before sleeping: a hand-over to a side that
 * is awake costs a fraction of a microsecond, waking a sleeper about fifty. */
enum { SPIN_NS = 2 * 1000, YIELD_NS = 50 * 1000, SPINS = 16 };

static struct shared_slot *slot_of(const struct worker_end *end, uint64_t seq)
{
    return &end->shared->slot[seq % CHANNEL_SLOTS];
}

void worker_init(struct worker_end *end, struct shared *shared,
                 void (*ring)(void *ctx), void *ctx)
{
    memset(end, 0, sizeof(*end));
    end->shared = shared;
    end->cpu = -1;
    end->ring = ring;
    end->ctx = ctx;
}

void worker_notify(struct worker_end *end)
{
    _Atomic uint32_t *asleep = &end->shared->parent_asleep;

    if (atomic_load(asleep) != PARENT_AWAKE &&
        atomic_exchange(asleep, PARENT_AWAKE) != PARENT_AWAKE)
        end->ring(end->ctx);
}

static bool is_ready(const struct worker_end *end, uint64_t seq)
{
    return word_state(atomic_load(&slot_of(end, seq)->word)) == SLOT_READY;
}

/* After the last item of a range it may be time for the parent to send more. */
static void notify_last(struct worker_end *end)
{
    if (atomic_load(&end->shared->parent_asleep) == PARENT_EASY &&
        (!is_ready(end, end->seq) || !is_ready(end, end->seq + 1)))
        worker_notify(end);
    else
        worker_notify_item(end);
}

typedef bool condition(const struct worker_end *end, uint64_t arg);

/* Spins, unless that would keep the parent from its processor. To look at the
 * clock takes as long as a pause, and tells when it was: `*now`. */
static bool spin_until(struct worker_end *end, condition *holds, uint64_t arg,
                       int64_t *now)
{
    const int64_t until = *now + SPIN_NS;

    while (atomic_load_explicit(&end->shared->parent_cpu,
                                memory_order_relaxed) != sched_getcpu()) {
        for (int i = 0; i < SPINS; i++) {
            if (holds(end, arg))
                return true;
            *now = clock_now();
        }
        if (*now >= until)
            break;
    }
    return false;
}

/* Looks for a while whether the condition holds; `*now` is when it did. */
static bool look_until(struct worker_end *end, condition *holds, uint64_t arg,
                       int64_t *now)
{
    *now = clock_now();
    if (holds(end, arg) || spin_until(end, holds, arg, now))
        return true;
    for (int64_t until = *now + YIELD_NS; *now < until;) {
        (void)sched_yield();
        *now = clock_now();
        if (holds(end, arg))
            return true;
    }
    return false;
}

static void sleep_until(struct worker_end *end, condition *holds, uint64_t arg)
{
    _Atomic uint32_t *asleep = &end->shared->worker_asleep;

    while (!holds(end, arg)) {
        atomic_store(asleep, 1);
        if (holds(end, arg))
            break;
        futex_wait(asleep, 1);
    }
    atomic_store_explicit(asleep, 0, memory_order_relaxed);
}

static void wait_until(struct worker_end *end, condition *holds, uint64_t arg)
{
    int64_t now;

    if (!look_until(end, holds, arg, &now))
        sleep_until(end, holds, arg);
}

static bool has_range(const struct worker_end *end, uint64_t seq)
{
    uint32_t state = word_state(atomic_load(&slot_of(end, seq)->word));

    return state == SLOT_READY || state == SLOT_TAKEN ||
           atomic_load(&end->shared->quit) != 0 ||
           atomic_load(&end->shared->forget) != 0;
}

static void view(const struct worker_end *end, struct range_view *out)
{
    struct shared_slot *slot = end->slot;

    out->seq = end->seq;
    out->task = slot->task;
    out->flags = slot->flags;
    out->args = slot->args_at == ARGS_HERE ? slot->args
                                           : end->shared->args + slot->args_at;
    out->size = slot->args_size;
}

bool worker_ends(const struct worker_end *end)
{
    return atomic_load(&end->shared->quit) != 0 && !is_ready(end, end->seq);
}

bool worker_look(struct worker_end *end, int64_t *now)
{
    return look_until(end, has_range, end->seq, now);
}

/* Lets the parent know where its calls are run. */
static void tell_cpu(struct worker_end *end)
{
    int cpu = sched_getcpu();

    if (cpu == end->cpu)
        return;
    end->cpu = cpu;
    atomic_store_explicit(&end->shared->worker_cpu, cpu, memory_order_relaxed);
}

int worker_next(struct worker_end *end, struct range_view *out)
{
    for (;;) {
        struct shared_slot *slot = slot_of(end, end->seq);
        uint64_t word = atomic_load(&slot->word);

        if (atomic_load(&end->shared->forget) != 0) {
            atomic_store(&end->shared->forget, 0);
            return 2;
        }
        switch (word_state(word)) {
        case SLOT_READY:
            if (!atomic_compare_exchange_strong(
                    &slot->word, &word,
                    word_of(SLOT_RUNNING, 1, word_end(word))))
                continue;
            end->slot = slot;
            view(end, out);
            end->item = 0;
            tell_cpu(end);
            return 1;
        case SLOT_TAKEN:
            atomic_store(&slot->word, word_of(SLOT_FREE, 0, 0));
            end->seq++;
            end->passed = true;
            worker_notify(end);
            continue;
        default:
            if (worker_ends(end)) /* not before what came meanwhile */
                return 0;
            if (end->passed) {
                end->passed = false;
                return 3;
            }
            wait_until(end, has_range, end->seq);
        }
    }
}

/* How long a brief call took is not worth to keep the parent waiting for its
 * result: it is told that of the one before, and the clock is looked at
 * afterwards. */
enum { BRIEF_NS = 2000 };

static void tell(struct shared_slot *slot, uint64_t ns)
{
    atomic_store_explicit(&slot->busy_ns, ns, memory_order_relaxed);
}

/* Notes how long a range took. */
static void took(struct worker_end *end, int64_t began)
{
    end->last_ns = (uint64_t)(clock_now() - began);
    end->brief = end->item == 0 && end->last_ns < BRIEF_NS;
}

/* Before a range is done: tells how long it took. True: that is still to be
 * seen. */
static bool tell_busy(struct worker_end *end, struct shared_slot *slot,
                      int64_t began)
{
    bool later = end->brief && end->item == 0 && end->last_task == slot->task;

    if (!later)
        took(end, began);
    end->last_task = slot->task;
    tell(slot, end->last_ns);
    return later;
}

/* Afterwards, when the parent reads the slot, which is not to be touched then.
 * If it was not brief after all, the parent has maybe not looked yet. */
static void see_busy(struct worker_end *end, struct shared_slot *slot,
                     int64_t began)
{
    took(end, began);
    if (!end->brief)
        tell(slot, end->last_ns);
}

/* Nobody else changes its word any more. */
void worker_finish(struct worker_end *end, uint32_t items, int64_t began)
{
    struct shared_slot *slot = end->slot;
    bool later = tell_busy(end, slot, began);

    atomic_store(&slot->word, word_of(SLOT_DONE, items, items));
    if (later)
        see_busy(end, slot, began);
    end->seq++;
    notify_last(end);
}

uint64_t worker_forgets(const struct worker_end *end, uint32_t place)
{
    return atomic_load(&end->shared->forgets[place]);
}

void worker_began(struct worker_end *end, int64_t now)
{
    atomic_store_explicit(&end->shared->started_ns, now, memory_order_relaxed);
}

static bool has_room(const struct worker_end *end, uint64_t need)
{
    uint64_t used = end->results_head - atomic_load(&end->shared->results_tail);

    return CHANNEL_RESULTS - used >= need;
}

static void wait_for_room(struct worker_end *end, uint64_t need)
{
    if (has_room(end, need))
        return;
    /* What was published without much ado, once more for a parent that is
     * about to sleep. */
    atomic_store(&end->shared->results_head, end->results_head);
    worker_notify(end);
    wait_until(end, has_room, need);
}

static uint8_t *record_at(const struct worker_end *end)
{
    return end->shared->results + end->results_head % CHANNEL_RESULTS;
}

/* Fills the ring up to its end, so that the next record begins at its start. */
static void pad(struct worker_end *end)
{
    uint64_t left = CHANNEL_RESULTS - end->results_head % CHANNEL_RESULTS;
    struct record_head head = {.status = RECORD_PAD};

    wait_for_room(end, left);
    memcpy(record_at(end), &head, sizeof(head));
    end->results_head += left;
    atomic_store(&end->shared->results_head, end->results_head);
}

void *worker_reserve(struct worker_end *end, size_t size)
{
    uint64_t need = record_space(size);
    const uint8_t *old = record_at(end) + sizeof(struct record_head);
    size_t kept = end->reserved < size ? end->reserved : size;

    if (end->results_head % CHANNEL_RESULTS + need > CHANNEL_RESULTS)
        pad(end);
    wait_for_room(end, need);
    /* After padding the old bytes still stand at the end of the ring: only
     * this side writes there, and the new room, a quarter of the ring at
     * most, begins at its start. */
    if (kept > 0 && old != record_at(end) + sizeof(struct record_head))
        memcpy(record_at(end) + sizeof(struct record_head), old, kept);
    end->reserved = size;
    return record_at(end) + sizeof(struct record_head);
}

void worker_answer(struct worker_end *end, uint32_t index, uint32_t status,
                   const void *data, size_t size)
{
    size_t extra = end->detail != NULL ? sizeof(*end->detail) : 0;
    size_t total = size + extra;
    struct record_head head = {
        .size = (uint32_t)total,
        .index = (uint16_t)index,
        .slot = (uint8_t)(end->seq % CHANNEL_SLOTS),
        .status = (uint8_t)status,
    };
    uint8_t *to;

    if (end->reserved < total) {
        end->reserved = 0;
        (void)worker_reserve(end, total);
    }
    to = record_at(end);
    if (size > 0)
        memmove(to + sizeof(head), data, size);
    if (extra > 0)
        memcpy(to + sizeof(head) + size, end->detail, extra);
    memcpy(to, &head, sizeof(head));
    end->reserved = 0;
    end->results_head += record_space(total);
    /* The change of the slot's word that follows orders it for a parent that
     * is about to sleep. */
    atomic_store_explicit(&end->shared->results_head, end->results_head,
                          memory_order_release);
}

bool worker_should_stop(const struct worker_end *end)
{
    const struct shared *shared = end->shared;

    return atomic_load_explicit(&shared->stop, memory_order_relaxed) != 0 ||
           atomic_load_explicit(&shared->stop_item, memory_order_relaxed) ==
               item_name(end->seq, end->item);
}

void worker_leave(struct shared *shared)
{
    atomic_store(&shared->left, 1);
}

struct last_fault *worker_fault(struct shared *shared)
{
    return &shared->fault;
}
