/* batch.h - calls of one task that were submitted together, their arguments and
 * their outcomes; and ranges of them, which are what is queued and sent.
 *
 * A batch belongs to whoever submitted it (a stream, a blocking call) until
 * that one abandons it; an abandoned batch goes when its last call is settled.
 * What is said to be settled is never written again, so its owner may read it
 * without a lock.
 */
#ifndef SOPOOL_POOL_BATCH_H
#define SOPOOL_POOL_BATCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "sopool.h"

enum outcome_kind {
    OUTCOME_NONE,   /* not settled */
    OUTCOME_VALUE,  /* data: the result's bytes, in the arena */
    OUTCOME_BIG,    /* data: a sopool_value, owned */
    OUTCOME_FAILED, /* data: a struct failure, in the arena or static */
};

struct outcome {
    const void *data;
    size_t size;
    int kind;
};

/* A sopool_error without the room that its texts do not need; the message lies
 * in the batch's arena or is static. */
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

/* In place of the size of arguments that stand in the batch's file. */
#define BATCH_SPILLED UINT32_MAX

struct spilled {
    uint64_t offset, size;
};

struct batch {
    /* Is told of each call that is settled, with the pool locked. */
    void (*settled)(struct batch *batch, uint32_t index);
    void *owner;
    struct batch *next; /* the owner's list */
    uint64_t base;      /* the owner's number of the first call */
    uint32_t task;
    uint32_t count;
    uint32_t undone;    /* calls not settled */
    uint32_t unread;    /* the owner's: calls whose outcome was not taken */
    uint32_t chunksize; /* calls that travel together; 0: as it suits */
    uint32_t level;     /* of the queue */
    uint32_t retries;
    int64_t timeout_ns; /* of each call; 0: none */
    bool eager;         /* results are checked when they are settled */
    bool abandoned;
    struct buf args; /* for each call a uint32_t size, then its bytes, or
                        BATCH_SPILLED and a struct spilled */
    int file;        /* large arguments, one after the other; -1: none */
    uint64_t file_size;
    size_t *at;          /* count + 1 places in args; owned */
    struct outcome *out; /* owned */
    uint8_t *tries;      /* runs that ended in a crash; owned, NULL: none */
    struct arena arena;  /* of the outcomes */
    struct range whole;  /* its first entry in the queue */
};

/* An empty batch with room for `count` calls. NULL: no memory. */
struct batch *batch_new(uint32_t task, uint32_t room);
void batch_free(struct batch *batch);

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

/* Closes it: no more is added, and it is ready to be submitted. */
void batch_seal(struct batch *batch);

/* Frees the arguments of a batch that is done. */
void batch_drop_args(struct batch *batch);

/* Where the arguments of a call are, if they are in the file. */
bool batch_spilled(const struct batch *batch, uint32_t index,
                   struct spilled *where);

/* Bytes that its arguments take. */
uint64_t batch_bytes(const struct batch *batch);

/* A failure in the batch's arena; never NULL. */
const struct failure *batch_failure(struct batch *batch,
                                    const sopool_error *err);

/* The failure as programs see it. */
void failure_export(const struct failure *failure, const char *task,
                    sopool_error *out);

#endif
