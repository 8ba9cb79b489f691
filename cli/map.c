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
#include <time.h>

#include "dryrun.h"
#include "follow.h"
#include "form.h"
#include "message.h"
#include "output.h"
#include "pictures.h"
#include "place.h"
#include "progress.h"
#include "render.h"
#include "results.h"
#include "resume.h"
#include "session.h"
#include "source.h"
#include "status.h"

enum {
    LINGER_MS = 2,     /* results may wait so long to be written together */
    LOOK_EVERY = 64,   /* results between two looks at the clock */
    HALT_WINDOW = 256, /* calls on their way that may yet fail */
    HALT_MS = 50,  /* the last results of a run that was halted are awaited */
    TELL_MS = 500, /* the end by a signal waits so long for the main thread */
    SHOWN = 64,    /* bytes of an input in a message */
};

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

/* Waits until the next call may begin; what was sent must not wait with it. */
static void wait_for_turn(struct map *map)
{
    int64_t wait;

    while (!atomic_load(&map->halted) &&
           (wait = pace_wait(&map->pace, progress_now())) > 0) {
        const struct timespec time = {wait / 1000000000, wait % 1000000000};

        feed_waits(map);
        (void)nanosleep(&time, NULL);
    }
}

/* Sends the call, or why there is none. */
static int feed_call(struct map *map, int status, const sopool_args *args,
                     sopool_error *why)
{
    if (status == 0 && pace_on(&map->pace))
        wait_for_turn(map);
    if (status == 0)
        status = sopool_stream_send(map->stream, *args, -1, why);
    if (status != 0 && why->code != SOPOOL_E_CLOSED)
        status = feed_failure(map, why);
    return status;
}

static int feed_line(struct map *map, const struct line *line)
{
    struct logged logged;
    sopool_args args;
    sopool_error why;
    int wanted, status = source_args(&map->source, line, &args, &why);

    wanted = resume_wants(&map->resume, map->task, status == 0 ? &args : NULL,
                          line->text, line->size, &logged);
    if (wanted == 0)
        return 0;
    if (wanted < 0 ||
        places_put(map->places, map->sent, (uint32_t)source_file(&map->source),
                   source_line(&map->source), line->text, line->size,
                   &logged) != 0) {
        message("out of memory");
        return -1;
    }
    if (status != 0 && map->source.spot.line > 0)
        places_mark(map->places, map->sent, map->source.spot.line,
                    map->source.spot.column);
    if (feed_call(map, status, &args, &why) != 0)
        return -1;
    map->sent++;
    atomic_store_explicit(&map->told_sent, map->sent, memory_order_relaxed);
    atomic_store_explicit(&map->told_bytes, source_done(&map->source),
                          memory_order_relaxed);
    return 0;
}

static void *feed(void *arg)
{
    struct map *map = arg;
    struct line line;

    while (!atomic_load(&map->halted) && source_next(&map->source, &line) == 1)
        if (feed_line(map, &line) != 0) {
            map->source.input.failed = true;
            break;
        }
    atomic_store(&map->all_sent, true);
    sopool_stream_end(map->stream);
    return NULL;
}

/* ---- progress ---------------------------------------------------------- */

static uint64_t told(atomic_uint_least64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void tell(atomic_uint_least64_t *number, uint64_t value)
{
    atomic_store_explicit(number, value, memory_order_relaxed);
}

static struct progress_state state_of(struct map *map)
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
static void say_progress(void *ctx)
{
    struct map *map = ctx;
    struct progress_state state = state_of(map);

    progress_say(&map->progress, &state, map->task->name);
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
        look_at_failures(map);
        if (is_all(map))
            return 0;
        wait = longest_wait(map);
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
    stop_if_ending(map);
    if (map->results == NULL && !atomic_load(&map->halted))
        form_end(&map->form, &map->out, map->task->result_type);
    flush_results(map);
}

/* ---- the whole --------------------------------------------------------- */

/* The pool has ended, and what its workers' ends were can be told. */
static int conclude(struct map *map, int status)
{
    session_close(map->pool);
    session_at_end(NULL, NULL);
    follow_workers(&map->follow, map->pool);
    if (follow_finish(&map->follow) != 0 && status == EXIT_GOOD)
        status = EXIT_FAILED;
    return status;
}

/* What there is to say of a run that did not come to its end. */
static void say_summary(const struct map *map, const char *why)
{
    uint64_t sent = atomic_load(&map->told_sent);

    message(
        "%s%" PRIu64 " calls were done, %" PRIu64 " of them failed; %" PRIu64
        " more inputs were read, and have no result%s",
        why, map->done, map->failed, sent > map->done ? sent - map->done : 0,
        map->resume.on ? "; --resume goes on from here" : "");
}

/* In another thread: a signal ends the command. What is written by now counts;
 * the main thread may be waiting for who reads it, and then has the turn. Or in
 * the main thread, with 0: it cannot go on, and which results were written is
 * not known. */
static void tell_end(void *ctx, int sig)
{
    struct map *map = ctx;
    const struct timespec until = {0, TELL_MS * 1000000};
    struct timespec now;
    char why[64];

    if (sig == 0) {
        pictures_end(&map->pictures);
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    now.tv_nsec += until.tv_nsec;
    now.tv_sec += now.tv_nsec / 1000000000;
    now.tv_nsec %= 1000000000;
    if (pthread_mutex_clocklock(&map->turn, CLOCK_MONOTONIC, &now) == 0) {
        flush_results(map);
        follow_workers(&map->follow, map->pool);
        (void)follow_finish(&map->follow);
    }
    (void)snprintf(why, sizeof(why), "stopped by SIG%s: ", sigabbrev_np(sig));
    say_summary(map, why);
}

static int run_threads(struct map *map)
{
    struct progress_state state;
    pthread_t feeder;
    int error = pthread_create(&feeder, NULL, feed, map);

    if (error != 0) {
        message("cannot start a thread: %s", strerror(error));
        return EXIT_FAILED;
    }
    (void)pthread_mutex_lock(&map->turn);
    session_at_end(tell_end, map);
    session_on_asked(say_progress, map);
    read_results(map);
    session_on_asked(NULL, NULL);
    (void)pthread_mutex_unlock(&map->turn);
    state = state_of(map);
    progress_end(&map->progress, &state);
    if (atomic_load(&map->halted))
        say_summary(map, "");
    if (!atomic_load(&map->halted))
        (void)pthread_join(feeder, NULL);
    else if (pthread_tryjoin_np(feeder, NULL) != 0) /* it waits for input */
        session_quit(conclude(map, EXIT_FAILED));
    return map->failed > 0 || map->source.input.failed ? EXIT_FAILED
                                                       : EXIT_GOOD;
}

/* Calls that may be under way: few of those whose arguments may be large, and
 * of those that may yet fail. */
static uint32_t window_of(const struct map *map)
{
    uint32_t window =
        map->settings->halt.when == HALT_NEVER ? PLACE_WINDOW : HALT_WINDOW;
    sopool_stats stats;

    if (!map->source.files || !map->source.each.contents)
        return window;
    (void)sopool_get_stats(map->pool, &stats, NULL, 0);
    stats.processes = 2 * stats.processes + 2;
    return stats.processes < window ? stats.processes : window;
}

static int open_stream(struct map *map, sopool_error *err)
{
    const sopool_stream_options options = {
        .unordered = map->settings->unordered,
        .window = window_of(map),
        .details = map->follow.count > 0,
    };

    map->stream = sopool_stream_open(map->pool, map->task->name, &options, err);
    return map->stream != NULL ? 0 : -1;
}

static int open_output(struct map *map)
{
    const struct settings *settings = map->settings;

    if (form_init(&map->form, settings) != 0)
        return EXIT_FAILED;
    if (settings->results == NULL)
        return EXIT_GOOD;
    map->results = results_open(settings->results);
    return map->results != NULL ? EXIT_GOOD : EXIT_USAGE;
}

/* With the pool and the inputs: what else is needed. */
static int open_run(struct map *map)
{
    const struct settings *settings = map->settings;
    sopool_error err;

    map->source.input.waits = feed_waits;
    map->source.input.ctx = map;
    map->keeps = map->follow.count > 0 || settings->tag || map->results != NULL;
    map->plain =
        !map->keeps && !settings->unordered && settings->output <= FORMAT_TEXT;
    map->places = places_new(settings->unordered, map->keeps);
    if (map->places == NULL) {
        message("out of memory");
        return EXIT_FAILED;
    }
    if (open_stream(map, &err) == 0)
        return EXIT_GOOD;
    message("%s", err.message);
    return settings_status(err.code);
}

static int run_pool_on(struct map *map)
{
    int output = map->settings->results != NULL ? -1 : session_output();
    int status = open_output(map);

    if (status == EXIT_GOOD)
        status = open_run(map);
    if (status == EXIT_GOOD) {
        progress_init(&map->progress, map->settings->progress, output,
                      source_total(&map->source));
        status = run_threads(map);
    }
    sopool_stream_close(map->stream);
    places_free(map->places);
    results_close(map->results);
    form_finish(&map->form);
    return status;
}

static int run_dry(struct map *map)
{
    struct dryrun run = {
        .task = map->task,
        .source = &map->source,
        .resume = &map->resume,
        .out = &map->out,
    };

    return dryrun(&run);
}

/* With the task: opens the inputs. */
static int run_task(struct map *map, int (*run)(struct map *map))
{
    int status = source_open(&map->source, map->settings, map->task, map->name,
                             map->name_count, map->list);

    if (status == EXIT_GOOD)
        status = run(map);
    source_close(&map->source);
    return status;
}

static int run_pool(struct map *map, const char *task)
{
    sopool_error err;
    int status;

    map->pool = settings_pool(map->settings, task, &status);
    if (map->pool == NULL) {
        (void)follow_finish(&map->follow);
        return status;
    }
    session_watch(map->pool);
    map->task = sopool_find_task(map->pool, task, &err);
    if (map->task == NULL) {
        message("%s", err.message);
        status = settings_status(err.code);
    } else if (pictures_begin(&map->pictures, map->settings,
                              map->list ? "starmap" : "map", map->task,
                              map->pool, &map->follow) != 0)
        status = EXIT_USAGE;
    else
        status = run_task(map, run_pool_on);
    status = conclude(map, status);
    session_finish(map->pool);
    return status;
}

/* The task is known without its plugin being opened. */
static int run_catalog(struct map *map, const char *task)
{
    sopool_options *options = settings_options(map->settings);
    sopool_catalog *catalog = NULL;
    sopool_error err = {0};
    int status = EXIT_USAGE;

    if (options == NULL)
        return EXIT_USAGE;
    catalog = sopool_catalog_open(options, NULL, NULL, &err);
    if (catalog != NULL)
        map->task = sopool_catalog_find(catalog, task, &err);
    if (map->task == NULL)
        message("%s", err.message);
    else
        status = run_task(map, run_dry);
    (void)follow_finish(&map->follow);
    sopool_catalog_free(catalog);
    sopool_options_free(options);
    return status;
}

/* Opens the log, which is only read if nothing is run. */
static int open_log(struct map *map)
{
    const struct settings *settings = map->settings;
    struct follower follower;

    if (settings->dry_run && !settings->resume && !settings->retry_failed)
        return 0;
    if (resume_open(&map->resume, settings) != 0)
        return -1;
    if (!map->resume.on)
        return 0;
    follower = joblog_follower(map->resume.log);
    follow_add(&map->follow, &follower);
    return 0;
}

static int run_map(struct map *map, const char *task)
{
    int status = EXIT_USAGE;

    if (open_log(map) == 0)
        status = map->settings->dry_run ? run_catalog(map, task)
                                        : run_pool(map, task);
    resume_close(&map->resume);
    return status;
}

/* Do the options go together? */
static int check_options(const struct command *command,
                         const struct settings *settings, bool list)
{
    const char *wrong = NULL;
    int input = settings->input;

    if (list && input == FORMAT_TEXT && !settings->each_file)
        wrong = "starmap reads JSON arrays; --input text is for apply and map";
    else if (settings->each_file && input > FORMAT_TEXT)
        wrong = "--each-file gives whole files to the task as they are; "
                "--input is for files that hold inputs";
    else if (settings->zero && input > FORMAT_JSON)
        wrong = "-0 is for lines; rows of --input csv and tsv end with a "
                "newline";
    else if (settings->tag && settings->output > FORMAT_CSV)
        wrong = "--tag has no place in --output raw and cbor; allowed: text, "
                "json, csv";
    return wrong != NULL ? usage(command->name, "%s", wrong) : 0;
}

static int run(const struct command *command, const struct settings *settings,
               int argc, char **argv, bool list)
{
    static char standard_input[] = "-", *no_names[] = {standard_input};
    struct map *map;
    int status;

    if (argc < 1)
        return usage(command->name, "%s needs a task", command->name);
    if (check_options(command, settings, list) != 0)
        return EXIT_USAGE;
    if (!settings->each_file && input_check(argv + 1, (size_t)argc - 1) != 0)
        return EXIT_USAGE;
    if (session_begin() != 0)
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
    map->pace = settings->pace;
    (void)pthread_mutex_init(&map->turn, NULL);
    status = run_map(map, argv[0]);
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
