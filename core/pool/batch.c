/* batch.c - see batch.h. */
#include "pool/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "pool/options.h"
#include "value/args.h"

struct batch *batch_new(uint32_t task, uint32_t room)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (batch == NULL)
        return NULL;
    batch->task = task;
    batch->at = malloc(((size_t)room + 1) * sizeof(*batch->at));
    batch->out = calloc((size_t)room + 1, sizeof(*batch->out));
    if (batch->at == NULL || batch->out == NULL) {
        batch_free(batch);
        return NULL;
    }
    batch->at[0] = 0;
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    for (uint32_t i = 0; i < batch->count; i++)
        if (batch->out[i].kind == OUTCOME_BIG)
            sopool_value_free((sopool_value *)(uintptr_t)batch->out[i].data);
    arena_finish(&batch->arena);
    buf_finish(&batch->args);
    free(batch->tries);
    free(batch->out);
    free(batch->at);
    free(batch);
}

int batch_add(struct batch *batch, const sopool_args *args, sopool_error *err)
{
    size_t before = batch->args.size;
    uint32_t size = 0;
    size_t bytes;

    if (buf_add(&batch->args, &size, sizeof(size)) != 0)
        return error_nomem(err);
    if (args_encode(args, &batch->args, err) != 0) {
        batch->args.size = before;
        return -1;
    }
    bytes = batch->args.size - before - sizeof(size);
    size = bytes > UINT32_MAX ? 0 : (uint32_t)bytes;
    memcpy(batch->args.data + before, &size, sizeof(size));
    batch->at[++batch->count] = batch->args.size;
    return 0;
}

int batch_set(struct batch *batch, const struct call_settings *settings,
              const sopool_options *options, sopool_error *err)
{
    if (settings->priority < SOPOOL_PRIORITY_MIN ||
        settings->priority > SOPOOL_PRIORITY_MAX)
        return error_set(
            err, SOPOOL_E_USAGE, "a call's priority is %d to %d, not %d",
            SOPOOL_PRIORITY_MIN, SOPOOL_PRIORITY_MAX, settings->priority);
    batch->level = (uint32_t)(SOPOOL_PRIORITY_MAX - settings->priority);
    batch->chunksize =
        settings->chunksize != 0 ? settings->chunksize : options->chunksize;
    batch->timeout_ns = options->timeout_ns;
    if (settings->timeout_ms < 0)
        batch->timeout_ns = 0;
    else if (settings->timeout_ms > 0)
        batch->timeout_ns = settings->timeout_ms > INT64_MAX / NS_PER_MS
                                ? INT64_MAX
                                : settings->timeout_ms * NS_PER_MS;
    batch->retries = options->retries;
    if (settings->retries != 0)
        batch->retries =
            settings->retries < 0 ? 0 : (uint32_t)settings->retries;
    /* They are counted in bytes. */
    if (batch->retries > RETRIES_MAX)
        batch->retries = RETRIES_MAX;
    return 0;
}

void batch_drop_args(struct batch *batch)
{
    buf_finish(&batch->args);
    free(batch->at);
    batch->at = NULL;
}

void batch_seal(struct batch *batch)
{
    batch->undone = batch->unread = batch->count;
    batch->whole = (struct range){.batch = batch, .count = batch->count};
}

const uint8_t *batch_args(const struct batch *batch, uint32_t index,
                          size_t *size)
{
    size_t from = batch->at[index] + sizeof(uint32_t);

    *size = batch->at[index + 1] - from;
    return batch->args.data + from;
}

static const struct failure no_memory = {
    .code = SOPOOL_E_NOMEM,
    .exit_status = -1,
    .message = "out of memory",
};

const struct failure *batch_failure(struct batch *batch,
                                    const sopool_error *err)
{
    size_t size = strlen(err->message) + 1;
    struct failure *failure = arena_alloc(&batch->arena, sizeof(*failure));
    char *message = arena_alloc(&batch->arena, size);

    if (failure == NULL || message == NULL)
        return &no_memory;
    *failure = (struct failure){
        .code = err->code,
        .os_error = err->os_error,
        .pid = err->pid,
        .signal = err->signal,
        .exit_status = err->exit_status,
        .ended_by = err->ended_by,
        .message = message,
    };
    memcpy(message, err->message, size);
    return failure;
}

void failure_export(const struct failure *failure, const char *task,
                    sopool_error *out)
{
    (void)error_set(out, failure->code, "%s", failure->message);
    out->os_error = failure->os_error;
    out->pid = failure->pid;
    out->signal = failure->signal;
    out->exit_status = failure->exit_status;
    out->ended_by = failure->ended_by;
    (void)strncpy(out->task, task, sizeof(out->task) - 1);
}
