/* histogram.h - how long calls took: counts by the logarithm of the time, 16
 * steps for each doubling, so that what is read from them is right to 6%. */
#ifndef SOPOOL_CLI_HISTOGRAM_H
#define SOPOOL_CLI_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_STEPS = 16,
    HISTOGRAM_BINS = 64 * HISTOGRAM_STEPS,
};

struct histogram {
    uint64_t count[HISTOGRAM_BINS]; /* of all calls */
    uint64_t failed[HISTOGRAM_BINS];
    uint64_t total;
    double sum_ns;
    int64_t least_ns, most_ns;
};

void histogram_add(struct histogram *histogram, int64_t ns, int failed);

/* The shortest time that is counted in a bin. */
int64_t histogram_floor(size_t bin);

/* The time that this share (0 to 1) of the calls took at most. */
int64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
