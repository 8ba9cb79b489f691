/* handed.c - which calls a worker was handed: what the items of a range in its
 * channel stand for. See pool.h.
 *
 * A range is part of one batch, or it is singles of one task that were queued
 * one behind the other; these are then linked by their queue entries.
 */
#include "pool/pool.h"

struct batch *handed_next(const struct handed *handed,
                          const struct sent_range *range, uint32_t *index)
{
    if (handed->singles != NULL) {
        *index = 0;
        return handed->singles->batch;
    }
    *index = handed->first + range->answered;
    return handed->batch;
}

/* The singles from that item on are no longer the range's. */
static struct range *cut(struct handed *handed, const struct sent_range *range,
                         uint32_t from)
{
    struct range **at = &handed->singles;
    struct range *rest;

    for (uint32_t i = range->answered; i < from; i++)
        at = &(*at)->next;
    rest = *at;
    *at = NULL;
    return rest;
}

void handed_give_back(struct member *m, uint64_t seq, uint32_t from,
                      uint32_t count)
{
    struct handed *handed = &m->handed[seq % CHANNEL_SLOTS];

    if (count == 0)
        return;
    if (handed->singles != NULL)
        queue_give_back_singles(
            m->pool, cut(handed, &m->end.range[seq % CHANNEL_SLOTS], from));
    else
        queue_give_back(m->pool, handed->batch, handed->first + from, count);
}

bool handed_has(const struct handed *handed, const struct batch *batch)
{
    if (handed->singles == NULL)
        return handed->batch == batch;
    for (const struct range *at = handed->singles; at != NULL; at = at->next)
        if (at->batch == batch)
            return true;
    return false;
}
