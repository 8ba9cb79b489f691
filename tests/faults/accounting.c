/* accounting.c - every call is accounted for exactly once, whatever happens to
 * the workers.
 *
 * Calls are submitted alone and in maps; each appends its number to a file, by
 * a path of its own, when it begins. Meanwhile workers are killed, the pool is
 * resized, calls are cancelled and killed and run over their time, at random.
 * In the end the file and what the results say are compared.
 *
 *     accounting [SEED [CALLS]]
 *
 * A seed that failed is run again by giving it: what is submitted and done to
 * the pool is then the same, though not at the same moments. TAP on stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sopool.h"

enum {
    GROUPS = 48,   /* results that are not read yet */
    MOST = 400,    /* inputs of a map */
    KILL_US = 700, /* between two kills, on average */
};

/* What became of a call. */
enum fate { NONE, DONE, DIED, CANCELLED, KILLED, OVER_TIME, CLOSED, OTHER };
enum { FATES = OTHER + 1 };

/* What happens beside. */
struct plan {
    const char *name;
    const char *method;
    bool kill;      /* workers, from outside */
    bool interfere; /* cancel, kill, resize, time limits */
    bool terminate; /* in the end, before all is done */
};

struct group {
    sopool_result *result;
    int64_t first;
    size_t count;
};

struct run {
    const struct plan *plan;
    sopool_pool *pool;
    char path[256];
    int64_t calls;
    uint8_t *fate;    /* by call */
    uint8_t *records; /* how often each call began */
    uint64_t seed;
    uint64_t random; /* the submitting thread's */
    struct group group[GROUPS];
    size_t group_count;
    int64_t callbacks, groups; /* called, and to be called */
    atomic_int kills;
    atomic_bool end;
    int64_t submitted;
    int64_t fates[FATES];
    char trouble[512]; /* the first thing that is wrong */
};

static void wrong(struct run *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void wrong(struct run *run, const char *fmt, ...)
{
    va_list ap;

    if (run->trouble[0] != '\0')
        return;
    va_start(ap, fmt);
    (void)vsnprintf(run->trouble, sizeof(run->trouble), fmt, ap);
    va_end(ap);
}

/* xorshift64*: small, and the same everywhere. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32) % below;
}

static void rest_us(long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};

    (void)nanosleep(&time, NULL);
}

/* ---- the pool ---------------------------------------------------------- */

static bool open_pool(struct run *run)
{
    sopool_options *options = sopool_options_new();
    sopool_error err = {0};
    bool good =
        options != NULL &&
        sopool_options_set(options, "plugin_path",
                           getenv("SOPOOL_TEST_PLUGINS"), &err) == 0 &&
        sopool_options_set(options, "plugins.load", "behave", &err) == 0 &&
        sopool_options_set(options, "processes", "2", &err) == 0 &&
        sopool_options_set(options, "start_method", run->plan->method, &err) ==
            0 &&
        (run->pool = sopool_open_options(options, &err)) != NULL;

    if (!good)
        wrong(run, "%s", err.message);
    sopool_options_free(options);
    return good;
}

/* How many calls have ended. */
static uint64_t ended(const struct run *run)
{
    sopool_stats stats;

    (void)sopool_get_stats(run->pool, &stats, NULL, 0);
    return stats.done + stats.failed;
}

/* Kills ready workers at random, until the end; the next one once a call has
 * ended since. Where a worker takes long to start and to be given a call, none
 * would live to begin one. */
static void *killer(void *arg)
{
    struct run *run = arg;
    uint64_t random = run->seed * 31 + 7, last = UINT64_MAX;
    int pids[16];

    while (!atomic_load(&run->end)) {
        uint64_t now;
        size_t count;

        rest_us((long)draw(&random, 2 * KILL_US));
        now = ended(run);
        if (now == last)
            continue;
        count = sopool_worker_pids(run->pool, pids, 16);
        if (count == 0)
            continue;
        if (count > 16)
            count = 16;
        if (kill(pids[draw(&random, (uint32_t)count)], SIGKILL) == 0)
            atomic_fetch_add(&run->kills, 1);
        last = now;
    }
    return NULL;
}

/* ---- submitting -------------------------------------------------------- */

static void count_callback(sopool_result *result, void *ctx)
{
    (void)result;
    (void)__atomic_add_fetch((int64_t *)ctx, 1, __ATOMIC_SEQ_CST);
}

/* Mostly none at all; some take so long that they meet their end. */
static uint32_t task_us(struct run *run)
{
    uint32_t kind = draw(&run->random, 400);

    if (kind == 0)
        return draw(&run->random, 6000);
    return kind < 8 ? draw(&run->random, 300) : 0;
}

static void draw_options(struct run *run, sopool_call_options *how)
{
    static const uint32_t chunks[] = {0, 0, 1, 3, 50, 1000};

    how->callback = how->error_callback = count_callback;
    how->ctx = &run->callbacks;
    how->chunksize = chunks[draw(&run->random, 6)];
    if (!run->plan->interfere)
        return;
    how->priority = (int)draw(&run->random, 3) - 1;
    if (draw(&run->random, 10) == 0)
        how->timeout_ms = 2;
}

/* One call, or a map of some. */
static bool submit(struct run *run)
{
    static sopool_arg items[MOST][3];
    static sopool_args inputs[MOST];
    struct group *group = &run->group[run->group_count];
    size_t count =
        draw(&run->random, 3) > 0 ? 1 : (size_t)draw(&run->random, MOST) + 1;
    sopool_call_options how = {0};
    sopool_error err = {0};

    if ((int64_t)count > run->calls - run->submitted)
        count = (size_t)(run->calls - run->submitted);
    draw_options(run, &how);
    for (size_t i = 0; i < count; i++) {
        items[i][0] = sopool_arg_str(run->path);
        items[i][1] = sopool_arg_i64(run->submitted + (int64_t)i);
        items[i][2] = sopool_arg_u64(task_us(run));
        inputs[i] = (sopool_args){items[i], 3, NULL, 0};
    }
    group->result = count == 1
                        ? sopool_apply_async(run->pool, "behave.log_call",
                                             inputs[0], &how, &err)
                        : sopool_starmap_async(run->pool, "behave.log_call",
                                               inputs, count, &how, &err);
    if (group->result == NULL) {
        wrong(run, "not submitted: %s", err.message);
        return false;
    }
    group->first = run->submitted;
    group->count = count;
    run->group_count++;
    run->groups++;
    run->submitted += (int64_t)count;
    return true;
}

/* ---- reading ----------------------------------------------------------- */

static enum fate fate_of(struct run *run, sopool_result *result, size_t index)
{
    sopool_error err = {0};

    if (sopool_result_item(result, index, NULL, &err) != NULL)
        return DONE;
    switch (err.code) {
    case SOPOOL_E_DIED:
        return DIED;
    case SOPOOL_E_CANCELLED:
        return err.pid == 0 ? CANCELLED : KILLED;
    case SOPOOL_E_TIMEOUT:
        return err.pid == 0 ? NONE : OVER_TIME;
    case SOPOOL_E_CLOSED:
        return CLOSED;
    default:
        wrong(run, "%s: %s", sopool_code_name(err.code), err.message);
        return OTHER;
    }
}

static void read_group(struct run *run, const struct group *group)
{
    sopool_error err = {0};

    /* The least urgent waits for all others, and those for new workers. */
    if (sopool_result_wait(group->result, 600000, &err) != 0)
        wrong(run, "calls from %" PRId64 " on: %s", group->first, err.message);
    for (size_t i = 0; i < group->count; i++) {
        enum fate fate = fate_of(run, group->result, i);

        run->fate[group->first + (int64_t)i] = (uint8_t)fate;
        run->fates[fate]++;
    }
    sopool_result_free(group->result);
}

static void read_oldest(struct run *run)
{
    struct group group = run->group[0];

    memmove(run->group, run->group + 1,
            --run->group_count * sizeof(run->group[0]));
    read_group(run, &group);
}

static void interfere(struct run *run)
{
    sopool_result *any =
        run->group[draw(&run->random, (uint32_t)run->group_count)].result;

    switch (draw(&run->random, 60)) {
    case 0:
        (void)sopool_result_cancel(any);
        break;
    case 1:
        /* The oldest is the one that most likely runs. */
        atomic_fetch_add(&run->kills,
                         (int)sopool_result_kill(run->group[0].result));
        break;
    case 2:
        (void)sopool_resize(run->pool, draw(&run->random, 4) + 1, NULL);
        break;
    default:
        break;
    }
}

/* ---- comparing --------------------------------------------------------- */

static void read_records(struct run *run)
{
    FILE *file = fopen(run->path, "r");
    int64_t number;

    if (file == NULL) {
        wrong(run, "cannot read %s: %s", run->path, strerror(errno));
        return;
    }
    while (fread(&number, sizeof(number), 1, file) == 1)
        if (number < 0 || number >= run->calls)
            wrong(run, "a call %" PRId64 " that was never made", number);
        else if (run->records[number]++ == 255)
            run->records[number] = 255;
    (void)fclose(file);
}

/* Began exactly once if it is done, not at all if it was taken back, and else
 * at most once. A worker that is killed while a call is about to write its
 * record leaves none: one for each kill. */
static void compare(struct run *run)
{
    int64_t without = 0;
    int64_t ended;

    for (int64_t i = 0; i < run->submitted; i++) {
        enum fate fate = (enum fate)run->fate[i];
        unsigned records = run->records[i];

        if (fate == NONE)
            wrong(run, "call %" PRId64 " has no end", i);
        if (records > 1)
            wrong(run, "call %" PRId64 " began %u times", i, records);
        if (fate == DONE && records != 1)
            wrong(run, "call %" PRId64 " is done, and never began", i);
        if (fate == CANCELLED && records != 0)
            wrong(run, "call %" PRId64 " was taken back, and began", i);
        if ((fate == DIED || fate == KILLED || fate == OVER_TIME) &&
            records == 0)
            without++;
    }
    ended = run->fates[DIED] + run->fates[KILLED] + run->fates[OVER_TIME];
    if (run->fates[DIED] + run->fates[KILLED] > run->kills)
        wrong(run, "%" PRId64 " calls died of %d kills", ended, run->kills);
    if (without > run->kills + run->fates[OVER_TIME])
        wrong(run, "%" PRId64 " calls failed that had not begun", without);
}

static void compare_statistics(struct run *run)
{
    sopool_stats stats;

    (void)sopool_get_stats(run->pool, &stats, NULL, 0);
    if (stats.submitted != (uint64_t)run->submitted ||
        stats.done != (uint64_t)run->fates[DONE] ||
        stats.done + stats.failed != stats.submitted || stats.queued != 0 ||
        stats.running != 0)
        wrong(run,
              "statistics: %" PRIu64 " submitted, %" PRIu64 " done, %" PRIu64
              " failed",
              stats.submitted, stats.done, stats.failed);
    if (run->callbacks != run->groups)
        wrong(run, "%" PRId64 " callbacks for %" PRId64 " results",
              run->callbacks, run->groups);
}

/* ---- a run ------------------------------------------------------------- */

static void go(struct run *run)
{
    int64_t stop_at = run->plan->terminate ? run->calls / 2 : run->calls;
    sopool_error err = {0};

    while (run->submitted < stop_at && run->trouble[0] == '\0') {
        if (run->group_count == GROUPS)
            read_oldest(run);
        if (!submit(run))
            break;
        if (run->plan->interfere)
            interfere(run);
    }
    if (run->plan->terminate)
        sopool_terminate(run->pool);
    while (run->group_count > 0)
        read_oldest(run);
    sopool_close(run->pool);
    atomic_store(&run->end, true);
    if (sopool_join(run->pool, 60000, &err) != 0)
        wrong(run, "%s", err.message);
}

static void run_with_killer(struct run *run)
{
    pthread_t thread;
    bool killing =
        run->plan->kill && pthread_create(&thread, NULL, killer, run) == 0;

    go(run);
    if (killing)
        (void)pthread_join(thread, NULL);
    compare_statistics(run);
    sopool_destroy(run->pool);
    read_records(run);
    compare(run);
}

static bool make_path(struct run *run)
{
    const char *tmp = getenv("TMPDIR");
    int fd;

    (void)snprintf(run->path, sizeof(run->path), "%.200s/sopool-calls-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    fd = mkstemp(run->path);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool run_plan(const struct plan *plan, int number, uint64_t seed,
                     int64_t calls)
{
    struct run run = {
        .plan = plan, .calls = calls, .seed = seed, .random = seed};

    run.fate = calloc((size_t)calls, 1);
    run.records = calloc((size_t)calls, 1);
    if (run.fate == NULL || run.records == NULL || !make_path(&run))
        exit(99);
    if (open_pool(&run))
        run_with_killer(&run);
    (void)unlink(run.path);
    printf("%sok %d - %s %s\n", run.trouble[0] != '\0' ? "not " : "", number,
           plan->method, plan->name);
    printf("# seed %" PRIu64 ": %" PRId64 " calls, %d kills; %" PRId64
           " done, %" PRId64 " died, %" PRId64 " cancelled, %" PRId64
           " killed, %" PRId64 " over time, %" PRId64 " closed\n",
           seed, run.submitted, run.kills, run.fates[DONE], run.fates[DIED],
           run.fates[CANCELLED], run.fates[KILLED], run.fates[OVER_TIME],
           run.fates[CLOSED]);
    if (run.trouble[0] != '\0')
        printf("# %s\n", run.trouble);
    (void)fflush(stdout);
    free(run.fate);
    free(run.records);
    return run.trouble[0] == '\0';
}

static const struct plan plans[] = {
    {"kills", "forkserver", true, false, false},
    {"kills", "spawn", true, false, false},
    {"kills", "fork", true, false, false},
    {"runs undisturbed", "thread", false, false, false},
    {"everything at once", "forkserver", true, true, false},
    {"everything at once", "spawn", true, true, false},
    {"everything at once", "fork", true, true, false},
    {"is terminated", "forkserver", true, true, true},
    {"is terminated", "spawn", true, true, true},
    {"is terminated", "fork", true, true, true},
    {"is terminated", "thread", false, false, true},
};
enum { PLANS = sizeof(plans) / sizeof(plans[0]) };

/* The sanitizers' runtime cannot be forked while other threads use it. */
static bool can_run(const struct plan *plan)
{
    const char *sanitized = getenv("SOPOOL_TEST_SANITIZED");

    return sanitized == NULL || sanitized[0] == '\0' ||
           strcmp(plan->method, "fork") != 0;
}

static int64_t default_calls(void)
{
    const char *sanitized = getenv("SOPOOL_TEST_SANITIZED");

    return sanitized == NULL || sanitized[0] == '\0' ? 20000 : 3000;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10)
                             : (uint64_t)time(NULL) * 1000 + (uint64_t)getpid();
    int64_t calls = argc > 2 ? strtoll(argv[2], NULL, 10) : default_calls();
    bool good = true;

    if (seed == 0 || calls <= 0) {
        fprintf(stderr, "usage: accounting [SEED [CALLS]]\n");
        return 2;
    }
    printf("1..%d\n", PLANS);
    for (int i = 0; i < PLANS; i++)
        if (can_run(&plans[i]))
            good =
                run_plan(&plans[i], i + 1, seed + (uint64_t)i, calls) && good;
        else
            printf("ok %d - %s %s # SKIP not under sanitizers\n", i + 1,
                   plans[i].method, plans[i].name);
    return good ? 0 : 1;
}
