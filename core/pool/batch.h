/* batch.h - calls of one task that were submitted together, their arguments and
 * their outcomes; and ranges of them, which are what is queued and sent.
 *
 * A batch belongs to whoever submitted it (a stream, a result, a blocking call)
 * until that one abandons it; an abandoned batch goes when its last call is
 * settled. What is said to be settled is never written again, so its owner may
 * read it without a lock.
 *
 * Most batches are of one small call, of which there may be millions: what such
 * a call does not need stands apart, in the store.
 */
#ifndef SOPOOL_POOL_BATCH_H
#define SOPOOL_POOL_BATCH_H

#include <stdatomic.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sopool.h"
#include "value/signature.h"

enum outcome_kind {
    OUTCOME_NONE,   /* not settled */
    OUTCOME_SMALL,  /* the result's bytes stand in the outcome itself */
    OUTCOME_VALUE,  /* data: the result's bytes, the batch's */
    OUTCOME_BIG,    /* data: a sopool_value, owned */
    OUTCOME_FAILED, /* data: a struct failure, the batch's or static */
    /* of a call of warm.c alone: */
    OUTCOME_WARM,     /* data: the result's bytes, where the worker may write */
    OUTCOME_RETURNED, /* it had not begun, and is to go another way */
};

enum { OUTCOME_BYTES = 14 }; /* that stand in the outcome itself */

struct outcome {
    union {
        struct {
            uint8_t kind;
            uint8_t small; /* OUTCOME_SMALL: how many bytes follow */
            uint8_t bytes[OUTCOME_BYTES];
        };
        struct {
            uint8_t unused[4];
            uint32_t size; /* OUTCOME_VALUE, OUTCOME_WARM: of data */
            const void *data;
        };
    };
};
_Static_assert(sizeof(struct outcome) == 16, "many of them");

/* A sopool_error without the room that its texts do not need. */
struct failure {
    int code, os_error, pid, signal, exit_status, ended_by;
    const char *message;
};

struct range {
    struct range *next;
    struct batch *batch;
    uint32_t first;
    uint32_t count;
};

/* In place of the size of arguments that stand in the batch's file, or end in a
 * buffer of the program's. */
#define BATCH_SPILLED UINT32_MAX

struct spilled {
    uint64_t offset, size;
    const sopool_buffer *buffer; /* it has these bytes; NULL: the file has */
    const uint8_t *head;         /* and what comes before them: borrowed */
    size_t head_size;
};

/* What a batch has that is not one small call. */
struct batch_store {
    struct buf args; /* as batch_write says, or BATCH_SPILLED and a spilled */
    int file;        /* large arguments, one after the other; -1: none */
    uint64_t file_size;
    struct buf lent;          /* a sopool_buffer * for each that is used */
    bool spilled;             /* some arguments are */
    uint32_t room;            /* calls that there is room for */
    size_t *at;               /* count + 1 places in args; owned */
    const sopool_arg *inputs; /* instead of these, one for each call: borrowed
                                 from who waits for the batch; or NULL */
    const uint64_t *words;    /* the same, of the type `word_type` */
    struct outcome *out;      /* owned */
    uint64_t *numbers; /* or NULL: the results of calls that are settled and
                          whose outcome is OUTCOME_NONE */
    bool owns_numbers; /* else who waits for the batch does */
    uint8_t word_type, number_type;
    sopool_call_info *info; /* what is known of each call; owned, or NULL */
    uint8_t *tries;         /* runs that ended in a crash; owned, NULL: none */
    struct arena arena;     /* of the outcomes */
    uint32_t chunksize;     /* calls that travel together; 0: as it suits */
    bool abandoned;         /* by its owner; under the pool's lock */
    int64_t timeout_ns;     /* of each call; 0: none */

    /* The owner's: of a stream */
    void *owner;
    struct batch *next; /* its list */
    uint64_t base;      /* its number of the first call */
    uint32_t unread;    /* calls whose outcome was not taken */
    /* of a result, final once it is done */
    uint32_t failed;       /* calls that failed */
    uint32_t first_failed; /* the first of them by number */
    uint32_t taken_back;   /* calls that failed because they were cancelled */
    atomic_uint undone;    /* the batch's, for those who ask without the lock */
};

struct batch {
    /* Is told of each call that is settled, with the pool locked; or of several
     * whose results are numbers, the last of which is `index`: without an
     * outcome. */
    void (*settled)(struct batch *batch, uint32_t index,
                    const struct outcome *outcome);
    union {
        struct batch_store *store; /* owned */
        const uint8_t *args; /* of a single, as batch_write says; borrowed */
    };
    struct outcome one; /* a single's */
    struct range whole; /* its first entry in the queue */
    uint32_t task;
    uint32_t count;
    uint32_t undone; /* calls not settled */
    uint8_t level;   /* of the queue */
    uint8_t retries;
    /* Final once it is submitted. */
    bool single : 1;   /* one small call, without a store */
    bool eager : 1;    /* results are checked when they are settled */
    bool many : 1;     /* the owner's: of a map, maybe of one call */
    bool warm : 1;     /* a single whose arguments its worker has: see warm.c */
    uint8_t words : 4; /* numbers that a call has, if it is to be sent as
                          numbers alone; else 0 */
    bool due;          /* the owner's, under the pool's lock: of a result */
};

/* An empty batch with room for `count` calls, in memory of the caller's. -1: no
 * memory. */
int batch_init(struct batch *batch, uint32_t task, uint32_t room);

/* One small call that is ready to be submitted; its arguments stand at `args`:
 * so many words (see value/number.h) or, if that is 0, a uint32_t with their
 * size and then a list. */
static inline void batch_init_single(struct batch *batch, uint32_t task,
                                     const uint8_t *args, uint32_t words)
{
    memset(batch, 0, sizeof(*batch));
    batch->task = task;
    batch->level = SOPOOL_PRIORITY_MAX; /* that of 0 */
    batch->single = batch->eager = true;
    batch->args = args;
    batch->words = words & 0xf;
    batch->count = batch->undone = 1;
    batch->whole = (struct range){.batch = batch, .count = 1};
}

/* Frees what it holds. */
void batch_finish(struct batch *batch);

/* The same two, of memory of its own. NULL: no memory. */
struct batch *batch_new(uint32_t task, uint32_t room);
void batch_free(struct batch *batch);

/* Empties a batch that is done with, to be filled again with calls of the same
 * task. False: it has less room than that, or is not worth keeping. */
bool batch_reset(struct batch *batch, uint32_t room);

/* Adds calls with one argument each, numbers that are encoded only when they
 * are sent; they stay until the batch is done. False, and nothing is done, if
 * one of them is no number. The batch then takes no others. */
bool batch_lend(struct batch *batch, const struct signature *signature,
                const sopool_arg *inputs, uint32_t count);

/* The same for words of the type that a task of one word takes; its results go
 * to `out`, which stays as long. */
void batch_lend_words(struct batch *batch, const struct signature *signature,
                      const uint64_t *inputs, uint32_t count, uint64_t *out);

/* Adds a call: encodes its arguments. */
int batch_add(struct batch *batch, const sopool_args *args, sopool_error *err);

/* How its calls are to be run: in zeros, as the options of the pool say. -1:
 * something is out of range (SOPOOL_E_USAGE). */
struct call_settings {
    int64_t timeout_ms;
    int retries;
    int priority;
    uint32_t chunksize;
};
int batch_set(struct batch *batch, const struct call_settings *settings,
              const sopool_options *options, sopool_error *err);

/* The chunksize that follows; 0: as it suits. */
uint32_t batch_chunk(const struct call_settings *settings,
                     const sopool_options *options);

/* Closes it: no more is added, and it is ready to be submitted. */
void batch_seal(struct batch *batch);

/* Frees the arguments of a batch that is done. */
void batch_drop_args(struct batch *batch);

/* The arguments of some calls, as they are sent: for each a uint32_t size, then
 * its bytes. How many bytes that is at most; and to write them, which gives how
 * many it was. */
size_t batch_room(const struct batch *batch, uint32_t first, uint32_t count);
size_t batch_write(const struct batch *batch, uint32_t first, uint32_t count,
                   uint8_t *to);

/* The same for calls that are sent as numbers: how many of them are written,
 * the first ones, up to one that cannot be. */
uint32_t batch_write_words(const struct batch *batch, uint32_t first,
                           uint32_t count, uint8_t *to);

/* The same of a single, for speed. */
static inline void batch_write_single(const struct batch *batch, uint8_t *to)
{
    for (uint32_t i = 0; i < batch->words; i++, to += sizeof(uint64_t))
        memcpy(to, batch->args + i * sizeof(uint64_t), sizeof(uint64_t));
}

/* The arguments of one call that are not in the file, as a list: how many
 * bytes. There is room for batch_room and NUMBER_LIST. */
size_t batch_write_list(const struct batch *batch,
                        const struct signature *signature, uint32_t index,
                        uint8_t *to);

/* Where the arguments of a call are, if they are not here. */
bool batch_spilled(const struct batch *batch, uint32_t index,
                   struct spilled *where);

/* From now on, what is known of its calls is kept. -1: no memory. */
int batch_detail(struct batch *batch);

/* Bytes that its arguments take. */
uint64_t batch_bytes(const struct batch *batch);

static inline struct outcome *batch_out(struct batch *batch, uint32_t index)
{
    return batch->single ? &batch->one : &batch->store->out[index];
}

/* What is known of a call; NULL: that is not kept. */
static inline sopool_call_info *batch_info(const struct batch *batch,
                                           uint32_t index)
{
    return batch->single || batch->store->info == NULL
               ? NULL
               : &batch->store->info[index];
}

static inline uint32_t batch_chunksize(const struct batch *batch)
{
    return batch->single ? 0 : batch->store->chunksize;
}

static inline int64_t batch_timeout(const struct batch *batch)
{
    return batch->single ? 0 : batch->store->timeout_ns;
}

/* Room that lasts as long as the batch; NULL: no memory. A single has but one
 * piece. */
void *batch_alloc(struct batch *batch, size_t size);

/* An outcome that is a copy of the bytes. -1: no memory. */
int batch_keep(struct batch *batch, const void *data, uint32_t size,
               struct outcome *out);

/* Keeps results that are numbers. */
void batch_keep_numbers(struct batch *batch, uint32_t first, uint32_t count,
                        const void *data);

/* The outcome of a settled call; of one that is a number it is made in `room`.
 */
const struct outcome *batch_outcome(const struct batch *batch, uint32_t index,
                                    struct outcome *room);

/* A number as an outcome. */
void outcome_number(struct outcome *out, int type, uint64_t word);

/* Frees what only this outcome of the batch has. */
void outcome_free(const struct batch *batch, const struct outcome *outcome);

/* The bytes of a result that is not OUTCOME_FAILED. */
static inline const void *outcome_bytes(const struct outcome *outcome,
                                        size_t *size)
{
    switch (outcome->kind) {
    case OUTCOME_SMALL:
        *size = outcome->small;
        return outcome->bytes;
    case OUTCOME_BIG:
        return sopool_value_cbor(outcome->data, size);
    default:
        *size = outcome->size;
        return outcome->data;
    }
}

/* A failure that lasts as long as the batch; never NULL. */
const struct failure *batch_failure(struct batch *batch,
                                    const sopool_error *err);

/* The failure as programs see it. */
void failure_export(const struct failure *failure, const char *task,
                    sopool_error *out);

#endif
