/* channel.c - fuzzes the pool's end of a channel: the bytes are what a hostile
 * worker writes into the shared memory, and what the pool does meanwhile. */
#include "fuzz.h"

#include <string.h>

#include "channel/channel.h"
#include "channel/layout.h"

enum { STEPS = 2000, LONGEST = 64 };

struct run {
    struct parent_end end;
    struct shared *shared;
    struct input in;
    bool broken;      /* the pool has seen it, and uses the channel no more */
    size_t low, high; /* what was written of the shared memory */
};

/* Items that a range is to have and that were answered. */
static uint32_t wanted[CHANNEL_SLOTS], seen[CHANNEL_SLOTS];

static void wrote(struct run *run, size_t from, size_t size)
{
    if (from < run->low)
        run->low = from;
    if (from + size > run->high)
        run->high = from + size;
}

/* The worker: any bytes at any place. Half of the places are of interest. */
static void scribble(struct run *run)
{
    uint8_t *base = (uint8_t *)run->shared;
    size_t at = (size_t)input_number(&run->in, 3) % sizeof(*run->shared);
    size_t size = input_byte(&run->in) % LONGEST + 1;

    if (at % 2 == 0)
        at = at / 2 % offsetof(struct shared, args);
    if (size > sizeof(*run->shared) - at)
        size = sizeof(*run->shared) - at;
    for (size_t i = 0; i < size; i++)
        base[at + i] = input_byte(&run->in);
    wrote(run, at, size);
}

/* The worker: a record that may be right, and its publishing. */
static void answer(struct run *run)
{
    struct shared *shared = run->shared;
    uint64_t head = atomic_load(&shared->results_head);
    uint64_t at = head % CHANNEL_RESULTS & ~(uint64_t)(RECORD_ALIGN - 1);
    struct record_head record = {
        .index = (uint16_t)input_byte(&run->in),
        .slot = input_byte(&run->in) % CHANNEL_SLOTS,
        .status = input_byte(&run->in),
        .size = (uint32_t)input_number(&run->in, 2) * 2,
    };

    if (at + sizeof(record) > CHANNEL_RESULTS)
        return;
    memcpy(shared->results + at, &record, sizeof(record));
    wrote(run, offsetof(struct shared, results) + at, sizeof(record));
    atomic_store(&shared->results_head, head + record_space(record.size));
}

/* The worker: a slot's word that may be right. */
static void set_word(struct run *run)
{
    uint8_t slot = input_byte(&run->in) % CHANNEL_SLOTS;
    uint8_t state = input_byte(&run->in) % 6;
    uint32_t next = (uint32_t)input_byte(&run->in);
    uint32_t end = (uint32_t)input_byte(&run->in);

    atomic_store(&run->shared->slot[slot].word,
                 word_of((enum slot_state)state, next, end));
}

static bool is_room(const struct run *run, const uint8_t *room, size_t size)
{
    const struct shared *shared = run->shared;

    if (room == run->end.small)
        return size <= CHANNEL_SMALL;
    return room >= shared->args &&
           size <= (size_t)(shared->args + CHANNEL_ARGS - room);
}

static void send(struct run *run)
{
    uint32_t count = input_byte(&run->in) % 200 + 1;
    uint32_t words = input_byte(&run->in) % 4;
    size_t size = words > 0 ? count * words * sizeof(uint64_t)
                            : (size_t)input_number(&run->in, 2) * 3;
    uint8_t *room = parent_room(&run->end, size);
    uint64_t seq;

    if (room == NULL)
        return;
    must(is_room(run, room, size));
    if (size > 0) {
        room[0] = room[size - 1] = 1;
        if (room != run->end.small)
            wrote(run, (size_t)(room - (uint8_t *)run->shared), size);
    }
    seq =
        parent_send(&run->end, 0, count, words > 0 ? CHANNEL_NUMBERS : 0, size);
    wanted[seq % CHANNEL_SLOTS] = count;
    seen[seq % CHANNEL_SLOTS] = 0;
}

static volatile uint8_t touched;

static void touch(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        touched ^= data[i];
}

static void touch_record(const struct run *run, const struct record *record)
{
    const uint8_t *data = record->data;

    must(record->size <= CHANNEL_RECORD);
    must(data >= run->shared->results);
    must(data + record->size <= run->shared->results + CHANNEL_RESULTS);
    touch(data, record->size);
}

static void touch_numbers(const struct run *run, const struct record *record)
{
    const struct shared *shared = run->shared;
    const uint8_t *data = record->data;
    size_t size = (size_t)record->numbers * record->size;

    must(record->size >= sizeof(uint64_t));
    must((data >= shared->args && data + size <= shared->args + CHANNEL_ARGS) ||
         (data >= shared->slot[record->seq % CHANNEL_SLOTS].args &&
          data + size <=
              shared->slot[record->seq % CHANNEL_SLOTS].args + CHANNEL_SMALL));
    touch(data, size);
}

static void read_one(struct run *run)
{
    struct record record;
    const char *why = NULL;
    int got = parent_read(&run->end, &record, &why);

    must((got == -1) == (why != NULL));
    run->broken = got < 0;
    if (got != 1)
        return;
    must(record.seq < run->end.sent && record.seq >= run->end.retired);
    must(record.index == seen[record.seq % CHANNEL_SLOTS]);
    seen[record.seq % CHANNEL_SLOTS] += record.numbers > 0 ? record.numbers : 1;
    must(seen[record.seq % CHANNEL_SLOTS] <=
         wanted[record.seq % CHANNEL_SLOTS]);
    if (record.numbers > 0)
        touch_numbers(run, &record);
    else
        touch_record(run, &record);
    parent_read_done(&run->end);
}

static void retire(struct run *run)
{
    const char *why = NULL;
    uint64_t seq;
    int got = parent_retire(&run->end, &seq, &why);

    must((got == -1) == (why != NULL));
    run->broken = got < 0;
    if (got == 1)
        /* No call is given up that was not answered. */
        must(seen[seq % CHANNEL_SLOTS] == wanted[seq % CHANNEL_SLOTS]);
}

static void take(struct run *run)
{
    uint64_t seq = run->end.retired + input_byte(&run->in) % CHANNEL_SLOTS;
    enum take how = (enum take)(input_byte(&run->in) % 3);
    uint32_t count = parent_take(&run->end, seq, how);

    must(count <= wanted[seq % CHANNEL_SLOTS]);
    if (count == 0)
        return;
    wanted[seq % CHANNEL_SLOTS] -= count;
    must(seen[seq % CHANNEL_SLOTS] <= wanted[seq % CHANNEL_SLOTS]);
}

static void look(struct run *run)
{
    for (uint64_t seq = run->end.retired; seq < run->end.sent; seq++) {
        uint32_t begun = parent_begun(&run->end, seq);

        if (run->end.range[seq % CHANNEL_SLOTS].taken)
            continue;
        must(begun >= seen[seq % CHANNEL_SLOTS]);
        must(begun <= wanted[seq % CHANNEL_SLOTS]);
    }
    (void)parent_sleep(&run->end);
    parent_awake(&run->end);
    parent_wake(&run->end);
    (void)parent_started(&run->end);
}

static void step(struct run *run)
{
    switch (input_byte(&run->in) % 8) {
    case 0:
        scribble(run);
        break;
    case 1:
        answer(run);
        break;
    case 2:
        set_word(run);
        break;
    case 3:
        send(run);
        break;
    case 4:
        read_one(run);
        break;
    case 5:
        retire(run);
        break;
    case 6:
        take(run);
        break;
    default:
        look(run);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct shared *shared;
    struct run run = {.in = {data, size}, .low = SIZE_MAX};
    struct last_fault fault;

    if (shared == NULL)
        shared = aligned_alloc(4096, (sizeof(*shared) + 4095) & ~4095UL);
    if (shared == NULL)
        return 0;
    memset(shared, 0, offsetof(struct shared, args));
    run.shared = shared;
    parent_init(&run.end, shared);
    for (int i = 0; i < STEPS && run.in.left > 0 && !run.broken; i++)
        step(&run);
    parent_fault(&run.end, &fault);
    /* Each run begins with the same memory. */
    if (run.low < run.high)
        memset((uint8_t *)shared + run.low, 0, run.high - run.low);
    return 0;
}
