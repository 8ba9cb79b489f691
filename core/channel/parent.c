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
_Static_assert(TELL + 2 * (CHANNEL_RECORD + 2 * RECORD_ALIGN) < CHANNEL_RESULTS,
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

/* For numbers. */
enum { ARGS_ALIGN = sizeof(uint64_t) };

/* Where `size` contiguous bytes behind `head` begin: there, or at the start of
 * the ring if they would run over its end. */
static uint64_t contiguous(uint64_t head, size_t size)
{
    uint64_t at;

    head = (head + ARGS_ALIGN - 1) & ~(uint64_t)(ARGS_ALIGN - 1);
    at = head % CHANNEL_ARGS;
    return at + size > CHANNEL_ARGS ? head + (CHANNEL_ARGS - at) : head;
}

void *parent_room(struct parent_end *end, size_t size)
{
    uint64_t at;

    if (end->sent - end->retired == CHANNEL_SLOTS || size > CHANNEL_ARGS)
        return NULL;
    end->room = end->args_head;
    end->room_size = size;
    if (size <= CHANNEL_SMALL)
        return end->small;
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

/* How many numbers each item has. */
static uint8_t words_of(uint32_t flags, uint32_t count, size_t size)
{
    if ((flags & CHANNEL_NUMBERS) == 0)
        return 0;
    return (uint8_t)(size / sizeof(uint64_t) / count);
}

uint64_t parent_send(struct parent_end *end, uint32_t task, uint32_t count,
                     uint32_t flags, size_t size)
{
    uint64_t seq = end->sent++;
    bool here = end->room_size <= CHANNEL_SMALL;
    uint64_t at = end->room;
    struct shared_slot *slot = slot_of(end, seq);

    if (!here)
        end->args_head = at + size;
    *range_of(end, seq) = (struct sent_range){
        .end = count,
        .words = words_of(flags, count, size),
        .at = here ? slot->args : end->shared->args + at % CHANNEL_ARGS,
        .args_end = end->args_head,
    };
    if (here)
        memcpy(slot->args, end->small, sizeof(slot->args));
    slot->task = task;
    slot->flags = flags;
    slot->args_at = here ? ARGS_HERE : (uint32_t)(at % CHANNEL_ARGS);
    slot->args_size = (uint32_t)size;
    atomic_store_explicit(&slot->busy_ns, 0, memory_order_relaxed);
    atomic_store(&slot->word, word_of(SLOT_READY, 0, count));
    tell_cpu(end);
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
    if (head->size > CHANNEL_RECORD || record_space(head->size) > there)
        return broken(why, "a result runs over the end of its ring");
    if (end->reading == end->sent)
        return broken(why, "a result for which there was no call");
    if (head->slot != end->reading % CHANNEL_SLOTS ||
        head->index != range_of(end, end->reading)->answered)
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

/* Copies the next record's head: 1, 0 if there is none now, -1. */
static int next_head(struct parent_end *end, struct record_head *head,
                     const char **why)
{
    for (;;) {
        uint64_t at = end->results_tail % CHANNEL_RESULTS;
        uint64_t there = end->results_head - end->results_tail;

        if (there == 0) {
            int got = look(end, why);

            if (got != 1)
                return got;
            continue;
        }
        memcpy(head, end->shared->results + at, sizeof(*head));
        if (head->status != RECORD_PAD)
            return 1;
        if (there < CHANNEL_RESULTS - at)
            return broken(why, "padding that was not published");
        end->results_tail += CHANNEL_RESULTS - at;
    }
}

static int read_record(struct parent_end *end, const struct record_head *head,
                       struct record *out, const char **why)
{
    uint64_t at = end->results_tail % CHANNEL_RESULTS;
    uint64_t there = end->results_head - end->results_tail;

    if (there > CHANNEL_RESULTS - at)
        there = CHANNEL_RESULTS - at;
    if (check_record(end, head, there, why) != 0)
        return -1;
    out->seq = end->reading;
    out->index = head->index;
    out->status = head->status;
    out->data = end->shared->results + at + sizeof(*head);
    out->size = head->size;
    out->numbers = 0;
    end->record_space = record_space(head->size);
    end->record_count = 1;
    return 1;
}

/* Of a range of numbers: how many of its items are done, as the worker says. 0
 * for another one. */
static uint32_t numbers_done(const struct parent_end *end, uint64_t seq)
{
    const struct sent_range *range = &end->range[seq % CHANNEL_SLOTS];
    uint64_t word;
    uint32_t next;

    if (seq == end->sent || range->words == 0)
        return 0;
    word = atomic_load(&slot_of(end, seq)->word);
    next = word_next(word);
    if (word_end(word) != range->end || next > range->end)
        return 0;
    if (word_state(word) == SLOT_DONE)
        return next;
    return word_state(word) == SLOT_RUNNING && next > 0 ? next - 1 : 0;
}

/* Is there a number to be read? */
static bool has_numbers(const struct parent_end *end)
{
    return numbers_done(end, end->reading) >
           end->range[end->reading % CHANNEL_SLOTS].answered;
}

/* Results from the range that is read up to item `to`, which are numbers. */
static int read_numbers(struct parent_end *end, uint32_t to, struct record *out)
{
    const struct sent_range *range = range_of(end, end->reading);

    out->seq = end->reading;
    out->index = range->answered;
    out->status = 0;
    out->size = range->words * (uint32_t)sizeof(uint64_t);
    out->data = range->at + (size_t)range->answered * out->size;
    out->numbers = to - range->answered;
    end->record_space = 0;
    end->record_count = out->numbers;
    return 1;
}

int parent_read(struct parent_end *end, struct record *out, const char **why)
{
    struct record_head head;
    uint32_t done;
    int got;

    if (!is_reading(end))
        skip_answered(end);
    /* The word before the records: the record of an item that is done by the
     * word is then seen. */
    done = numbers_done(end, end->reading);
    got = next_head(end, &head, why);
    if (got < 0)
        return -1;
    if (got == 1 && head.slot == end->reading % CHANNEL_SLOTS &&
        head.index < done)
        done = head.index;
    if (done > 0 && done > range_of(end, end->reading)->answered)
        return read_numbers(end, done, out);
    return got == 1 ? read_record(end, &head, out, why) : 0;
}

void parent_read_done(struct parent_end *end)
{
    struct sent_range *range = range_of(end, end->reading);

    end->results_tail += end->record_space;
    range->answered += end->record_count;
    end->answers += end->record_count;
    if (range->answered == range->end)
        skip_answered(end);
}

struct parent_seen parent_see(const struct parent_end *end, uint64_t seq)
{
    const struct sent_range *range = &end->range[seq % CHANNEL_SLOTS];
    bool numbers = seq >= end->retired && seq < end->sent && !range->taken &&
                   range->words > 0 && range->answered < range->end;

    return (struct parent_seen){
        .shared = end->shared,
        .results = end->results_tail,
        .seq = seq,
        .answered = numbers ? range->answered : UINT32_MAX,
    };
}

bool parent_news(const struct parent_seen *seen)
{
    const struct shared *shared = seen->shared;
    uint64_t word;

    if (atomic_load_explicit(&shared->results_head, memory_order_acquire) !=
        seen->results)
        return true;
    if (seen->answered == UINT32_MAX)
        return false;
    word = atomic_load_explicit(&shared->slot[seen->seq % CHANNEL_SLOTS].word,
                                memory_order_acquire);
    return word_state(word) == SLOT_DONE ||
           (word_state(word) == SLOT_RUNNING &&
            word_next(word) > seen->answered + 1);
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
        /* The last of them may have come after the reading. */
        if (end->results_tail != atomic_load(&end->shared->results_head) ||
            numbers_done(end, end->retired) > range->answered)
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
    const struct shared *shared = end->shared;

    return atomic_load_explicit(&shared->worker_cpu, memory_order_relaxed) ==
           atomic_load_explicit(&shared->parent_cpu, memory_order_relaxed);
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
    if (has_numbers(end))
        return true;
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

void parent_forget(struct parent_end *end, uint32_t place, uint64_t number)
{
    atomic_store(&end->shared->forgets[place], number);
    atomic_store(&end->shared->forget, 1);
}

bool parent_left(const struct parent_end *end)
{
    return atomic_load(&end->shared->left) != 0;
}

void parent_fault(const struct parent_end *end, struct last_fault *out)
{
    memcpy(out, &end->shared->fault, sizeof(*out));
}
