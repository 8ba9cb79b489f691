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
#include "value/number.h"
#include "value/buffer.h"
#include "worker/message.h"

static struct batch_store *store_new(uint32_t room)
{
    struct batch_store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->file = -1;
    store->room = room;
    store->first_failed = UINT32_MAX;
    store->at = malloc(((size_t)room + 1) * sizeof(*store->at));
    store->out = calloc((size_t)room + 1, sizeof(*store->out));
    if (store->at != NULL && store->out != NULL) {
        store->at[0] = 0;
        return store;
    }
    free(store->at);
    free(store->out);
    free(store);
    return NULL;
}

int batch_init(struct batch *batch, uint32_t task, uint32_t room)
{
    memset(batch, 0, sizeof(*batch));
    batch->task = task;
    batch->store = store_new(room);
    return batch->store != NULL ? 0 : -1;
}

struct batch *batch_new(uint32_t task, uint32_t room)
{
    struct batch *batch = malloc(sizeof(*batch));

    if (batch != NULL && batch_init(batch, task, room) == 0)
        return batch;
    free(batch);
    return NULL;
}

static void drop_lent(struct batch_store *store)
{
    const sopool_buffer *buffer;

    for (size_t at = 0; at < store->lent.size; at += sizeof(buffer)) {
        memcpy(&buffer, store->lent.data + at, sizeof(buffer));
        buffer_unref(buffer);
    }
    buf_finish(&store->lent);
    store->spilled = false;
}

/* Larger ones come seldom. */
enum { KEPT_BYTES = 256 * 1024 };

bool batch_reset(struct batch *batch, uint32_t room)
{
    struct batch_store *store = batch->store;
    uint32_t task = batch->task;

    if (store->room < room || store->file >= 0 || store->at == NULL ||
        store->args.cap > KEPT_BYTES)
        return false;
    for (uint32_t i = 0; i < batch->count; i++)
        outcome_free(batch, &store->out[i]);
    memset(store->out, 0, batch->count * sizeof(*store->out));
    arena_reset(&store->arena);
    free(store->tries);
    free(store->info);
    store->tries = NULL;
    store->info = NULL;
    store->args.size = 0;
    drop_lent(store);
    store->failed = store->taken_back = 0;
    store->first_failed = UINT32_MAX;
    memset(batch, 0, sizeof(*batch));
    batch->store = store;
    batch->task = task;
    return true;
}

static const struct failure no_memory = {
    .code = SOPOOL_E_NOMEM,
    .exit_status = -1,
    .message = "out of memory",
};

void outcome_free(const struct batch *batch, const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_BIG)
        sopool_value_free((sopool_value *)(uintptr_t)outcome->data);
    else if (batch->single &&
             (outcome->kind == OUTCOME_VALUE ||
              outcome->kind == OUTCOME_FAILED) &&
             outcome->data != &no_memory)
        free((void *)(uintptr_t)outcome->data);
}

void batch_finish(struct batch *batch)
{
    struct batch_store *store = batch->store;

    if (batch->single) {
        outcome_free(batch, &batch->one);
        return;
    }
    /* With numbers there is none that has something; they are not looked at,
     * because that alone would give them memory. */
    for (uint32_t i = 0; store->numbers == NULL && i < batch->count; i++)
        outcome_free(batch, &store->out[i]);
    if (store->owns_numbers)
        free(store->numbers);
    arena_finish(&store->arena);
    batch_drop_args(batch);
    free(store->tries);
    free(store->info);
    free(store->out);
    free(store);
}

int batch_detail(struct batch *batch)
{
    struct batch_store *store = batch->store;

    store->info = calloc(store->room, sizeof(*store->info));
    if (store->info == NULL)
        return -1;
    for (uint32_t i = 0; i < store->room; i++)
        store->info[i].duration_ns = store->info[i].cpu_ns = -1;
    return 0;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    batch_finish(batch);
    free(batch);
}

/* ---- large arguments --------------------------------------------------- */

/* Each begins on a page, so that a worker can map it alone. */
enum { SPILL_ALIGN = 65536, SPILL_ABOVE = CHANNEL_INLINE - 1024 };

/* The file, with its offset where the next arguments go. */
static int spill_begin(struct batch_store *store, uint64_t *offset,
                       sopool_error *err)
{
    *offset = (store->file_size + SPILL_ALIGN - 1) / SPILL_ALIGN * SPILL_ALIGN;
    if (store->file < 0)
        store->file = fd_high(
            memfd_create("sopool-args", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (store->file < 0 ||
        lseek(store->file, (off_t)*offset, SEEK_SET) != (off_t)*offset)
        return error_errno(err, "cannot make a file for large arguments");
    return 0;
}

/* Notes where they are, in place of the arguments. */
static int spill_end(struct batch_store *store, uint64_t offset, uint64_t size,
                     sopool_error *err)
{
    const struct spilled where = {.offset = offset, .size = size};
    const uint32_t mark = BATCH_SPILLED;
    size_t before = store->args.size;

    if (buf_add(&store->args, &mark, sizeof(mark)) != 0 ||
        buf_add(&store->args, &where, sizeof(where)) != 0) {
        store->args.size = before;
        return error_nomem(err);
    }
    store->file_size = offset + size;
    store->spilled = true;
    return 0;
}

static int spill(struct batch_store *store, const sopool_args *args,
                 sopool_error *err)
{
    uint64_t offset, size;

    if (spill_begin(store, &offset, err) != 0 ||
        args_write(args, store->file, &size, err) != 0)
        return -1;
    return spill_end(store, offset, size, err);
}

/* Keeps the buffer until the arguments are dropped. */
static int use_buffer(struct batch_store *store, const sopool_buffer *buffer)
{
    const sopool_buffer *last;
    size_t size = store->lent.size;

    if (size > 0) {
        memcpy(&last, store->lent.data + size - sizeof(last), sizeof(last));
        if (last == buffer)
            return 0;
    }
    if (buf_add(&store->lent, &buffer, sizeof(buffer)) != 0)
        return -1;
    buffer_ref(buffer);
    return 0;
}

/* Notes the buffer, and what comes before its bytes. */
static int borrow(struct batch_store *store, const sopool_args *args,
                  const sopool_buffer *buffer, sopool_error *err)
{
    const struct spilled where = {.size = args_buffer_size(args),
                                  .buffer = buffer};
    const uint32_t mark = BATCH_SPILLED;
    uint8_t head[ARGS_HEAD];
    sopool_writer w = sopool_writer_of(head, sizeof(head));
    size_t before = store->args.size;

    if (args_put_head(args, &w, err) != 0)
        return -1;
    if (w.failed || use_buffer(store, buffer) != 0 ||
        buf_add(&store->args, &mark, sizeof(mark)) != 0 ||
        buf_add(&store->args, &where, sizeof(where)) != 0 ||
        buf_add(&store->args, head, w.size) != 0) {
        store->args.size = before;
        return error_nomem(err);
    }
    store->spilled = true;
    return 0;
}

static bool is_lent(const struct batch_store *store)
{
    return store->inputs != NULL || store->words != NULL;
}

/* Of one call with a number. */
enum { LENT_ARGS = sizeof(uint32_t) + 1 + 9 };

static size_t single_size(const struct batch *batch)
{
    uint32_t size;

    memcpy(&size, batch->args, sizeof(size));
    return sizeof(size) + size;
}

size_t batch_room(const struct batch *batch, uint32_t first, uint32_t count)
{
    const size_t *at;

    if (batch->words > 0)
        return (size_t)count * batch->words * sizeof(uint64_t);
    if (batch->single)
        return single_size(batch);
    if (is_lent(batch->store))
        return (size_t)count * LENT_ARGS;
    at = batch->store->at;
    return at[first + count] - at[first];
}

/* A list with one number; returns its size. */
static size_t write_number(const sopool_arg *input, uint8_t *to)
{
    const sopool_args args = {input, 1, NULL, 0};
    sopool_writer w;

    if (input->type == SOPOOL_I64 || input->type == SOPOOL_U64) {
        bool negative = input->type == SOPOOL_I64 && input->as.i < 0;

        to[0] = 0x81;
        return 1 + sopool_head_put(
                       to + 1, negative ? SOPOOL_CBOR_NEGINT : SOPOOL_CBOR_UINT,
                       negative ? ~input->as.u : input->as.u);
    }
    w = sopool_writer_of(to, LENT_ARGS - sizeof(uint32_t));
    (void)args_put(&args, &w, NULL);
    return w.size;
}

static size_t write_lent(const sopool_arg *input, uint32_t count, uint8_t *to)
{
    const uint8_t *from = to;

    for (const sopool_arg *end = input + count; input < end; input++) {
        uint32_t size = (uint32_t)write_number(input, to + sizeof(size));

        memcpy(to, &size, sizeof(size));
        to += sizeof(size) + size;
    }
    return (size_t)(to - from);
}

size_t batch_write(const struct batch *batch, uint32_t first, uint32_t count,
                   uint8_t *to)
{
    const struct batch_store *store = batch->store;
    size_t size = batch_room(batch, first, count);

    if (batch->single)
        memcpy(to, batch->args, size);
    else if (store->inputs != NULL)
        size = write_lent(store->inputs + first, count, to);
    else
        memcpy(to, store->args.data + store->at[first], size);
    return size;
}

uint32_t batch_write_words(const struct batch *batch, uint32_t first,
                           uint32_t count, uint8_t *to)
{
    const struct batch_store *store = batch->store;
    uint64_t word;

    if (batch->single) {
        batch_write_single(batch, to);
        return 1;
    }
    if (store->words != NULL) {
        memcpy(to, store->words + first, count * sizeof(word));
        return count;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!number_of_arg(&store->inputs[first + i], store->word_type, &word))
            return i;
        memcpy(to + i * sizeof(word), &word, sizeof(word));
    }
    return count;
}

size_t batch_write_list(const struct batch *batch,
                        const struct signature *signature, uint32_t index,
                        uint8_t *to)
{
    const struct batch_store *store = batch->store;
    size_t size;

    if (batch->single && batch->words > 0)
        return number_put_list(signature, batch->args, to);
    if (!batch->single && store->words != NULL)
        return number_put_list(signature, store->words + index, to);
    if (!batch->single && store->inputs != NULL)
        return write_number(&store->inputs[index], to);
    size = batch_write(batch, index, 1, to) - sizeof(uint32_t);
    memmove(to, to + sizeof(uint32_t), size);
    return size;
}

bool batch_spilled(const struct batch *batch, uint32_t index,
                   struct spilled *where)
{
    const uint8_t *at;
    uint32_t size;

    if (batch->single || !batch->store->spilled)
        return false;
    at = batch->store->args.data + batch->store->at[index];
    memcpy(&size, at, sizeof(size));
    if (size != BATCH_SPILLED)
        return false;
    memcpy(where, at + sizeof(size), sizeof(*where));
    where->head = at + sizeof(size) + sizeof(*where);
    where->head_size =
        batch_room(batch, index, 1) - sizeof(size) - sizeof(*where);
    return true;
}

uint64_t batch_bytes(const struct batch *batch)
{
    return batch->store->args.size + batch->store->file_size;
}

/* ---- calls ------------------------------------------------------------- */

/* The calls are of a task that takes one word; the numbers that they give. */
static void lend_numbers(struct batch *batch, const struct signature *signature,
                         uint64_t *numbers)
{
    struct batch_store *store = batch->store;

    store->numbers = numbers;
    store->word_type = (uint8_t)signature->param[0].type;
    store->number_type = (uint8_t)signature->result;
    batch->words = 1;
}

bool batch_lend(struct batch *batch, const struct signature *signature,
                const sopool_arg *inputs, uint32_t count)
{
    struct batch_store *store = batch->store;
    uint64_t *numbers;

    for (uint32_t i = 0; i < count; i++)
        if (inputs[i].type < SOPOOL_BOOL || inputs[i].type > SOPOOL_F64)
            return false;
    store->inputs = inputs;
    batch->count = count;
    if (signature->words == 1 && count > 0 &&
        (numbers = malloc(count * sizeof(*numbers))) != NULL) {
        lend_numbers(batch, signature, numbers);
        store->owns_numbers = true;
    }
    return true;
}

void batch_lend_words(struct batch *batch, const struct signature *signature,
                      const uint64_t *inputs, uint32_t count, uint64_t *out)
{
    batch->store->words = inputs;
    batch->count = count;
    lend_numbers(batch, signature, out);
}

int batch_add(struct batch *batch, const sopool_args *args, sopool_error *err)
{
    struct batch_store *store = batch->store;
    uint64_t payload = args_payload(args);
    /* So many numbers take more room than that, too. */
    bool large = payload + args->count * 9 > SPILL_ABOVE;
    const sopool_buffer *buffer = large ? args_buffer(args) : NULL;
    int status;

    if (buffer != NULL)
        status = borrow(store, args, buffer, err);
    else if (large)
        status = spill(store, args, err);
    else
        status = args_frame(args, payload, &store->args, err);
    if (status != 0)
        return -1;
    store->at[++batch->count] = store->args.size;
    return 0;
}

uint32_t batch_chunk(const struct call_settings *settings,
                     const sopool_options *options)
{
    return settings->chunksize != 0 ? settings->chunksize : options->chunksize;
}

static int64_t timeout_of(const struct call_settings *settings,
                          const sopool_options *options)
{
    if (settings->timeout_ms == 0)
        return options->timeout_ns;
    if (settings->timeout_ms < 0)
        return 0;
    return settings->timeout_ms > INT64_MAX / NS_PER_MS
               ? INT64_MAX
               : settings->timeout_ms * NS_PER_MS;
}

int batch_set(struct batch *batch, const struct call_settings *settings,
              const sopool_options *options, sopool_error *err)
{
    int retries;

    if (settings->priority < SOPOOL_PRIORITY_MIN ||
        settings->priority > SOPOOL_PRIORITY_MAX)
        return error_set(
            err, SOPOOL_E_USAGE, "a call's priority is %d to %d, not %d",
            SOPOOL_PRIORITY_MIN, SOPOOL_PRIORITY_MAX, settings->priority);
    batch->level = (uint8_t)(SOPOOL_PRIORITY_MAX - settings->priority);
    if (!batch->single) {
        batch->store->chunksize = batch_chunk(settings, options);
        batch->store->timeout_ns = timeout_of(settings, options);
    }
    retries =
        settings->retries != 0 ? settings->retries : (int)options->retries;
    if (retries > RETRIES_MAX) /* they are counted in bytes */
        retries = RETRIES_MAX;
    batch->retries = retries < 0 ? 0 : (uint8_t)retries;
    return 0;
}

void batch_drop_args(struct batch *batch)
{
    struct batch_store *store = batch->store;

    if (batch->single)
        return;
    buf_finish(&store->args);
    free(store->at);
    store->at = NULL;
    if (store->file >= 0)
        (void)close(store->file);
    store->file = -1;
    drop_lent(store);
}

void batch_seal(struct batch *batch)
{
    struct batch_store *store = batch->store;

    /* Workers get the file: none may change what another is to read. */
    if (store->file >= 0)
        (void)fcntl(store->file, F_ADD_SEALS,
                    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    batch->undone = store->unread = batch->count;
    atomic_init(&store->undone, batch->count);
    batch->whole = (struct range){.batch = batch, .count = batch->count};
}

/* ---- outcomes ---------------------------------------------------------- */

void *batch_alloc(struct batch *batch, size_t size)
{
    return batch->single ? malloc(size)
                         : arena_alloc(&batch->store->arena, size);
}

int batch_keep(struct batch *batch, const void *data, uint32_t size,
               struct outcome *out)
{
    void *copy;

    if (size <= OUTCOME_BYTES) {
        out->kind = OUTCOME_SMALL;
        out->small = (uint8_t)size;
        memcpy(out->bytes, data, size);
        return 0;
    }
    copy = batch_alloc(batch, size);
    if (copy == NULL)
        return -1;
    memcpy(copy, data, size);
    out->kind = OUTCOME_VALUE;
    out->size = size;
    out->data = copy;
    return 0;
}

void batch_keep_numbers(struct batch *batch, uint32_t first, uint32_t count,
                        const void *data)
{
    memcpy(batch->store->numbers + first, data,
           count * sizeof(*batch->store->numbers));
}

void outcome_number(struct outcome *out, int type, uint64_t word)
{
    _Static_assert((int)NUMBER_ITEM <= (int)OUTCOME_BYTES, "it fits");

    out->kind = OUTCOME_SMALL;
    out->small = (uint8_t)number_put(type, word, out->bytes);
}

const struct outcome *batch_outcome(const struct batch *batch, uint32_t index,
                                    struct outcome *room)
{
    const struct batch_store *store = batch->store;

    if (batch->single)
        return &batch->one;
    if (store->numbers == NULL ||
        __atomic_load_n(&store->out[index].kind, __ATOMIC_ACQUIRE) !=
            OUTCOME_NONE)
        return &store->out[index];
    outcome_number(room, store->number_type, store->numbers[index]);
    return room;
}

const struct failure *batch_failure(struct batch *batch,
                                    const sopool_error *err)
{
    size_t size = strlen(err->message) + 1;
    struct failure *failure = batch_alloc(batch, sizeof(*failure) + size);
    char *message;

    if (failure == NULL)
        return &no_memory;
    message = (char *)(failure + 1);
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
