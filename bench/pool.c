/* pool.c - sopool in the scenarios of bench/run, through its public API.
 *
 *     pool SCENARIO METHOD ...
 *
 * METHOD is a start method. SOPOOL_PLUGIN_PATH must lead to bench.so (see
 * tasks.c) and hash.so.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include <sopool.h>

#include "bench.h"

enum { WORKERS = 2 };

static void give_up(const sopool_error *err)
{
    (void)fprintf(stderr, "pool: %s\n", err->message);
    exit(1);
}

static void set(sopool_options *options, const char *key, const char *value)
{
    sopool_error err;

    if (sopool_options_set(options, key, value, &err) != 0)
        give_up(&err);
}

/* A pool of `workers` with one plugin. `key` may be NULL. */
static sopool_pool *pool_of(const char *method, const char *plugin,
                            const char *workers, const char *key,
                            const char *value)
{
    sopool_options *options = sopool_options_new();
    sopool_error err;
    sopool_pool *pool;

    set(options, "start_method", method);
    set(options, "plugins.load", plugin);
    set(options, "processes", workers);
    if (key != NULL)
        set(options, key, value);
    pool = sopool_open_options(options, &err);
    if (pool == NULL)
        give_up(&err);
    sopool_options_free(options);
    return pool;
}

static sopool_pool *pool_for(const char *method)
{
    return pool_of(method, "bench", "2", NULL, NULL);
}

static int64_t apply(sopool_pool *pool, const char *task, int64_t x)
{
    sopool_error err;
    sopool_value *value = sopool_apply(pool, task, SOPOOL_ARGS(x), &err);
    int64_t out;

    if (value == NULL || sopool_value_i64(value, &out, &err) != 0)
        give_up(&err);
    sopool_value_free(value);
    return out;
}

/* All workers there and warm. */
static sopool_pool *ready_pool(const char *method)
{
    sopool_pool *pool = pool_for(method);
    sopool_stats stats;

    do {
        (void)apply(pool, "bench.noop", 1);
        (void)sopool_get_stats(pool, &stats, NULL, 0);
    } while (stats.workers < WORKERS);
    return pool;
}

/* ---- one call ---------------------------------------------------------- */

/* A round trip with a worker that is awake, in nanoseconds. */
static double awake(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const long count = number_of(args[1]);
    int64_t began = 0;

    for (long i = -count / 10; i < count; i++) {
        if (i == 0)
            began = now_ns();
        if (apply(pool, "bench.noop", i) != i)
            exit(1);
    }
    began = now_ns() - began;
    sopool_destroy(pool);
    return (double)began / (double)count;
}

/* The same when all sleep before each call. */
static double asleep(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t count = (size_t)number_of(args[1]);
    int64_t *times = calloc(count, sizeof(*times));

    for (size_t i = 0; i < count; i++) {
        nap_us(2000);
        times[i] = -now_ns();
        (void)apply(pool, "bench.noop", 1);
        times[i] += now_ns();
    }
    sopool_destroy(pool);
    return (double)median_ns(times, count);
}

/* ---- many calls -------------------------------------------------------- */

static sopool_result *apply_async(sopool_pool *pool, const char *task,
                                  int64_t x)
{
    sopool_error err;
    sopool_result *result =
        sopool_apply_async(pool, task, SOPOOL_ARGS(x), NULL, &err);

    if (result == NULL)
        give_up(&err);
    return result;
}

static int64_t get(sopool_result *result)
{
    sopool_error err;
    sopool_value *value = sopool_result_get(result, -1, &err);
    int64_t out;

    if (value == NULL || sopool_value_i64(value, &out, &err) != 0)
        give_up(&err);
    sopool_value_free(value);
    sopool_result_free(result);
    return out;
}

/* Submits calls one by one, then collects them one by one: how long it took. */
static int64_t async_round(sopool_pool *pool, sopool_result **results,
                           size_t count)
{
    const int64_t began = now_ns();

    for (size_t i = 0; i < count; i++)
        results[i] = apply_async(pool, "bench.noop", (int64_t)i);
    for (size_t i = 0; i < count; i++)
        if (get(results[i]) != (int64_t)i)
            exit(1);
    return now_ns() - began;
}

/* Nanoseconds for each of many calls; of the second round, when memory is warm.
 */
static double async(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t count = (size_t)number_of(args[1]);
    sopool_result **results = calloc(count, sizeof(*results));
    int64_t took;

    (void)async_round(pool, results, count);
    took = async_round(pool, results, count);
    sopool_destroy(pool);
    return (double)took / (double)count;
}

static sopool_arg *inputs_of(size_t count, bool same, int64_t x)
{
    sopool_arg *inputs = malloc(count * sizeof(*inputs));

    for (size_t i = 0; i < count; i++)
        inputs[i] = sopool_arg_i64(same ? x : (int64_t)i);
    return inputs;
}

static int64_t item(sopool_result *result, size_t index)
{
    sopool_error err;
    sopool_value *value = sopool_result_value(result, index, &err);
    int64_t out;

    if (value == NULL || sopool_value_i64(value, &out, &err) != 0)
        give_up(&err);
    sopool_value_free(value);
    return out;
}

static double map_of(sopool_pool *pool, const char *task,
                     const sopool_arg *inputs, size_t count, uint32_t chunksize)
{
    const sopool_call_options options = {.chunksize = chunksize};
    int64_t began = now_ns();
    sopool_error err;
    sopool_result *result =
        sopool_map(pool, task, inputs, count, &options, &err);

    began = now_ns() - began;
    if (result == NULL || !sopool_result_successful(result))
        give_up(&err);
    if (strcmp(task, "bench.triple") == 0 &&
        item(result, count - 1) != (int64_t)(count - 1) * 3)
        exit(1);
    sopool_result_free(result);
    return (double)began / (double)count;
}

/* Nanoseconds for an item of a map of that many, from one array to another. */
static double map(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t count = (size_t)number_of(args[1]);
    int64_t *in = malloc(count * sizeof(*in));
    int64_t *out = malloc(count * sizeof(*out));
    sopool_error err;
    int64_t began;

    for (size_t i = 0; i < count; i++)
        out[i] = in[i] = (int64_t)i;
    began = now_ns();
    if (sopool_map_numbers(pool, "bench.triple", SOPOOL_I64, in, SOPOOL_I64,
                           out, count, NULL, &err) != 0)
        give_up(&err);
    began = now_ns() - began;
    for (size_t i = 0; i < count; i++)
        if (out[i] != in[i] * 3)
            exit(1);
    sopool_destroy(pool);
    return (double)began / (double)count;
}

/* The same with a value for each input, and a result that is kept. */
static double map_values(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t count = (size_t)number_of(args[1]);
    sopool_arg *inputs = inputs_of(count, false, 0);
    double each = map_of(pool, "bench.triple", inputs, count, 0);

    sopool_destroy(pool);
    return each;
}

/* The same with that many workers. */
static double workers(char **args)
{
    sopool_pool *pool = pool_of(args[0], "bench", args[1], NULL, NULL);
    const size_t count = (size_t)number_of(args[2]);
    sopool_arg *inputs = inputs_of(count, true, 1000);
    sopool_stats stats;
    double each;

    do {
        nap_us(1000);
        (void)sopool_get_stats(pool, &stats, NULL, 0);
    } while ((long)stats.workers < number_of(args[1]));
    (void)map_of(pool, "bench.spin", inputs, count / 10, 0);
    each = map_of(pool, "bench.spin", inputs, count, 0);
    sopool_destroy(pool);
    return each;
}

/* Milliseconds of a map of tasks that keep a processor busy for some time:
 * METHOD CHUNKSIZE NANOSECONDS COUNT. */
static double chunks(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const uint32_t chunksize = (uint32_t)number_of(args[1]);
    const long ns = number_of(args[2]);
    const size_t count = (size_t)number_of(args[3]);
    sopool_arg *inputs = inputs_of(count, true, ns);
    const char *task = ns < 100 ? "bench.noop" : "bench.spin";
    double each = map_of(pool, task, inputs, count, chunksize);

    sopool_destroy(pool);
    return each * (double)count / 1e6;
}

/* ---- large data -------------------------------------------------------- */

/* Milliseconds for so many bytes to a task and back, when memory is warm. */
static double echo_of(sopool_pool *pool, sopool_arg arg, char *data,
                      size_t size)
{
    int64_t times[9];

    memset(data, 7, size);
    for (int i = -3; i < 9; i++) {
        int64_t began = now_ns();
        sopool_error err;
        sopool_value *value =
            sopool_apply(pool, "bench.echo", SOPOOL_ARGS(arg), &err);
        const void *got;
        size_t got_size;

        if (value == NULL ||
            sopool_value_bytes(value, &got, &got_size, &err) != 0)
            give_up(&err);
        if (i >= 0)
            times[i] = now_ns() - began;
        if (got_size != size || memcmp(got, data, size) != 0)
            exit(1);
        sopool_value_free(value);
    }
    return (double)median_ns(times, 9) / 1e6;
}

/* That many MiB in a buffer. */
static double echo(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t size = (size_t)number_of(args[1]) << 20;
    sopool_error err;
    sopool_buffer *buffer = sopool_buffer_new(size, &err);
    double ms;

    if (buffer == NULL)
        give_up(&err);
    ms = echo_of(pool, sopool_arg_buffer(buffer, 0, size, SOPOOL_BYTES),
                 sopool_buffer_data(buffer), size);
    sopool_buffer_free(buffer);
    sopool_destroy(pool);
    return ms;
}

/* And anywhere else. */
static double echo_plain(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t size = (size_t)number_of(args[1]) << 20;
    char *data = malloc(size);
    double ms;

    if (data == NULL)
        fail("malloc");
    ms = echo_of(pool, sopool_arg_bytes(data, size), data, size);
    free(data);
    sopool_destroy(pool);
    return ms;
}

/* ---- workers that come and go ------------------------------------------ */

/* Milliseconds from nothing to the first result of a plugin with libcrypto. */
static double start(char **args)
{
    int64_t began = now_ns();
    sopool_pool *pool = pool_for(args[0]);

    (void)apply(pool, "bench.noop", 1);
    began = now_ns() - began;
    sopool_destroy(pool);
    return (double)began / 1e6;
}

/* Calls a second when each gets a worker of its own. */
static double retire(char **args)
{
    sopool_pool *pool = pool_of(args[0], "bench", "2", "maxtasksperchild", "1");
    const size_t count = (size_t)number_of(args[1]);
    sopool_arg *inputs = inputs_of(count, false, 0);
    sopool_error err;
    sopool_result *result;
    int64_t began;

    sopool_result_free(sopool_map(pool, "bench.noop", inputs, 10, NULL, &err));
    began = now_ns();
    result = sopool_map(pool, "bench.noop", inputs, count, NULL, &err);
    began = now_ns() - began;
    if (result == NULL || !sopool_result_successful(result))
        give_up(&err);
    sopool_result_free(result);
    sopool_destroy(pool);
    return (double)count * 1e9 / (double)began;
}

/* ---- long and short ---------------------------------------------------- */

enum { LONG_US = 1000000, SHORT_US = 1000 };

/* Seconds for a mix of so many naps of 1 s and of 1 ms on two workers. */
static double naps(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t longs = (size_t)number_of(args[1]);
    const size_t count = longs + (size_t)number_of(args[2]);
    sopool_arg *inputs = inputs_of(count, true, SHORT_US);
    sopool_error err;
    sopool_result *result;
    int64_t began;

    for (size_t i = 0; i < longs; i++)
        inputs[i * 100 + 7] = sopool_arg_i64(LONG_US);
    began = now_ns();
    result = sopool_map(pool, "bench.nap", inputs, count, NULL, &err);
    began = now_ns() - began;
    if (result == NULL || !sopool_result_successful(result))
        give_up(&err);
    sopool_result_free(result);
    sopool_destroy(pool);
    return (double)began / 1e9;
}

/* ---- memory and quiet -------------------------------------------------- */

static long resident_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = number_of(line + 8);
    (void)fclose(file);
    return kib;
}

/* Bytes of memory for each call that is queued. */
static double memory(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    const size_t count = (size_t)number_of(args[1]);
    sopool_result **results = malloc(count * sizeof(*results));
    long before;

    memset(results, 1, count * sizeof(*results)); /* takes its memory now */
    for (size_t i = 0; i < WORKERS; i++)
        sopool_result_free(apply_async(pool, "bench.nap", 3600000000));
    before = resident_kib();
    for (size_t i = 0; i < count; i++)
        results[i] = apply_async(pool, "bench.noop", (int64_t)i);
    before = resident_kib() - before;
    sopool_destroy(pool);
    return (double)before * 1024 / (double)count;
}

/* Context switches that a process of ours, with all its threads, made. */
static long switches_of(long pid)
{
    char path[300], line[256];
    long count = 0;
    struct dirent *entry;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%ld/task", pid);
    dir = opendir(path);
    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        FILE *file;

        /* Not this thread, which counts. */
        if (entry->d_name[0] == '.' || number_of(entry->d_name) == getpid())
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%ld/task/%s/status", pid,
                       entry->d_name);
        file = fopen(path, "re");
        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
            if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
                count += number_of(line + 24);
        if (file != NULL)
            (void)fclose(file);
    }
    (void)closedir(dir);
    return count;
}

static long switches(sopool_pool *pool)
{
    int pids[8];
    size_t count = sopool_worker_pids(pool, pids, 8);
    long sum = switches_of(getpid());

    for (size_t i = 0; i < count; i++)
        if (pids[i] != getpid())
            sum += switches_of(pids[i]);
    return sum;
}

/* Wake-ups of an idle pool in that many seconds. */
static double idle(char **args)
{
    sopool_pool *pool = ready_pool(args[0]);
    long before;

    nap_us(3000000);
    before = switches(pool);
    nap_us(number_of(args[1]) * 1000000);
    before = switches(pool) - before;
    sopool_destroy(pool);
    return (double)before;
}

int main(int argc, char **argv)
{
    static const struct scenario scenarios[] = {
        {"awake", awake, 2},
        {"asleep", asleep, 2},
        {"async", async, 2},
        {"map", map, 2},
        {"mapvalues", map_values, 2},
        {"workers", workers, 3},
        {"chunks", chunks, 4},
        {"echo", echo, 2},
        {"plain", echo_plain, 2},
        {"start", start, 1},
        {"retire", retire, 2},
        {"naps", naps, 3},
        {"memory", memory, 2},
        {"idle", idle, 2},
        {NULL, NULL, 0},
    };

    return run_scenario(scenarios, argc, argv);
}
