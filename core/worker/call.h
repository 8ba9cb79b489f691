/* call.h - one call while it runs: the host that a task sees.
 *
 * A result goes where the pool will read it: into the channel's ring, into a
 * memory file when it is large, or into the heap for the calls that have no
 * channel (load hooks, initializers).
 */
#ifndef SOPOOL_WORKER_CALL_H
#define SOPOOL_WORKER_CALL_H

#include <string.h>

#include <sopool/abi.h>

#include "channel/channel.h"
#include "worker/chaos.h"
#include "worker/tasks.h"

struct scratch;

struct call {
    sopool_call abi;        /* first: what the task is handed */
    struct worker_end *end; /* NULL: no channel, results go to the heap */
    const char *name;       /* "plugin.task" or the like, for the log */
    int control;            /* where memory files are sent */

    uint8_t *warm; /* for a large result of this call (warm.h), or NULL */
    size_t warm_room;

    uint8_t *space; /* reserved for the result */
    size_t room;
    uint8_t *heap; /* owned: `space` without a channel */
    int file;      /* owned: the memory file under `space`, or -1 */

    const uint8_t *start; /* the result, inside `space`, or NULL */
    size_t size;

    struct chaos_state chaos;
    struct scratch *scratch; /* owned list */
    bool used;               /* there is something to forget */
    bool failed;
    char reason[1024];
    size_t reason_size;
};

void call_init(struct call *call, struct worker_end *end, int control);

/* Runs a task with arguments that are a CBOR array. 0: the call's result is
 * set; else a sopool_code, and the reason is set. */
int call_run(struct call *call, const struct task *task, const uint8_t *args,
             size_t size);

/* What has become of a call whose task has returned: as call_run. */
int call_outcome(struct call *call, int32_t returned);

/* As call_run_numbers, by way of a list: for a plugin that was built before
 * there was another. */
bool call_run_listed(struct call *call, const struct task *task,
                     uint8_t *numbers, int *code);

/* The same for a task whose arguments are `task->signature.words` numbers. Its
 * result is a number, which is written over the first of them: true, and there
 * is nothing else to be answered; or, if it failed, false, with `code` as above
 * for call_answer. */
static inline bool call_run_numbers(struct call *call, const struct task *task,
                                    uint8_t *numbers, int *code)
{
    uint64_t out = 0;
    int32_t returned;

    if (task->direct == NULL)
        return call_run_listed(call, task, numbers, code);
    returned = task->direct(&call->abi, (const void *)numbers, &out);
    if (returned == SOPOOL_OK && !call->failed) {
        memcpy(numbers, &out, sizeof(out));
        return true;
    }
    *code = call_outcome(call, returned);
    return false;
}

/* Runs a load hook: the same as call_run. */
int call_hook(struct call *call, int32_t (*hook)(sopool_call *call));

/* Sends the outcome of call_run as the range's item `index`. */
void call_answer(struct call *call, uint32_t index, int code);

/* Forgets result, reason and scratch, for the next call. */
void call_forget(struct call *call);

/* The same if there is something. */
static inline void call_reset(struct call *call)
{
    if (call->used)
        call_forget(call);
}

#endif
