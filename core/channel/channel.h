/* channel.h - the shared memory between the pool and one worker: requests one
 * way, results the other. It moves bytes and knows nothing of tasks.
 *
 * A channel has two ends. `struct parent_end` (parent.c) is the pool's, and
 * trusts nothing that it reads: every descriptor is copied out and checked, and
 * a worker that breaks the protocol is told apart from one that is slow.
 * `struct worker_end` (worker.c) is the worker's, and trusts the pool.
 * Each end is for one thread at a time.
 *
 * A channel may also lie in ordinary memory, between two threads.
 */
#ifndef SOPOOL_CHANNEL_CHANNEL_H
#define SOPOOL_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sopool.h"

enum {
    CHANNEL_SLOTS = 64,
    CHANNEL_ARGS = 256 * 1024,
    CHANNEL_RESULTS = 256 * 1024,
    /* What is larger than this travels in a memory file of its own. */
    CHANNEL_INLINE = 64 * 1024,
    CHANNEL_SMALL = 32, /* has room beside its range's word */
    /* Most items of a range. */
    CHANNEL_ITEMS = 1 << 16,
};

/* Flags of a range. */
#define CHANNEL_TIMED 1u /* the worker notes when each item begins */
#define CHANNEL_BIG                                                            \
    2u /* one item; its arguments come in a memory file, and                   \
          are where the range's bytes say */

#define CHANNEL_WARM                                                           \
    4u /* one item; its arguments stand in memory that both sides keep, and    \
          so may its result; the bytes are a number of it, and their size */

#define CHANNEL_NUMBERS                                                        \
    8u /* the bytes are uint64_t alone, as many for each item; the first of    \
          an item is overwritten by its result, which is one, too */

#define CHANNEL_LENT                                                           \
    16u /* one item; its arguments end in memory of the program's that the     \
           worker keeps, or gets, in one of some places; the bytes say in      \
           which */
enum { CHANNEL_PLACES = 4 };

#define CHANNEL_DETAILED 32u /* each record ends with a struct item_detail */

/* What the worker says of an item that it ran. */
struct item_detail {
    int64_t started;  /* monotonic, in nanoseconds; 0: it was not run */
    int64_t duration; /* in nanoseconds */
    int64_t cpu;      /* the same, of processors */
    uint64_t peak;    /* the most memory that the worker ever had, in KiB */
};

/* What a record has at most. */
#define CHANNEL_RECORD (CHANNEL_INLINE + sizeof(struct item_detail))

/* A record's status: the result stands in that memory; the record's bytes are
 * two uint64_t, where in it and how many bytes. */
#define CHANNEL_WARM_RESULT 0x40u

/* A record's status: the result comes in a memory file; the record's bytes are
 * two uint64_t, where in the file and how many bytes. */
#define CHANNEL_BIG_RESULT 0x80u

struct shared;

enum { FAULT_FRAMES = 24, FAULT_MODULE = 24 };

/* A place in code. */
struct fault_frame {
    uint32_t plugin;           /* the pool's number; UINT32_MAX: in none */
    char module[FAULT_MODULE]; /* the file's name, cut; "": in no file */
    uint64_t offset; /* in that file as it was linked, or the address */
};

/* What a worker notes of the fault that ends it. */
struct last_fault {
    int32_t signal;   /* 0: nothing was noted */
    int32_t code;     /* si_code */
    int32_t sender;   /* the process that sent the signal, or 0 */
    uint32_t depth;   /* how many frames follow, the innermost first */
    uint64_t address; /* that it was about */
    uint64_t stack;   /* where the stack pointer was */
    struct fault_frame frame[FAULT_FRAMES];
};

/* Makes the shared memory: the parent's mapping of it, and a descriptor for
 * the worker, which is the caller's to close. */
int channel_create(struct shared **shared, int *fd, sopool_error *err);

/* Maps a channel from its descriptor, in the worker. */
int channel_attach(struct shared **shared, int fd, sopool_error *err);

/* Unmaps. NULL is fine. */
void channel_unmap(struct shared *shared);

/* ---- the parent's end -------------------------------------------------- */

/* What the parent knows of a range that it has sent. */
struct sent_range {
    uint32_t end;      /* items that the worker is to run */
    uint32_t answered; /* items whose result was read */
    bool taken;        /* taken back whole */
    uint8_t words;     /* CHANNEL_NUMBERS: of an item; else 0 */
    const uint8_t *at; /* its arguments, in shared memory */
    uint64_t args_end; /* of them, in bytes ever sent */
};

struct parent_end {
    struct shared *shared; /* owned mapping */
    uint64_t sent;         /* ranges ever sent: the next one's seq */
    uint64_t retired;      /* ranges whose slots are free again */
    uint64_t reading;      /* the range whose results come next */
    uint64_t args_head;    /* bytes of arguments ever sent */
    uint64_t room;         /* where parent_room gave room */
    size_t room_size;      /* and how much */
    int cpu;               /* where the last range was sent from */
    uint64_t args_tail;    /* bytes of them that may be overwritten */
    uint64_t results_tail; /* bytes of results read */
    uint64_t results_told; /* of these, what the worker knows of */
    uint64_t results_head; /* bytes of results known to be published */
    uint64_t answers;      /* results ever read */
    uint64_t record_space; /* of the record that parent_read gave, or 0 */
    uint32_t record_count; /* and how many results that was */
    struct sent_range range[CHANNEL_SLOTS]; /* by seq % CHANNEL_SLOTS */
    /* Room for a little: it goes to the slot with all that belongs there. */
    _Alignas(8) uint8_t small[CHANNEL_SMALL];
};

/* One result, copied out of shared memory but for its bytes; or the results of
 * several items, one behind the other, that are numbers. */
struct record {
    uint64_t seq;
    uint32_t index;
    uint32_t status;  /* see CHANNEL_BIG_RESULT */
    const void *data; /* in shared memory: copy, then check */
    uint32_t size;
    uint32_t numbers; /* 0, or how many there are: at `data`, as a uint64_t
                         each, every `size` bytes */
};

void parent_init(struct parent_end *end, struct shared *shared);

/* Contiguous room for a range's arguments, or NULL while there is no slot or
 * no room. Nothing is sent before parent_send. */
void *parent_room(struct parent_end *end, size_t size);

/* Sends the range whose arguments, `size` bytes and no more than were asked
 * for, were written to the memory that parent_room gave last: for each of the
 * `count` items a uint32_t with its size, then its bytes, without padding.
 * Returns its seq. */
uint64_t parent_send(struct parent_end *end, uint32_t task, uint32_t count,
                     uint32_t flags, size_t size);

/* Wakes the worker if it sleeps; after sending or after reading results. */
void parent_wake(struct parent_end *end);

/* The next result: 1, 0 when there is none now, -1 when the worker broke the
 * protocol; `why` is then a static text. Call parent_read_done when its bytes
 * have been copied. */
int parent_read(struct parent_end *end, struct record *out, const char **why);
void parent_read_done(struct parent_end *end);

/* Whether there is something to read, for who waits for the first item of a
 * range: what was seen when it was looked for last. To make one, and to see
 * whether something was published since, which is a hint; the latter in another
 * thread, too, if it has kept the end from going away. */
struct parent_seen {
    const struct shared *shared;
    uint64_t results;  /* bytes read */
    uint64_t seq;      /* of the range */
    uint32_t answered; /* of its items, if they are numbers; else UINT32_MAX */
};
struct parent_seen parent_see(const struct parent_end *end, uint64_t seq);
bool parent_news(const struct parent_seen *seen);

/* Frees the slot of the oldest range if that is finished with: 1 and its seq,
 * 0, or -1 and `why` when the worker broke the protocol. */
int parent_retire(struct parent_end *end, uint64_t *seq, const char **why);

/* Takes back items that have not begun from the end of a range: all of a range
 * that has not begun itself, or of one that has the latter half of them or all.
 * Returns how many, from item range.end on. */
enum take { TAKE_WHOLE, TAKE_HALF, TAKE_REST };
uint32_t parent_take(struct parent_end *end, uint64_t seq, enum take take);

/* How many items of a range the worker has begun, as far as it can be believed:
 * at least those answered, at most `end`. Once the worker is dead this is
 * final. */
uint32_t parent_begun(const struct parent_end *end, uint64_t seq);

/* When the running item began, by the worker's word (timed ranges only). */
int64_t parent_started(const struct parent_end *end);

/* How long the worker says that the range took, in nanoseconds. A hint. */
uint64_t parent_busy(const struct parent_end *end, uint64_t seq);

/* Does the worker, as far as is known, have the processor that the last range
 * was sent from? To spin there would keep it from answering. A hint. */
bool parent_shares_cpu(const struct parent_end *end);

/* Asks to be woken by the worker (sleep true). Returns true when there is
 * something to read or to retire already, and the parent must not sleep. */
bool parent_sleep(struct parent_end *end);

/* The same, but to be woken only when the worker begins the last range that it
 * has, or has much to be read. True, too, when it has less than two that it has
 * not begun. */
bool parent_sleep_easy(struct parent_end *end);
void parent_awake(struct parent_end *end);

/* Tells the worker to end once it has run what was sent; and the same to one
 * that is awake, or will be woken. */
void parent_quit(struct parent_end *end);
void parent_last(struct parent_end *end);

/* Raises the flag that tasks read: for all from now on, or for that item if it
 * is running still. */
void parent_stop(struct parent_end *end);
void parent_stop_item(struct parent_end *end, uint64_t seq, uint32_t index);

/* Asks the worker to let go of what it has in a place, if that has the number.
 * Wake it afterwards. */
void parent_forget(struct parent_end *end, uint32_t place, uint64_t number);

/* What a dead worker noted of its end. Its words, not to be believed. */
void parent_fault(const struct parent_end *end, struct last_fault *out);

/* Has a worker that is a thread left? What it did is then seen by this one. */
bool parent_left(const struct parent_end *end);

/* ---- the worker's end -------------------------------------------------- */

struct worker_end {
    struct shared *shared;    /* owned mapping */
    uint64_t seq;             /* the range to run next, or that runs */
    struct shared_slot *slot; /* of the one that runs */
    uint32_t item;            /* of it, that runs */
    int cpu;                  /* where it ran last */
    bool passed;              /* over ranges that were taken back */
    bool brief;               /* the last range was one brief call */
    uint32_t last_task;       /* of this task */
    uint64_t last_ns;         /* and took so long */
    uint64_t results_head;    /* bytes of results published */
    size_t reserved;          /* bytes reserved behind them, without the head */
    const struct item_detail *detail; /* of a detailed range, or NULL */
    /* Rings the parent: it sleeps and there is something to read. */
    void (*ring)(void *ctx);
    void *ctx;
};

/* A range that the worker runs. */
struct range_view {
    uint64_t seq;
    uint32_t task;
    uint32_t flags;
    uint8_t *args; /* as parent_send says */
    size_t size;
};

void worker_init(struct worker_end *end, struct shared *shared,
                 void (*ring)(void *ctx), void *ctx);

/* Looks for a while, without sleeping, whether there is a range or an end, and
 * says what time it was when it looked last. */
bool worker_look(struct worker_end *end, int64_t *now);

/* Has the parent said that there is nothing more to run, and is that so? */
bool worker_ends(const struct worker_end *end);

/* Waits for the next range and begins its item 0: 1, or 0 to quit; or 2 when
 * there is something to forget, before the next range; or 3 when ranges were
 * passed over that were taken back, before it waits. */
int worker_next(struct worker_end *end, struct range_view *out);

/* The number of what is to be forgotten if it is in that place; 0: nothing. */
uint64_t worker_forgets(const struct worker_end *end, uint32_t place);

/* After an item was answered: worker_more, see more.h. */

/* Notes the time for a timed range. */
void worker_began(struct worker_end *end, int64_t now);

/* Room for a result of `size` bytes at most CHANNEL_INLINE, in the ring; waits
 * for the parent to make room. Again for the same item: more or less room, the
 * bytes are kept. */
void *worker_reserve(struct worker_end *end, size_t size);

/* Publishes a record: `size` bytes from `data`, which lies in what was
 * reserved last (it is moved to the front if it has to be) or anywhere else
 * (it is copied). At most CHANNEL_INLINE bytes. */
void worker_answer(struct worker_end *end, uint32_t index, uint32_t status,
                   const void *data, size_t size);

bool worker_should_stop(const struct worker_end *end);

/* Where a signal handler writes down what the pool is to see of a fault. */
struct last_fault *worker_fault(struct shared *shared);

/* A worker that is a thread uses nothing of its pool's after this. */
void worker_leave(struct shared *shared);

#endif
