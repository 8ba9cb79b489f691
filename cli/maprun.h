/* maprun.h - a run of one task over many inputs: what its parts share.
 *
 * Two threads: one reads inputs and sends calls (feed.c), the main one reads
 * results and writes them (collect.c). The stream between them bounds what is
 * under way, so whoever is slow, the input, the tasks or the reader of our
 * output, holds up the others, and memory stays the same.
 */
#ifndef SOPOOL_CLI_MAPRUN_H
#define SOPOOL_CLI_MAPRUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "follow.h"
#include "form.h"
#include "output.h"
#include "pictures.h"
#include "place.h"
#include "progress.h"
#include "results.h"
#include "resume.h"
#include "settings.h"
#include "source.h"

struct map {
    const struct settings *settings;
    char *const *name; /* of the input files */
    size_t name_count;
    bool list;  /* starmap */
    bool keeps; /* inputs as a whole, until their results come */
    bool plain; /* a result is a line of text and nothing else */

    sopool_pool *pool;
    const sopool_task_info *task;
    sopool_stream *stream;
    struct places *places;

    /* The feeding thread's. */
    struct source source;
    struct resume resume;
    struct pace pace;
    uint64_t sent;

    /* What it tells the other. */
    atomic_uint_least64_t told_sent, told_bytes;
    atomic_bool all_sent;
    atomic_bool halted; /* and what it is told */

    /* What the main one tells who asks by a signal. */
    atomic_uint_least64_t told_done, told_failed;

    /* The main thread's. */
    pthread_mutex_t turn; /* held but while it waits */
    struct output out;
    struct form form;
    struct results *results; /* or NULL: all on standard output */
    struct follow follow;    /* is as it was when threads were started */
    struct pictures pictures;
    struct progress progress;
    int64_t flushed; /* when, in nanoseconds */
    uint64_t done, failed, not_run;
    uint32_t quiet; /* waits in which nothing came, once halted */
};

/* What one thread tells another, at some moment. */
static inline void tell(atomic_uint_least64_t *number, uint64_t value)
{
    atomic_store_explicit(number, value, memory_order_relaxed);
}

static inline uint64_t told(atomic_uint_least64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

/* The feeding thread: `arg` is the struct map. */
void *feed_run(void *arg);

/* What was sent must not wait with the sender. */
void feed_flush(void *ctx);

/* Writes results, up to the last one. */
void collect_run(struct map *map);

/* Writes what waits, then tells those who follow. */
void collect_flush(struct map *map);

/* How far the run is, for a bar; and, by any thread, on standard error. */
struct progress_state collect_state(struct map *map);
void collect_say(void *ctx);

#endif
