/* parent.c - the pool's end of a channel. See channel.h.
 *
 * What must stay true: nothing that the worker can write decides an address, a
 * length or a loop before it was copied and checked.
 */
#include "channel/channel.h"

#include <sched.h>
#include <string.h>

#include "base/futex.h"
#include "channel/layout.h"

/* Results that may be read before the worker is told. With all but these free
 * the largest of records must fit, and the padding before it. */
enum { TELL = CHANNEL_RESULTS / 8 };
_Static_assert(TELL + 2 * (CHANNEL_INLINE + 2 * RECORD_ALIGN) < CHANNEL_RESULTS,
               "room for a record and its padding");

static struct sent_range *range_of(struct parent_end *end, uint64_t seq)
{
    return &end->range[seq % CHANNEL_SLOTS];
}

static struct shared_slot *slot_of(const struct parent_end *end, uint64_t seq)
{
    return &end->shared->slot[seq % CHANNEL_SLOTS];
}

void parent_init(struct parent_end *end, struct shared *shared)
{
    memset(end, 0, sizeof(*end));
    end->shared = shared;
    end->cpu = -1;
}

/* Where `size` contiguous bytes behind `head` begin: there, or at the start of
 * the ring if they would run over its end. */
static uint64_t contiguous(uint64_t head, size_t size)
{
    uint64_t at = head % CHANNEL_ARGS;

    if (at + size > CHANNEL_ARGS)
        return head + (CHANNEL_ARGS - at);
    return head;
}

void *parent_room(struct parent_end *end, size_t size)
{
    uint64_t at;

    if (end->sent - end->retired == CHANNEL_SLOTS || size > CHANNEL_ARGS)
        return NULL;
    end->room = end->args_head;
    end->room_size = size;
    if (size <= SLOT_ARGS)
        return slot_of(end, end->sent)->args;
    at = contiguous(end->args_head, size);
    if (at + size - end->args_tail > CHANNEL_ARGS)
        return NULL;
    end->room = at;
    return end->shared->args + at % CHANNEL_ARGS;
}

/* Lets the worker know where its calls come from. */
static void tell_cpu(struct parent_end *end)
{
    int cpu = sched_getcpu();

    if (cpu == end->cpu)
        return;
    end->cpu = cpu;
    atomic_store_explicit(&end->shared->parent_cpu, cpu, memory_order_relaxed);
}

uint64_t parent_send(struct parent_end *end, uint32_t task, uint32_t count,
                     uint32_t flags, size_t size)
{
    uint64_t seq = end->sent++;
    bool here = end->room_size <= SLOT_ARGS;
    uint64_t at = end->room;
    struct shared_slot *slot = slot_of(end, seq);

    if (!here)
        end->args_head = at + size;
    *range_of(end, seq) =
        (struct sent_range){.end = count, .args_end = end->args_head};
    slot->task = task;
    slot->flags = flags;
    slot->args_at = here ? ARGS_HERE : (uint32_t)(at % CHANNEL_ARGS);
    slot->args_size = (uint32_t)size;
    atomic_store_explicit(&slot->busy_ns, 0, memory_order_relaxed);
    tell_cpu(end);
    atomic_store(&slot->word, word_of(SLOT_READY, 0, count));
    return seq;
}

void parent_wake(struct parent_end *end)
{
    _Atomic uint32_t *asleep = &end->shared->worker_asleep;

    if (atomic_load(asleep) != 0 && atomic_exchange(asleep, 0) != 0)
        futex_wake(asleep);
}

/* Is there more to be read of the range that is read? */
static inline bool is_reading(struct parent_end *end)
{
    const struct sent_range *range = range_of(end, end->reading);

    return end->reading >= end->retired && end->reading < end->sent &&
           !range->taken && range->answered < range->end;
}

/* Passes over ranges of which nothing more is to be read. */
static void skip_answered(struct parent_end *end)
{
    if (end->reading < end->retired)
        end->reading = end->retired;
    while (end->reading < end->sent) {
        const struct sent_range *range = range_of(end, end->reading);

        if (!range->taken && range->answered < range->end)
            return;
        end->reading++;
    }
}

static int broken(const char **why, const char *what)
{
    *why = what;
    return -1;
}

/* Checks a copied record head against what was sent and what is there. */
static int check_record(struct parent_end *end, const struct record_head *head,
                        uint64_t there, const char **why)
{
    if (head->size > CHANNEL_INLINE || record_space(head->size) > there)
        return broken(why, "a result runs over the end of its ring");
    if (!is_reading(end))
        skip_answered(end);
    if (end->reading == end->sent)
        return broken(why, "a result for which there was no call");
    if (head->index != range_of(end, end->reading)->answered)
        return broken(why, "a result for another call than the next one");
    return 0;
}

/* Looks how much there is to read now: 1, 0 if nothing, -1. The word is the
 * worker's to write all the time, so it is looked at only when all that was
 * known of is read. */
static int look(struct parent_end *end, const char **why)
{
    uint64_t head =
        atomic_load_explicit(&end->shared->results_head, memory_order_acquire);
    uint64_t there = head - end->results_tail;

    if (there > CHANNEL_RESULTS || there % RECORD_ALIGN != 0)
        return broken(why, "a results ring that is fuller than it can be");
    end->results_head = head;
    return there > 0;
}

int parent_read(struct parent_end *end, struct record *out, const char **why)
{
    const uint8_t *results = end->shared->results;
    struct record_head head;

    for (;;) {
        uint64_t at = end->results_tail % CHANNEL_RESULTS;
        uint64_t there = end->results_head - end->results_tail;

        if (there == 0) {
            int got = look(end, why);

            if (got != 1)
                return got;
            continue;
        }
        memcpy(&head, results + at, sizeof(head));
        if (head.status == RECORD_PAD) {
            if (there < CHANNEL_RESULTS - at)
                return broken(why, "padding that was not published");
            end->results_tail += CHANNEL_RESULTS - at;
            continue;
        }
        if (there > CHANNEL_RESULTS - at)
            there = CHANNEL_RESULTS - at;
        if (check_record(end, &head, there, why) != 0)
            return -1;
        out->seq = end->reading;
        out->index = head.index;
        out->status = head.status;
        out->data = results + at + sizeof(head);
        out->size = head.size;
        end->record_space = record_space(head.size);
        return 1;
    }
}

void parent_read_done(struct parent_end *end)
{
    struct sent_range *range = range_of(end, end->reading);

    end->results_tail += end->record_space;
    if (++range->answered == range->end)
        skip_answered(end);
}

bool parent_news(const struct parent_end *end, uint64_t seen)
{
    return atomic_load_explicit(&end->shared->results_head,
                                memory_order_acquire) != seen;
}

/* Lets the worker know how far its results were read, when it is worth it: it
 * can wait for room only while much more than TELL is not read. */
static void tell_tail(struct parent_end *end)
{
    if (end->results_tail - end->results_told < TELL)
        return;
    end->results_told = end->results_tail;
    atomic_store(&end->shared->results_tail, end->results_tail);
}

static int retire_taken(uint32_t state, const char **why)
{
    if (state == SLOT_TAKEN)
        return 0;
    if (state != SLOT_FREE)
        return broken(why, "a call run that was taken back");
    return 1;
}

static int retire_done(struct parent_end *end, const struct sent_range *range,
                       uint32_t state, const char **why)
{
    if (state == SLOT_READY || state == SLOT_RUNNING)
        return 0;
    if (state != SLOT_DONE)
        return broken(why, "a call given up that was not taken back");
    if (range->answered < range->end) {
        /* The last records may have come after the reading. */
        if (end->results_tail != atomic_load(&end->shared->results_head))
            return 0;
        return broken(why, "a call said to be done without a result");
    }
    atomic_store(&slot_of(end, end->retired)->word, word_of(SLOT_FREE, 0, 0));
    return 1;
}

int parent_retire(struct parent_end *end, uint64_t *seq, const char **why)
{
    const struct sent_range *range = range_of(end, end->retired);
    uint32_t state;
    int got;

    tell_tail(end);
    if (end->retired == end->sent)
        return 0;
    state = word_state(atomic_load(&slot_of(end, end->retired)->word));
    got = range->taken ? retire_taken(state, why)
                       : retire_done(end, range, state, why);
    if (got == 1) {
        *seq = end->retired++;
        end->args_tail = range->args_end;
        skip_answered(end);
    }
    return got;
}

static uint32_t take_whole(struct parent_end *end, uint64_t seq)
{
    struct sent_range *range = range_of(end, seq);
    uint64_t ready = word_of(SLOT_READY, 0, range->end);
    uint32_t count = range->end;

    /* A worker that has answered and says that it has not begun lies: what is
     * answered must not be run again. */
    if (range->answered > 0)
        return 0;
    if (!atomic_compare_exchange_strong(&slot_of(end, seq)->word, &ready,
                                        word_of(SLOT_TAKEN, 0, 0)))
        return 0;
    range->taken = true;
    range->end = 0;
    return count;
}

static uint32_t take_begun(struct parent_end *end, uint64_t seq, bool half)
{
    struct sent_range *range = range_of(end, seq);
    struct shared_slot *slot = slot_of(end, seq);
    uint64_t word = atomic_load(&slot->word);
    uint32_t next, keep, count;

    do {
        next = word_next(word);
        if (word_state(word) != SLOT_RUNNING || word_end(word) != range->end ||
            next < range->answered || next >= range->end)
            return 0;
        count = range->end - next;
        if (half)
            count = (count + 1) / 2;
        keep = range->end - count;
    } while (!atomic_compare_exchange_weak(&slot->word, &word,
                                           word_of(SLOT_RUNNING, next, keep)));
    range->end = keep;
    return count;
}

uint32_t parent_take(struct parent_end *end, uint64_t seq, enum take take)
{
    if (seq >= end->sent || seq < end->retired || range_of(end, seq)->taken)
        return 0;
    return take == TAKE_WHOLE ? take_whole(end, seq)
                              : take_begun(end, seq, take == TAKE_HALF);
}

uint32_t parent_begun(const struct parent_end *end, uint64_t seq)
{
    const struct sent_range *range = &end->range[seq % CHANNEL_SLOTS];
    uint64_t word = atomic_load(&slot_of(end, seq)->word);
    uint32_t next = word_next(word);

    if (word_state(word) == SLOT_READY)
        next = 0;
    if (next < range->answered)
        next = range->answered;
    if (next > range->end)
        next = range->end;
    return next;
}

int64_t parent_started(const struct parent_end *end)
{
    return atomic_load_explicit(&end->shared->started_ns, memory_order_relaxed);
}

uint64_t parent_busy(const struct parent_end *end, uint64_t seq)
{
    return atomic_load_explicit(&slot_of(end, seq)->busy_ns,
                                memory_order_relaxed);
}

bool parent_shares_cpu(const struct parent_end *end)
{
    return atomic_load_explicit(&end->shared->worker_cpu,
                                memory_order_relaxed) == sched_getcpu();
}

bool parent_sleep(struct parent_end *end)
{
    uint32_t state;

    atomic_store(&end->shared->parent_asleep, PARENT_ASLEEP);
    if (end->retired == end->sent)
        return false;
    /* A worker that has not seen the flag has written the word of the range
     * that it runs after all its results. */
    skip_answered(end);
    if (end->reading < end->sent)
        (void)atomic_load(&slot_of(end, end->reading)->word);
    if (atomic_load(&end->shared->results_head) != end->results_tail)
        return true;
    state = word_state(atomic_load(&slot_of(end, end->retired)->word));
    return state == SLOT_DONE || state == SLOT_FREE;
}

bool parent_sleep_easy(struct parent_end *end)
{
    uint64_t head;

    atomic_store(&end->shared->parent_asleep, PARENT_EASY);
    /* The worker will come by when it has this one and one more to run, if it
     * has not yet. */
    if (end->sent - end->retired < 2 ||
        word_state(atomic_load(&slot_of(end, end->sent - 2)->word)) !=
            SLOT_READY)
        return true;
    head = atomic_load(&end->shared->results_head);
    return head - end->results_told > RESULTS_MANY;
}

void parent_awake(struct parent_end *end)
{
    atomic_store_explicit(&end->shared->parent_asleep, PARENT_AWAKE,
                          memory_order_relaxed);
}

void parent_last(struct parent_end *end)
{
    atomic_store(&end->shared->quit, 1);
}

void parent_quit(struct parent_end *end)
{
    parent_last(end);
    parent_wake(end);
}

void parent_stop(struct parent_end *end)
{
    atomic_store(&end->shared->stop, 1);
}

void parent_stop_item(struct parent_end *end, uint64_t seq, uint32_t index)
{
    atomic_store(&end->shared->stop_item, item_name(seq, index));
}

bool parent_left(const struct parent_end *end)
{
    return atomic_load(&end->shared->left) != 0;
}

void parent_fault(const struct parent_end *end, struct last_fault *out)
{
    memcpy(out, &end->shared->fault, sizeof(*out));
}
