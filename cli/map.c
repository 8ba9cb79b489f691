/* map.c - see map.h. The run itself is in feed.c and collect.c. */
#include "map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dryrun.h"
#include "maprun.h"
#include "message.h"
#include "session.h"
#include "status.h"

enum {
    HALT_WINDOW = 256, /* calls on their way that may yet fail */
    TELL_STEP_MS = 5,
    TELL_MS = 500, /* the end by a signal waits so long for the main thread */
};

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

/* Waits a while for the main thread to wait. */
static bool has_turn(struct map *map)
{
    const struct timespec step = {0, TELL_STEP_MS * 1000000};

    for (int ms = 0; ms < TELL_MS; ms += TELL_STEP_MS) {
        if (pthread_mutex_trylock(&map->turn) == 0)
            return true;
        (void)nanosleep(&step, NULL);
    }
    return false;
}

/* In another thread: a signal ends the command. What is written by now counts;
 * the main thread may be waiting for who reads it, and then has the turn. Or in
 * the main thread, with 0: it cannot go on, and which results were written is
 * not known. */
static void tell_end(void *ctx, int sig)
{
    struct map *map = ctx;
    char why[64], name[SIGNAL_ROOM];

    if (sig == 0) {
        pictures_end(&map->pictures);
        return;
    }
    if (has_turn(map)) {
        collect_flush(map);
        follow_workers(&map->follow, map->pool);
        (void)follow_finish(&map->follow);
    }
    (void)snprintf(why, sizeof(why),
                   "stopped by %s: ", message_signal(sig, name));
    say_summary(map, why);
}

static int run_threads(struct map *map)
{
    struct progress_state state;
    pthread_t feeder;
    int error = pthread_create(&feeder, NULL, feed_run, map);

    if (error != 0) {
        message("cannot start a thread: %s", strerror(error));
        return EXIT_FAILED;
    }
    (void)pthread_mutex_lock(&map->turn);
    session_at_end(tell_end, map);
    session_on_asked(collect_say, map);
    collect_run(map);
    session_on_asked(NULL, NULL);
    (void)pthread_mutex_unlock(&map->turn);
    state = collect_state(map);
    progress_end(&map->progress, &state);
    if (atomic_load(&map->halted)) {
        say_summary(map, "");
        if (pthread_tryjoin_np(feeder, NULL) != 0) /* it waits for input */
            session_quit(conclude(map, EXIT_FAILED));
    } else {
        (void)pthread_join(feeder, NULL);
    }
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
    uint32_t few;

    if (!map->source.files || !map->source.each.contents)
        return window;
    (void)sopool_get_stats(map->pool, &stats, NULL, 0);
    few = 2 * stats.processes + 2;
    return few < window ? few : window;
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

    map->source.input.waits = feed_flush;
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
    int status;
    sopool_options *options =
        settings_task_options(map->settings, task, &status);
    sopool_catalog *catalog = NULL;
    sopool_error err = {0};

    if (options == NULL)
        return status;
    status = EXIT_USAGE;
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
