/* collect.c - reads results and writes them, shows how far the run is, and ends
 * it when too many calls have failed. See maprun.h. */
#include "maprun.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "input.h"
#include "message.h"
#include "render.h"
#include "session.h"
#include "status.h"

enum {
    LINGER_MS = 2,   /* results may wait so long to be written together */
    LOOK_EVERY = 64, /* results between two looks at the clock */
    HALT_MS = 50,    /* the last results of a run that was halted are awaited */
    SHOWN = 64,      /* bytes of an input in a message */
};

/* ---- progress ---------------------------------------------------------- */

struct progress_state collect_state(struct map *map)
{
    sopool_stats stats;

    (void)sopool_get_stats(map->pool, &stats, NULL, 0);
    return (struct progress_state){
        .done = told(&map->told_done),
        .failed = told(&map->told_failed),
        .sent = told(&map->told_sent),
        .consumed = told(&map->told_bytes),
        .all_sent = atomic_load(&map->all_sent),
        .workers = stats.workers,
        .busy = stats.busy,
        .queued = stats.queued,
    };
}

/* By the thread that takes signals. */
void collect_say(void *ctx)
{
    struct map *map = ctx;
    struct progress_state state = collect_state(map);

    progress_say(&map->progress, &state, map->task->name);
}

static void show_progress(struct map *map)
{
    struct progress_state state;

    if (!progress_due(&map->progress))
        return;
    state = collect_state(map);
    progress_draw(&map->progress, &state);
}

/* ---- results ----------------------------------------------------------- */

static void say_failure(struct map *map, const struct place *place,
                        const sopool_error *err)
{
    bool json = map->source.arguments.json || map->list;
    char where[600], text[SHOWN];

    /* What came before it should be seen before it. */
    output_flush(&map->out);
    source_where(&map->source, place->file,
                 (struct spot){place->line, place->column}, where,
                 sizeof(where));
    (void)message_text(place->text, place->size, text, sizeof(text));
    message("%s: %s(%s%s%s%s): %s", where, map->task->name, json ? "" : "\"",
            text, place->cut ? "..." : "", json ? "" : "\"", err->message);
}

/* The pool can run nothing any more, and why is the same for all that comes. */
static void stop_broken(struct map *map, const sopool_error *err)
{
    output_flush(&map->out);
    message("%s", err->message);
    session_quit(settings_status(err->code));
}

/* As many calls failed as were to. */
static void halt(struct map *map, uint64_t failed, uint64_t ended)
{
    bool now = map->settings->halt.when == HALT_NOW;

    output_flush(&map->out);
    message("%" PRIu64 " of %" PRIu64 " calls failed: the run ends here, as "
            "--halt says; %s",
            failed, ended,
            now ? "calls that run are ended" : "calls that run are finished");
    atomic_store(&map->halted, true);
    if (now)
        sopool_terminate(map->pool);
    else
        (void)sopool_shutdown(map->pool, true, 0, NULL);
}

/* The pool knows of failures whose results wait for those before them. */
static void look_at_failures(struct map *map)
{
    sopool_stats stats;
    uint64_t ended;

    if (map->settings->halt.when == HALT_NEVER || atomic_load(&map->halted))
        return;
    (void)sopool_get_stats(map->pool, &stats, NULL, 0);
    ended = stats.done + stats.failed;
    if (halt_due(&map->settings->halt, ended, stats.failed))
        halt(map, stats.failed, ended);
}

/* It was taken back, or ended, because the run was halted. */
static bool is_halted(const struct map *map, const sopool_error *err)
{
    return atomic_load(&map->halted) &&
           (err->code == SOPOOL_E_CLOSED || err->code == SOPOOL_E_CANCELLED);
}

/* Where a result goes: after the others, or to a file of its own. */
static struct output *begin_result(struct map *map, const struct place *place)
{
    if (map->results == NULL)
        return &map->out;
    form_restart(&map->form);
    return results_begin(map->results, place->kept->logged.number);
}

static void end_result(struct map *map, const struct place *place, bool failed)
{
    if (map->results != NULL)
        results_end(map->results, place->kept->logged.number, failed);
}

static struct line input_of(const struct place *place)
{
    if (place->kept != NULL)
        return (struct line){place->kept->text, place->kept->size};
    return (struct line){place->text, place->size};
}

static void put_failure(struct map *map, const sopool_item *item,
                        const struct place *place, const sopool_error *err)
{
    struct output *out = begin_result(map, place);
    struct line input = input_of(place);
    bool put = form_failure(&map->form, out, item->index, &input, err);

    tell(&map->told_failed, ++map->failed);
    if (!put && map->results != NULL)
        output_format(out, "%s\n", err->message);
    end_result(map, place, true);
    if (settings_status(err->code) != EXIT_FAILED)
        stop_broken(map, err);
    if (!put)
        say_failure(map, place, err);
    look_at_failures(map);
}

/* For those who follow; what they note now has yet to be written. */
static void follow_item(struct map *map, const sopool_item *item,
                        struct place *place, const sopool_error *err)
{
    static const sopool_call_info not_run = {.duration_ns = -1, .cpu_ns = -1};
    struct ended ended = {
        .index = item->index,
        .number = place->kept->logged.number,
        .run = place->kept->logged.run,
        .text = place->kept->text,
        .size = place->kept->size,
        .key = place->kept->logged.key,
        .file = input_name(map->name, place->file),
        .line = place->line,
        .task = map->task->name,
        .cbor = err == NULL ? item->cbor : NULL,
        .cbor_size = err == NULL ? item->size : 0,
        .error = err,
        .info = item->info != NULL ? item->info : &not_run,
    };

    follow_call(&map->follow, &ended);
}

/* Returns why it failed, which may be that its result has not the form that it
 * is to have (in `why`); or NULL. */
static const sopool_error *put_outcome(struct map *map, const sopool_item *item,
                                       const struct place *place,
                                       sopool_error *why)
{
    struct line input = input_of(place);
    const sopool_error *err = item->error;
    struct output *out;

    if (err == NULL) {
        out = begin_result(map, place);
        if (form_result(&map->form, out, item->index, &input, item->cbor,
                        item->size, why) != 0)
            err = why;
        end_result(map, place, err != NULL);
    }
    if (err != NULL)
        put_failure(map, item, place, err);
    return err;
}

/* A signal has ended the pool: what comes now are no results. */
static void stop_if_ending(struct map *map)
{
    if (!session_ending())
        return;
    (void)pthread_mutex_unlock(&map->turn);
    session_await_end();
}

static void put_item(struct map *map, const sopool_item *item)
{
    const sopool_error *err;
    struct place place;
    sopool_error why;

    if (map->plain && item->error == NULL) {
        tell(&map->told_done, ++map->done);
        render_text(&map->out, item->cbor, item->size);
        output_byte(&map->out, '\n');
        return;
    }
    if (item->error != NULL)
        stop_if_ending(map);
    place = places_take(map->places, item->index);
    if (item->error != NULL && is_halted(map, item->error)) {
        map->not_run++;
    } else {
        tell(&map->told_done, ++map->done);
        err = put_outcome(map, item, &place, &why);
        if (map->follow.count > 0)
            follow_item(map, item, &place, err);
    }
    free(place.kept);
}

void collect_flush(struct map *map)
{
    if (map->out.size > 0) {
        output_flush(&map->out);
        map->flushed = progress_now();
    }
    follow_written(&map->follow);
}

/* How long results may still wait for others before they are written. */
static int64_t linger(const struct map *map)
{
    int64_t since = progress_now() - map->flushed;

    return map->out.size > 0 && since < LINGER_MS * 1000000 ? LINGER_MS : 0;
}

/* Once the run was halted, its thread may go on to wait for input; the results
 * of what it has sent are all there is to come. */
static bool is_all(struct map *map)
{
    return atomic_load(&map->halted) &&
           map->done + map->not_run >= atomic_load(&map->told_sent) &&
           map->quiet++ > 0;
}

static int64_t longest_wait(const struct map *map)
{
    return map->settings->halt.when != HALT_NEVER
               ? HALT_MS
               : progress_wait(&map->progress);
}

static int wait_for_item(struct map *map, sopool_item *item, int64_t wait,
                         sopool_error *err)
{
    int status;

    (void)pthread_mutex_unlock(&map->turn);
    status = sopool_stream_next(map->stream, item, wait, err);
    (void)pthread_mutex_lock(&map->turn);
    return status;
}

/* The next result: what was to be written is, before there is a wait. */
static int next_item(struct map *map, sopool_item *item)
{
    sopool_error err;
    int64_t wait = 0;

    for (;;) {
        int status = wait == 0
                         ? sopool_stream_next(map->stream, item, wait, &err)
                         : wait_for_item(map, item, wait, &err);

        if (status >= 0)
            return status;
        if (err.code != SOPOOL_E_TIMEOUT && !is_halted(map, &err)) {
            stop_if_ending(map);
            message("%s", err.message);
            session_quit(settings_status(err.code));
        }
        if (wait == 0 && linger(map) > 0) {
            wait = linger(map);
            continue;
        }
        collect_flush(map);
        follow_workers(&map->follow, map->pool);
        show_progress(map);
        look_at_failures(map);
        if (is_all(map))
            return 0;
        wait = longest_wait(map);
    }
}

void collect_run(struct map *map)
{
    sopool_item item;

    while (next_item(map, &item) == 1) {
        put_item(map, &item);
        if (map->done % LOOK_EVERY != 0)
            continue;
        follow_workers(&map->follow, map->pool);
        if (map->progress.on)
            show_progress(map);
    }
    stop_if_ending(map);
    if (map->results == NULL && !atomic_load(&map->halted))
        form_end(&map->form, &map->out, map->task->result_type);
    collect_flush(map);
}
