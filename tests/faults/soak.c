/* soak.c - mixed load with faults for minutes: memory and descriptors of the
 * program and of its workers must stay as they were.
 *
 *     soak SECONDS [METHOD...]
 *
 * Each start method has its share of the time. In each share, the last third is
 * compared with the second: what only grows shows there.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sopool.h"

enum { SAMPLES = 100000, LARGE = 200000, PIDS = 16 };

/* What grew would be seen beside this: kilobytes, for caches that fill. */
enum { SLACK_KIB = 3072 };

struct sample {
    long program_kib, worker_kib; /* of the largest worker */
    long program_files, worker_files;
};

static struct sample samples[SAMPLES];
static size_t sample_count;
static sopool_error err;
static uint64_t random_state = 1;

static uint64_t draw(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
    return random_state >> 33;
}

static double now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- looking ----------------------------------------------------------- */

static long memory_of(int pid)
{
    char path[64], line[256];
    long kib = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtol(line + 8, NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return kib;
}

static long files_of(int pid)
{
    char path[64];
    long count = 0;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

static void take_sample(sopool_pool *pool, bool threads)
{
    struct sample sample = {memory_of(getpid()), 0, files_of(getpid()), 0};
    int pids[PIDS];
    size_t count = threads ? 0 : sopool_worker_pids(pool, pids, PIDS);

    for (size_t i = 0; i < count && i < PIDS; i++) {
        long kib = memory_of(pids[i]), files = files_of(pids[i]);

        if (kib > sample.worker_kib)
            sample.worker_kib = kib;
        if (files > sample.worker_files)
            sample.worker_files = files;
    }
    if (sample_count < SAMPLES)
        samples[sample_count++] = sample;
}

/* ---- load -------------------------------------------------------------- */

static void some_applies(sopool_pool *pool)
{
    for (int64_t i = 0; i < 50; i++) {
        sopool_value_free(
            sopool_apply(pool, "faults.echo", SOPOOL_ARGS(i), NULL));
        if (i % 10 == 0)
            sopool_value_free(sopool_apply(pool, "faults.fail_odd",
                                           SOPOOL_ARGS(i + 1), NULL));
    }
}

static void a_map(sopool_pool *pool)
{
    enum { COUNT = 5000 };
    static sopool_arg numbers[COUNT];
    sopool_result *result;

    for (int64_t i = 0; i < COUNT; i++)
        numbers[i] = sopool_arg_i64(i);
    result = sopool_map(pool, "behave.square", numbers, COUNT, NULL, NULL);
    for (size_t i = 0; i < COUNT; i += 7)
        sopool_value_free(sopool_result_value(result, i, NULL));
    sopool_result_free(result);
}

static void large_ones(sopool_pool *pool)
{
    static char large[LARGE];

    for (int i = 0; i < 10; i++) {
        sopool_value_free(
            sopool_apply(pool, "faults.size",
                         SOPOOL_ARGS(sopool_arg_bytes(large, LARGE)), NULL));
        sopool_value_free(sopool_apply(pool, "faults.big",
                                       SOPOOL_ARGS(UINT64_C(300000)), NULL));
    }
}

static void some_cancelled(sopool_pool *pool)
{
    for (int i = 0; i < 30; i++) {
        sopool_result *result = sopool_apply_async(
            pool, "faults.nap", SOPOOL_ARGS(UINT64_C(1)), NULL, NULL);

        if (i % 2 == 0)
            (void)sopool_result_cancel(result);
        if (i % 3 == 0) /* others are never collected */
            (void)sopool_result_wait(result, 1000, NULL);
        sopool_result_free(result);
    }
}

static int next_number(void *ctx, sopool_args *args, sopool_error *why)
{
    static sopool_arg arg;
    int64_t *left = ctx;

    (void)why;
    if (*left == 0)
        return 0;
    arg = sopool_arg_i64((*left)--);
    *args = (sopool_args){&arg, 1, NULL, 0};
    return 1;
}

static void a_stream(sopool_pool *pool)
{
    int64_t left = 5000;
    sopool_iterator *iterator = sopool_imap_unordered(
        pool, "faults.echo", next_number, &left, NULL, NULL);
    sopool_item item;

    while (iterator != NULL &&
           sopool_imap_next(iterator, &item, 10000, NULL) == 1)
        ;
    sopool_imap_close(iterator);
}

static void a_death(sopool_pool *pool, bool threads)
{
    if (!threads)
        sopool_value_free(
            sopool_apply(pool, "faults.die", SOPOOL_ARGS("segv"), NULL));
}

static void one_round(sopool_pool *pool, bool threads)
{
    switch (draw() % 16) {
    case 0:
        a_death(pool, threads);
        break;
    case 1:
        (void)sopool_resize(pool, (uint32_t)(draw() % 4 + 1), NULL);
        break;
    case 2:
    case 3:
        large_ones(pool);
        break;
    case 4:
    case 5:
        some_cancelled(pool);
        break;
    case 6:
    case 7:
    case 8:
        a_stream(pool);
        break;
    case 9:
    case 10:
    case 11:
        a_map(pool);
        break;
    default:
        some_applies(pool);
    }
}

/* ---- judging ----------------------------------------------------------- */

/* The largest in a part of the samples. */
static struct sample most(size_t from, size_t to)
{
    struct sample top = {0, 0, 0, 0};

    for (size_t i = from; i < to; i++) {
        const struct sample *s = &samples[i];

        if (s->program_kib > top.program_kib)
            top.program_kib = s->program_kib;
        if (s->worker_kib > top.worker_kib)
            top.worker_kib = s->worker_kib;
        if (s->program_files > top.program_files)
            top.program_files = s->program_files;
        if (s->worker_files > top.worker_files)
            top.worker_files = s->worker_files;
    }
    return top;
}

static int compare(const char *what, long before, long after, long slack)
{
    bool good = after <= before + slack;

    (void)printf("# %-22s %8ld, then %8ld%s\n", what, before, after,
                 good ? "" : "   GREW");
    return good ? 0 : -1;
}

static int judge(void)
{
    size_t third = sample_count / 3;
    struct sample a = most(third, 2 * third), b = most(2 * third, sample_count);
    int status = sample_count >= 9 ? 0 : -1;

    status |= compare("program's memory, KiB", a.program_kib, b.program_kib,
                      SLACK_KIB);
    status |=
        compare("program's descriptors", a.program_files, b.program_files, 2);
    status |= compare("a worker's memory, KiB", a.worker_kib, b.worker_kib,
                      SLACK_KIB);
    status |=
        compare("a worker's descriptors", a.worker_files, b.worker_files, 2);
    return status;
}

/* ---- a share ----------------------------------------------------------- */

static sopool_pool *open_pool(const char *method)
{
    const char *const set[][2] = {
        {"plugin_path", getenv("SOPOOL_TEST_PLUGINS")},
        {"plugins.load", "faults"},
        {"plugins.load", "behave"},
        {"start_method", method},
        {"processes", "2"},
        {"chaos", "kill=1/100000,slow=1/20000:1ms,init-fail=1/20,nomem=1/500"},
    };
    sopool_options *options = sopool_options_new();
    sopool_pool *pool = NULL;
    int status = options != NULL ? 0 : -1;

    for (size_t i = 0; status == 0 && i < sizeof(set) / sizeof(set[0]); i++)
        status = sopool_options_set(options, set[i][0], set[i][1], &err);
    if (status == 0)
        pool = sopool_open_options(options, &err);
    sopool_options_free(options);
    return pool;
}

static int share(const char *method, double seconds)
{
    bool threads = strcmp(method, "thread") == 0;
    sopool_pool *pool = open_pool(method);
    double end = now() + seconds, next = now();
    uint64_t rounds = 0;
    sopool_stats stats;

    if (pool == NULL) {
        (void)printf("# %s: %s\n", method, err.message);
        return -1;
    }
    sample_count = 0;
    while (now() < end) {
        one_round(pool, threads);
        rounds++;
        if (now() < next)
            continue;
        next = now() + seconds / 120;
        take_sample(pool, threads);
    }
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    (void)printf("# %s: %" PRIu64 " rounds, %" PRIu64 " calls, %" PRIu64
                 " failed, %" PRIu64 " workers started\n",
                 method, rounds, stats.submitted, stats.failed, stats.started);
    sopool_terminate(pool);
    (void)sopool_join(pool, -1, NULL);
    sopool_destroy(pool);
    return judge();
}

int main(int argc, char **argv)
{
    static const char *const all[] = {"forkserver", "spawn", "fork", "thread"};
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 600;
    int count = argc > 2 ? argc - 2 : 4;
    int failed = 0;

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        const char *method = argc > 2 ? argv[i + 2] : all[i];
        bool good = share(method, seconds / count) == 0;

        (void)printf("%s %d - %s: memory and descriptors stay\n",
                     good ? "ok" : "not ok", i + 1, method);
        failed |= !good;
    }
    return failed;
}
