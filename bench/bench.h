/* bench.h - what the programs of this folder share. Each runs one scenario once
 * and prints one number; bench/run starts them in turn and compares. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline int64_t now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static inline void nap_us(long us)
{
    const struct timespec ts = {us / 1000000, us % 1000000 * 1000};

    (void)nanosleep(&ts, NULL);
}

static inline int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Sorts. */
static inline int64_t median_ns(int64_t *times, size_t count)
{
    qsort(times, count, sizeof(*times), compare_ns);
    return times[count / 2];
}

static inline long number_of(const char *text)
{
    return strtol(text, NULL, 10);
}

/* What a scenario is: a name and a function of its arguments. */
struct scenario {
    const char *name;
    double (*run)(char **args);
    int args;
};

static inline int run_scenario(const struct scenario *scenario, int argc,
                               char **argv)
{
    for (; argc > 1 && scenario->name != NULL; scenario++)
        if (strcmp(argv[1], scenario->name) == 0 &&
            argc - 2 == scenario->args) {
            printf("%.3f\n", scenario->run(argv + 2));
            return 0;
        }
    (void)fprintf(stderr, "%s: no such scenario\n", argv[0]);
    return 2;
}

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

#endif
