/* settle.c - outcomes of calls. See pool.h. */
#include "pool/pool.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "value/value.h"

static void settle(struct sopool_pool *pool, struct batch *batch,
                   uint32_t index, const struct outcome *outcome)
{
    *batch_out(batch, index) = *outcome;
    batch->undone--;
    if (outcome->kind == OUTCOME_FAILED) {
        pool->stats.failed++;
        pool->task[batch->task].stats.failed++;
    } else {
        pool->stats.done++;
        pool->task[batch->task].stats.done++;
    }
    if (batch->single || !batch->store->abandoned)
        batch->settled(batch, index, outcome);
    else if (batch->undone == 0)
        batch_free(batch);
}

void settle_failed(struct sopool_pool *pool, struct batch *batch,
                   uint32_t index, const sopool_error *err)
{
    struct outcome outcome = {.kind = OUTCOME_FAILED};

    outcome.data = batch_failure(batch, err);

    settle(pool, batch, index, &outcome);
}

/* ---- from records ------------------------------------------------------ */

void settle_clean(char *text, size_t size)
{
    size_t good = 0;

    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 32 || text[i] == 127)
            text[i] = text[i] == '\n' || text[i] == '\t' ? ' ' : '?';
    while ((good = (size_t)sopool_utf8_span(text, size)) < size)
        text[good] = '?';
}

static bool may_report(uint32_t code)
{
    return code == SOPOOL_E_TASK || code == SOPOOL_E_ARGS ||
           code == SOPOOL_E_RESULT || code == SOPOOL_E_PLUGIN ||
           code == SOPOOL_E_NOMEM;
}

static void settle_report(struct member *member, struct batch *batch,
                          uint32_t index, const struct record *record)
{
    sopool_error err;
    size_t size = record->size;

    (void)error_set(&err,
                    may_report(record->status) ? (int)record->status
                                               : SOPOOL_E_PROTOCOL,
                    "%s", "");
    err.pid = (int)member->pid;
    if (size > sizeof(err.message) - 1)
        size = sizeof(err.message) - 1;
    memcpy(err.message, record->data, size);
    settle_clean(err.message, size);
    settle_failed(member->pool, batch, index, &err);
}

/* A result in a memory file is read in place if nobody can change or cut it. */
static sopool_value *take_file(int fd, const uint64_t where[2],
                               sopool_error *err)
{
    const int need = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    const int seals = fcntl(fd, F_GET_SEALS); /* -1: no memory file */
    sopool_value *value;
    struct stat st;
    void *map;

    if (seals < 0 || (seals & need) != need || fstat(fd, &st) != 0 ||
        st.st_size <= 0 || st.st_size > PTRDIFF_MAX ||
        where[0] > (uint64_t)st.st_size ||
        where[1] > (uint64_t)st.st_size - where[0] || where[1] == 0) {
        (void)error_set(err, SOPOOL_E_PROTOCOL,
                        "the worker sent no usable file for a large result");
        return NULL;
    }
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        (void)error_errno(err, "cannot map a result of %llu bytes",
                          (unsigned long long)where[1]);
        return NULL;
    }
    value = value_mapped(map, (size_t)st.st_size, (size_t)where[0],
                         (size_t)where[1]);
    if (value == NULL) {
        (void)munmap(map, (size_t)st.st_size);
        (void)error_nomem(err);
    }
    return value;
}

/* Is it what its owner wants to know at once: no result of the task's type? */
static bool is_wrong(struct member *member, const struct batch *batch,
                     const struct outcome *outcome, sopool_error *err)
{
    const void *item;
    size_t size;

    if (!batch->eager)
        return false;
    item = outcome_bytes(outcome, &size);
    return signature_check_result(
               &member->pool->catalog->signature[batch->task], item, size,
               err) != 0;
}

/* A result that was copied, or cannot be changed any more. */
static void settle_result(struct member *member, struct batch *batch,
                          uint32_t index, const struct outcome *outcome)
{
    sopool_error err;

    if (is_wrong(member, batch, outcome, &err)) {
        outcome_free(batch, outcome);
        settle_failed(member->pool, batch, index, &err);
        return;
    }
    settle(member->pool, batch, index, outcome);
}

static void settle_big(struct member *member, struct batch *batch,
                       uint32_t index, const struct record *record)
{
    CLEANUP_FD int fd = member_big(member, record->seq, record->index);
    struct outcome outcome = {.kind = OUTCOME_BIG};
    uint64_t where[2] = {0};
    sopool_error err;
    sopool_value *value;

    if (record->size == sizeof(where))
        memcpy(where, record->data, sizeof(where));
    value = take_file(fd, where, &err);
    if (value == NULL) {
        settle_failed(member->pool, batch, index, &err);
        return;
    }
    outcome.data = value;
    settle_result(member, batch, index, &outcome);
}

static void settle_value(struct member *member, struct batch *batch,
                         uint32_t index, const struct record *record)
{
    struct outcome outcome;
    sopool_error err;

    if (batch_keep(batch, record->data, record->size, &outcome) == 0) {
        settle_result(member, batch, index, &outcome);
        return;
    }
    (void)error_nomem(&err);
    settle_failed(member->pool, batch, index, &err);
}

/* The bytes stay where they are until who waits for them has copied them. */
static void settle_warm(struct member *member, struct batch *batch,
                        const struct record *record)
{
    const struct warm_memory *warm = &member->warm;
    struct outcome outcome = {.kind = OUTCOME_WARM};
    uint64_t where[2] = {0};
    sopool_error err;

    if (record->size == sizeof(where))
        memcpy(where, record->data, sizeof(where));
    if (where[1] == 0 || where[1] > warm->half ||
        where[0] > warm->half - where[1]) {
        (void)error_set(&err, SOPOOL_E_PROTOCOL,
                        "the worker sent no usable place of a large result");
        settle_failed(member->pool, batch, 0, &err);
        return;
    }
    outcome.size = (uint32_t)where[1];
    outcome.data = warm->at + warm->half + where[0];
    settle(member->pool, batch, 0, &outcome);
}

/* Calls of a map: all at once. */
static void settle_some(struct sopool_pool *pool, struct batch *batch,
                        uint32_t first, const struct record *record)
{
    uint32_t count = record->numbers;

    batch_keep_numbers(batch, first, count, record->data);
    batch->undone -= count;
    pool->stats.done += count;
    pool->task[batch->task].stats.done += count;
    if (!batch->store->abandoned)
        batch->settled(batch, first + count - 1, NULL);
    else if (batch->undone == 0)
        batch_free(batch);
}

/* Calls that came one by one, of one task: what can be is done for all. */
static void settle_singles(struct sopool_pool *pool, struct handed *handed,
                           const struct record *record)
{
    const int type = pool->catalog->signature[handed->task].result;
    const uint8_t *data = record->data;

    for (uint32_t i = 0; i < record->numbers; i++, data += record->size) {
        struct batch *batch = handed->singles->batch;
        uint64_t word;

        handed_answered(handed);
        memcpy(&word, data, sizeof(word));
        outcome_number(&batch->one, type, word);
        batch->undone = 0;
        batch->settled(batch, 0, &batch->one);
    }
    pool->stats.done += record->numbers;
    pool->task[handed->task].stats.done += record->numbers;
}

void settle_numbers(struct member *member, struct handed *handed,
                    const struct sent_range *range, const struct record *record)
{
    struct batch *batch;
    uint32_t index;

    if (handed->singles != NULL) {
        settle_singles(member->pool, handed, record);
        return;
    }
    batch = handed_next(handed, range, &index);
    settle_some(member->pool, batch, index, record);
}

void settle_record(struct member *member, struct batch *batch, uint32_t index,
                   const struct record *record)
{
    if (record->status == 0)
        settle_value(member, batch, index, record);
    else if (record->status == CHANNEL_WARM_RESULT && batch->warm)
        settle_warm(member, batch, record);
    else if (record->status == CHANNEL_BIG_RESULT)
        settle_big(member, batch, index, record);
    else
        settle_report(member, batch, index, record);
}
