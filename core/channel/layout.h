/* layout.h - what lies where in a channel's shared memory. Only the files of
 * this folder know it.
 *
 * One memory file for each worker, mapped by the pool ("parent") and by that
 * worker, of fixed size, sealed against resizing:
 *
 *     head | slots | args ring | results ring
 *
 * A slot holds a range: one or more calls of one task that travel together.
 * Its word says how far they are; it is the only thing both sides write, and
 * always by compare-and-swap or by the side whose turn it is:
 *
 *     FREE  -> READY    parent, once arguments and descriptor are in place
 *     READY -> RUNNING  worker, before it runs item 0
 *     RUNNING           worker: `next` + 1 before it runs each further item
 *     RUNNING           parent: a smaller `end` takes back the items not begun
 *     RUNNING -> DONE   worker, when `next` = `end` and all results are out
 *     READY -> TAKEN    parent: the whole range is taken back
 *     DONE  -> FREE     parent, once it has copied the results
 *     TAKEN -> FREE     worker, as it passes by
 *
 * So of a worker that died the parent knows, item by item: items below `next`
 * began, all others did not, and of those that began the ones with a record in
 * the results ring are done.
 *
 * The results ring is a stream of records in the order of execution, published
 * by `results_head`. The worker takes slots in order, one at a time.
 *
 * In a range of numbers (CHANNEL_NUMBERS) a result that is a number is no
 * record: it is written over the first of the item's arguments, and the change
 * of the word that follows, to the next item or to DONE, publishes it. So of
 * those that began all but the last are done. An item that has something else
 * to say has a record, which is published before the word.
 *
 * Sleeping: who is about to sleep says so in its flag, looks once more, then
 * sleeps. Who has changed something looks at the other's flag afterwards. Both
 * are sequentially consistent, so one of the two sees the other.
 */
#ifndef SOPOOL_CHANNEL_LAYOUT_H
#define SOPOOL_CHANNEL_LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

#include "channel/channel.h"

/* What the parent's flag says. */
enum parent_asleep {
    PARENT_AWAKE,
    PARENT_ASLEEP, /* to be woken by each result */
    PARENT_EASY,   /* by each once there is little to run, or much to read */
};

/* Bytes of results that are much to read. */
#define RESULTS_MANY (CHANNEL_RESULTS / 2)

enum slot_state {
    SLOT_FREE,
    SLOT_READY,
    SLOT_RUNNING,
    SLOT_DONE,
    SLOT_TAKEN,
};

/* A slot's word: state in bits 0-7, `next` in 8-35, `end` in 36-63. */
#define WORD_BITS 28
#define WORD_MASK ((UINT64_C(1) << WORD_BITS) - 1)

static inline uint64_t word_of(enum slot_state state, uint32_t next,
                               uint32_t end)
{
    return (uint64_t)state | (uint64_t)next << 8 |
           (uint64_t)end << (8 + WORD_BITS);
}

/* The same word with `next` + 1. */
static inline uint64_t word_step(uint64_t word)
{
    return word + (UINT64_C(1) << 8);
}

static inline uint32_t word_state(uint64_t word)
{
    return (uint32_t)(word & 0xff);
}

static inline uint32_t word_next(uint64_t word)
{
    return (uint32_t)(word >> 8 & WORD_MASK);
}

static inline uint32_t word_end(uint64_t word)
{
    return (uint32_t)(word >> (8 + WORD_BITS) & WORD_MASK);
}

#define ARGS_HERE UINT32_MAX

struct shared_slot {
    _Atomic uint64_t word;
    uint32_t task;
    uint32_t flags;   /* CHANNEL_TIMED and its like */
    uint32_t args_at; /* where in the args ring, or ARGS_HERE */
    uint32_t args_size;
    _Atomic uint64_t busy_ns;    /* the worker's: how long the range took, or
                                    the brief one like it before */
    uint8_t args[CHANNEL_SMALL]; /* so that they come with the word */
};

_Static_assert(sizeof(struct shared_slot) == 64, "one cache line");

struct shared {
    /* Written by the worker. */
    _Alignas(64) _Atomic uint32_t worker_asleep; /* and what it sleeps on */
    _Alignas(64) _Atomic uint64_t results_head;  /* bytes published */
    _Atomic int64_t started_ns; /* when the item that runs began, if timed */
    _Atomic uint32_t left;      /* a thread's last word */
    _Atomic int worker_cpu;     /* where it began its last range */
    struct last_fault fault;    /* a process's */

    /* Written by the parent. */
    _Alignas(64) _Atomic uint64_t results_tail; /* bytes copied out */
    _Atomic uint32_t parent_asleep; /* the worker may set it to PARENT_AWAKE */
    _Atomic uint32_t quit;          /* end when there is nothing to run */
    _Atomic uint32_t stop;          /* every task should end early */
    _Atomic uint64_t stop_item;     /* the task that runs this item should */
    _Atomic int parent_cpu;         /* where the last range was sent */
    _Atomic uint32_t forget;        /* there is something new in: */
    _Atomic uint64_t forgets[CHANNEL_PLACES]; /* the numbers, or 0 */

    _Alignas(64) struct shared_slot slot[CHANNEL_SLOTS];
    _Alignas(4096) uint8_t args[CHANNEL_ARGS];
    _Alignas(4096) uint8_t results[CHANNEL_RESULTS];
};

/* Before each result. Records begin at multiples of RECORD_ALIGN, so that this
 * always fits before the end of the ring. */
struct record_head {
    uint32_t size;  /* of what follows, before padding */
    uint16_t index; /* of the item in its range */
    uint8_t slot;   /* which the range is in */
    uint8_t status; /* RECORD_PAD, or a sopool_code and CHANNEL_BIG_RESULT */
};

enum { RECORD_ALIGN = 8 };
_Static_assert(sizeof(struct record_head) <= RECORD_ALIGN, "a whole record");
_Static_assert(CHANNEL_ITEMS <= UINT16_MAX + 1, "each has an index");

#define RECORD_PAD UINT8_MAX /* nothing up to the end of the ring */

/* An item's name in `stop_item`; never 0. */
static inline uint64_t item_name(uint64_t seq, uint32_t index)
{
    return seq * CHANNEL_ITEMS + index + 1;
}

static inline uint64_t record_space(uint64_t size)
{
    return sizeof(struct record_head) +
           ((size + RECORD_ALIGN - 1) & ~(uint64_t)(RECORD_ALIGN - 1));
}

#endif
