/* detail.c - what is known of calls that have ended, for streams that ask for
 * it. See pool.h.
 *
 * The worker measures and says so with each result. It may say what it likes:
 * times are taken no further than they can be true.
 */
#include <string.h>

#include "base/clock.h"
#include "pool/pool.h"

static int64_t within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Another attempt, by this worker. */
static void note_attempt(const struct member *m, sopool_call_info *info,
                         int64_t started)
{
    info->pid = (int)m->pid;
    info->worker = (uint32_t)m->id;
    info->attempts++;
    info->started_ns = started > 0 ? clock_since_1970(started) : 0;
}

int detail_take(struct member *m, struct batch *batch, uint32_t index,
                struct record *record)
{
    sopool_call_info *info = batch_info(batch, index);
    struct item_detail said;
    int64_t now;

    if (info == NULL)
        return 0;
    if (record->size < sizeof(said))
        return -1;
    record->size -= (uint32_t)sizeof(said);
    memcpy(&said, (const uint8_t *)record->data + record->size, sizeof(said));
    if (said.started == 0) /* it did not come to be run */
        return 0;
    now = clock_now();
    said.started = within(said.started, m->born, now);
    note_attempt(m, info, said.started);
    info->duration_ns = within(said.duration, 0, now - said.started);
    info->cpu_ns = within(said.cpu, 0, INT64_MAX);
    info->peak_kib = said.peak;
    return 0;
}

void detail_lost(struct member *m, struct batch *batch, uint32_t index)
{
    sopool_call_info *info = batch_info(batch, index);
    int64_t now, started;

    if (info == NULL)
        return;
    now = clock_now();
    started = within(parent_started(&m->end), m->born, now);
    note_attempt(m, info, started);
    info->duration_ns = now - started;
    info->cpu_ns = -1;
    info->peak_kib = m->usage_known ? m->usage_kib : 0;
}
