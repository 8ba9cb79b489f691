/* map.c - see map.h.
 *
 * Two threads: one reads inputs and sends calls (feed), the main one reads
 * results and writes them. The stream between them bounds what is under way, so
 * whoever is slow, the input, the tasks or the reader of our output, holds up
 * the others, and memory stays the same.
 */
#include "map.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "follow.h"
#include "input.h"
#include "message.h"
#include "outcome.h"
#include "output.h"
#include "place.h"
#include "progress.h"
#include "render.h"
#include "session.h"
#include "status.h"

enum {
    LINGER_MS = 2,   /* results may wait so long to be written together */
    LOOK_EVERY = 64, /* results between two looks at the clock */
    SHOWN = 64,      /* bytes of an input in a message */
};

struct map {
    const struct settings *settings;
    char *const *name; /* of the input files */
    size_t name_count;
    bool list; /* starmap */

    sopool_pool *pool;
    const sopool_task_info *task;
    sopool_stream *stream;
    struct places *places;

    /* The feeding thread's. */
    struct input input;
    struct arguments arguments;
    uint64_t sent;

    /* What it tells the other. */
    atomic_uint_least64_t told_sent, told_bytes;
    atomic_bool all_sent;

    /* The main thread's. */
    struct output out;
    struct follow follow; /* is as it was when threads were started */
    struct progress progress;
    int64_t flushed; /* when, in nanoseconds */
    uint64_t done, failed;
};

/* ---- feeding ----------------------------------------------------------- */

static void feed_waits(void *ctx)
{
    struct map *map = ctx;

    (void)sopool_stream_flush(map->stream, NULL);
}

/* An input that cannot be sent keeps its place. */
static int feed_failure(struct map *map, sopool_error *why)
{
    (void)strncpy(why->task, map->task->name, sizeof(why->task) - 1);
    return sopool_stream_send_failure(map->stream, why, -1, why);
}

static int feed_line(struct map *map, const struct line *line)
{
    sopool_args args;
    sopool_error why;
    int status;

    if (places_put(map->places, map->sent, (uint32_t)map->input.file,
                   map->input.line, line->text, line->size, NULL) != 0) {
        message("out of memory");
        return -1;
    }
    status =
        arguments_read(&map->arguments, line->text, line->size, &args, &why);
    if (status == 0)
        status = sopool_stream_send(map->stream, args, -1, &why);
    if (status != 0 && why.code != SOPOOL_E_CLOSED)
        status = feed_failure(map, &why);
    if (status != 0)
        return -1;
    map->sent++;
    atomic_store_explicit(&map->told_sent, map->sent, memory_order_relaxed);
    atomic_store_explicit(&map->told_bytes, map->input.done,
                          memory_order_relaxed);
    return 0;
}

static void *feed(void *arg)
{
    struct map *map = arg;
    struct line line;

    while (input_next(&map->input, &line) == 1)
        if (feed_line(map, &line) != 0) {
            map->input.failed = true;
            break;
        }
    atomic_store(&map->all_sent, true);
    sopool_stream_end(map->stream);
    return NULL;
}

/* ---- progress ---------------------------------------------------------- */

static struct progress_state state_of(struct map *map)
{
    sopool_stats stats;

    (void)sopool_get_stats(map->pool, &stats, NULL, 0);
    return (struct progress_state){
        .done = map->done,
        .sent = atomic_load_explicit(&map->told_sent, memory_order_relaxed),
        .consumed =
            atomic_load_explicit(&map->told_bytes, memory_order_relaxed),
        .all_sent = atomic_load(&map->all_sent),
        .workers = stats.workers,
    };
}

static void show_progress(struct map *map)
{
    struct progress_state state;

    if (!progress_due(&map->progress))
        return;
    state = state_of(map);
    progress_draw(&map->progress, &state);
}

/* ---- results ----------------------------------------------------------- */

/* "words:17", or "words: item 17" where items are no lines. */
static void say_where(const struct map *map, const struct place *place,
                      char *out, size_t room)
{
    const char *name = input_name(map->name, place->file);

    (void)snprintf(out, room, "%.512s:%s%" PRIu64, name,
                   map->settings->zero ? " item " : "", place->line);
}

static void say_failure(struct map *map, const struct place *place,
                        const sopool_error *err)
{
    bool json = map->arguments.json || map->list;
    char where[600], text[SHOWN];

    /* What came before it should be seen before it. */
    output_flush(&map->out);
    say_where(map, place, where, sizeof(where));
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

static void put_failure(struct map *map, const sopool_item *item,
                        const struct place *place)
{
    const sopool_error *err = item->error;
    bool json = map->settings->output == FORMAT_JSON;

    if (session_ending())
        session_await_end();
    map->failed++;
    if (json)
        outcome_json(&map->out, map->settings->unordered ? &item->index : NULL,
                     NULL, 0, err);
    if (settings_status(err->code) != EXIT_FAILED)
        stop_broken(map, err);
    if (!json)
        say_failure(map, place, err);
}

/* For those who follow; what they note now has yet to be written. */
static void follow_item(struct map *map, const sopool_item *item,
                        struct place *place)
{
    static const sopool_call_info not_run = {.duration_ns = -1, .cpu_ns = -1};
    struct ended ended = {
        .index = item->index,
        .file = input_name(map->name, place->file),
        .line = place->line,
        .task = map->task->name,
        .cbor = item->cbor,
        .cbor_size = item->size,
        .error = item->error,
        .info = item->info != NULL ? item->info : &not_run,
    };

    if (map->follow.count == 0)
        return;
    ended.text = place->kept->text;
    ended.size = place->kept->size;
    ended.key = place->kept->key;
    follow_call(&map->follow, &ended);
    free(place->kept);
    place->kept = NULL;
}

static void put_item(struct map *map, const sopool_item *item)
{
    const struct settings *settings = map->settings;
    struct place place = {0};

    map->done++;
    if (settings->unordered || item->error != NULL || map->follow.count > 0)
        place = places_take(map->places, item->index);
    follow_item(map, item, &place);
    if (item->error != NULL) {
        put_failure(map, item, &place);
        return;
    }
    if (settings->output == FORMAT_JSON) {
        outcome_json(&map->out, settings->unordered ? &item->index : NULL,
                     item->cbor, item->size, NULL);
        return;
    }
    render_text(&map->out, item->cbor, item->size);
    output_byte(&map->out, '\n');
}

static void flush_results(struct map *map)
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

/* The next result: what was to be written is, before there is a wait. */
static int next_item(struct map *map, sopool_item *item)
{
    sopool_error err;
    int64_t wait = 0;

    for (;;) {
        int status = sopool_stream_next(map->stream, item, wait, &err);

        if (status >= 0)
            return status;
        if (err.code != SOPOOL_E_TIMEOUT) {
            message("%s", err.message);
            session_quit(settings_status(err.code));
        }
        if (wait == 0 && linger(map) > 0) {
            wait = linger(map);
            continue;
        }
        flush_results(map);
        follow_workers(&map->follow, map->pool);
        show_progress(map);
        wait = progress_wait(&map->progress);
    }
}

static void read_results(struct map *map)
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
    if (session_ending())
        session_await_end();
    flush_results(map);
}

/* ---- the whole --------------------------------------------------------- */

static int run_threads(struct map *map)
{
    struct progress_state state;
    pthread_t feeder;
    int error = pthread_create(&feeder, NULL, feed, map);

    if (error != 0) {
        message("cannot start a thread: %s", strerror(error));
        return EXIT_FAILED;
    }
    read_results(map);
    (void)pthread_join(feeder, NULL);
    state = state_of(map);
    progress_end(&map->progress, &state);
    return map->failed > 0 || map->input.failed ? EXIT_FAILED : EXIT_GOOD;
}

static int open_stream(struct map *map, sopool_error *err)
{
    const sopool_stream_options options = {
        .unordered = map->settings->unordered,
        .window = PLACE_WINDOW,
        .details = map->follow.count > 0,
    };

    map->stream = sopool_stream_open(map->pool, map->task->name, &options, err);
    return map->stream != NULL ? 0 : -1;
}

/* With the pool and the task: what else is needed, then the work. */
static int run_task(struct map *map)
{
    const struct settings *settings = map->settings;
    sopool_error err;
    int status = EXIT_FAILED;

    if (input_init(&map->input, map->name, map->name_count,
                   settings->zero ? '\0' : '\n') != 0)
        return EXIT_FAILED;
    map->input.waits = feed_waits;
    map->input.ctx = map;
    map->places = places_new(settings->unordered, map->follow.count > 0);
    if (map->places == NULL)
        message("out of memory");
    else if (open_stream(map, &err) != 0) {
        message("%s", err.message);
        status = settings_status(err.code);
    } else if (arguments_init(&map->arguments, map->task,
                              settings->input == FORMAT_JSON, map->list) == 0) {
        progress_init(&map->progress, settings->progress, session_output(),
                      input_total(map->name, map->name_count));
        status = run_threads(map);
    }
    arguments_finish(&map->arguments);
    sopool_stream_close(map->stream);
    places_free(map->places);
    input_finish(&map->input);
    return status;
}

static int check_task(const struct map *map)
{
    if (map->list || map->task->param_count == 1)
        return 0;
    message("%s takes %zu arguments: %s; use starmap, where a line is a JSON "
            "array of them",
            map->task->name, map->task->param_count, map->task->signature);
    return -1;
}

/* The pool has ended, and what its workers' ends were can be told. */
static int finish(struct map *map, int status)
{
    session_close(map->pool);
    follow_workers(&map->follow, map->pool);
    if (follow_finish(&map->follow) != 0 && status == EXIT_GOOD)
        status = EXIT_FAILED;
    session_finish(map->pool);
    return status;
}

static int run_pool(struct map *map, const char *task)
{
    sopool_error err;
    int status;

    map->pool = settings_pool(map->settings, task, &status);
    if (map->pool == NULL)
        return status;
    session_watch(map->pool);
    map->task = sopool_find_task(map->pool, task, &err);
    if (map->task == NULL) {
        message("%s", err.message);
        status = settings_status(err.code);
    } else if (check_task(map) != 0)
        status = EXIT_USAGE;
    else
        status = run_task(map);
    return finish(map, status);
}

static int run(const struct command *command, const struct settings *settings,
               int argc, char **argv, bool list)
{
    static char standard_input[] = "-", *no_names[] = {standard_input};
    struct map *map;
    int status;

    if (argc < 1)
        return usage(command->name, "%s needs a task", command->name);
    if (list && settings->input == FORMAT_TEXT)
        return usage(command->name, "starmap reads JSON arrays; --input text "
                                    "is for apply and map");
    if (input_check(argv + 1, (size_t)argc - 1) != 0 || session_begin() != 0)
        return EXIT_USAGE;
    map = calloc(1, sizeof(*map));
    if (map == NULL) {
        message("out of memory");
        return EXIT_FAILED;
    }
    map->settings = settings;
    map->list = list;
    map->name = argc > 1 ? argv + 1 : no_names;
    map->name_count = argc > 1 ? (size_t)argc - 1 : 1;
    map->out.fd = session_output();
    status = run_pool(map, argv[0]);
    free(map);
    return status;
}

int map_run(const struct command *command, const struct settings *settings,
            int argc, char **argv)
{
    return run(command, settings, argc, argv, false);
}

int starmap_run(const struct command *command, const struct settings *settings,
                int argc, char **argv)
{
    return run(command, settings, argc, argv, true);
}
