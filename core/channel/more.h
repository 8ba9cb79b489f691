/* more.h - the worker's way from one item of a range to the next. It is inline,
 * unlike the rest of its end, because the briefest calls take hardly longer
 * than this. See channel.h.
 */
#ifndef SOPOOL_CHANNEL_MORE_H
#define SOPOOL_CHANNEL_MORE_H

#include "channel/layout.h"

/* After something that the parent is waiting for if it sleeps. */
void worker_notify(struct worker_end *end);

/* All items of the range were run, so many; the first one began at `began`. */
void worker_finish(struct worker_end *end, uint32_t items, int64_t began);

/* Has the parent much to read? */
static inline bool worker_has_told_much(const struct worker_end *end)
{
    return end->results_head - atomic_load_explicit(&end->shared->results_tail,
                                                    memory_order_relaxed) >
           RESULTS_MANY;
}

/* After an item. */
static inline void worker_notify_item(struct worker_end *end)
{
    uint32_t asleep = atomic_load(&end->shared->parent_asleep);

    if (asleep == PARENT_ASLEEP ||
        (asleep == PARENT_EASY && worker_has_told_much(end)))
        worker_notify(end);
}

/* After an item was answered: begins the next item of the range (true), or
 * finishes the range (false), saying how long it took since `began`. */
static inline bool worker_more(struct worker_end *end, int64_t began)
{
    _Atomic uint64_t *at = &end->slot->word;
    uint64_t word = atomic_load(at);

    while (word_next(word) < word_end(word))
        if (atomic_compare_exchange_weak(at, &word, word_step(word))) {
            end->item++;
            worker_notify_item(end);
            return true;
        }
    worker_finish(end, word_end(word), began);
    return false;
}

#endif
