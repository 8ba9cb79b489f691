/* batch.c - see batch.h. */
#include "pool/batch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "channel/channel.h"
#include "pool/options.h"
#include "value/args.h"
#include "worker/message.h"

struct batch *batch_new(uint32_t task, uint32_t room)
{
    struct batch *batch = calloc(1, sizeof(*batch));

    if (batch == NULL)
        return NULL;
    batch->task = task;
    batch->file = -1;
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
    batch_drop_args(batch);
    free(batch->tries);
    free(batch->out);
    free(batch);
}

/* ---- large arguments --------------------------------------------------- */

/* Each begins on a page, so that a worker can map it alone. */
enum { SPILL_ALIGN = 65536, SPILL_ABOVE = CHANNEL_INLINE - 1024 };

/* The file, with its offset where the next arguments go. */
static int spill_begin(struct batch *batch, uint64_t *offset, sopool_error *err)
{
    *offset = (batch->file_size + SPILL_ALIGN - 1) / SPILL_ALIGN * SPILL_ALIGN;
    if (batch->file < 0)
        batch->file = fd_high(
            memfd_create("sopool-args", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (batch->file < 0 ||
        lseek(batch->file, (off_t)*offset, SEEK_SET) != (off_t)*offset)
        return error_errno(err, "cannot make a file for large arguments");
    return 0;
}

/* Notes where they are, in place of the arguments. */
static int spill_end(struct batch *batch, uint64_t offset, uint64_t size,
                     sopool_error *err)
{
    const struct spilled where = {offset, size};
    const uint32_t mark = BATCH_SPILLED;
    size_t before = batch->args.size;

    if (buf_add(&batch->args, &mark, sizeof(mark)) != 0 ||
        buf_add(&batch->args, &where, sizeof(where)) != 0) {
        batch->args.size = before;
        return error_nomem(err);
    }
    batch->file_size = offset + size;
    return 0;
}

static int spill(struct batch *batch, const sopool_args *args,
                 sopool_error *err)
{
    uint64_t offset, size;

    if (spill_begin(batch, &offset, err) != 0 ||
        args_write(args, batch->file, &size, err) != 0)
        return -1;
    return spill_end(batch, offset, size, err);
}

bool batch_spilled(const struct batch *batch, uint32_t index,
                   struct spilled *where)
{
    const uint8_t *at = batch->args.data + batch->at[index];
    uint32_t size;

    if (batch->file < 0)
        return false;
    memcpy(&size, at, sizeof(size));
    if (size != BATCH_SPILLED)
        return false;
    memcpy(where, at + sizeof(size), sizeof(*where));
    return true;
}

uint64_t batch_bytes(const struct batch *batch)
{
    return batch->args.size + batch->file_size;
}

/* ---- calls ------------------------------------------------------------- */

static int add_inline(struct batch *batch, const sopool_args *args,
                      sopool_error *err)
{
    size_t before = batch->args.size;
    uint32_t size = 0;

    if (buf_add(&batch->args, &size, sizeof(size)) != 0)
        return error_nomem(err);
    if (args_encode(args, &batch->args, err) != 0) {
        batch->args.size = before;
        return -1;
    }
    size = (uint32_t)(batch->args.size - before - sizeof(size));
    memcpy(batch->args.data + before, &size, sizeof(size));
    return 0;
}

int batch_add(struct batch *batch, const sopool_args *args, sopool_error *err)
{
    /* So many numbers take more room than that, too. */
    bool large = args_payload(args) + args->count * 9 > SPILL_ABOVE;

    if ((large ? spill : add_inline)(batch, args, err) != 0)
        return -1;
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
    if (batch->file >= 0)
        (void)close(batch->file);
    batch->file = -1;
}

void batch_seal(struct batch *batch)
{
    /* Workers get the file: none may change what another is to read. */
    if (batch->file >= 0)
        (void)fcntl(batch->file, F_ADD_SEALS,
                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    batch->undone = batch->unread = batch->count;
    batch->whole = (struct range){.batch = batch, .count = batch->count};
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
