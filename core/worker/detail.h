/* detail.h - what a worker measures of each item of a detailed range. */
#ifndef SOPOOL_WORKER_DETAIL_H
#define SOPOOL_WORKER_DETAIL_H

#include <stdbool.h>

#include "channel/channel.h"

struct detail {
    struct item_detail said; /* what the pool is told */
    bool process;            /* the worker is one, else a thread */
    int64_t cpu;             /* used when the item began */
};

/* Nothing is known of an item that is not run. */
void detail_clear(struct detail *detail);

void detail_begin(struct detail *detail);
void detail_end(struct detail *detail);

#endif
