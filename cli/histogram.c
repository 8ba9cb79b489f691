/* histogram.c - see histogram.h. */
#include "histogram.h"

/* The place of the highest bit, and the four below it. */
static size_t bin_of(int64_t ns)
{
    uint64_t value = ns > 1 ? (uint64_t)ns : 1;
    unsigned octave = 63 - (unsigned)__builtin_clzll(value);
    uint64_t step = octave >= 4 ? value >> (octave - 4) : value << (4 - octave);

    return (size_t)octave * HISTOGRAM_STEPS + (size_t)(step & 15);
}

int64_t histogram_floor(size_t bin)
{
    unsigned octave = (unsigned)(bin / HISTOGRAM_STEPS);
    uint64_t step = 16 + bin % HISTOGRAM_STEPS;

    if (octave >= 63)
        return INT64_MAX;
    return (int64_t)(octave >= 4 ? step << (octave - 4) : step >> (4 - octave));
}

void histogram_add(struct histogram *histogram, int64_t ns, int failed)
{
    size_t bin = bin_of(ns);

    if (histogram->total == 0 || ns < histogram->least_ns)
        histogram->least_ns = ns;
    if (histogram->total == 0 || ns > histogram->most_ns)
        histogram->most_ns = ns;
    histogram->total++;
    histogram->sum_ns += (double)ns;
    histogram->count[bin]++;
    if (failed)
        histogram->failed[bin]++;
}

int64_t histogram_quantile(const struct histogram *histogram, double share)
{
    double wanted = share * (double)histogram->total, seen = 0;

    for (size_t bin = 0; bin < HISTOGRAM_BINS; bin++) {
        int64_t middle;

        seen += (double)histogram->count[bin];
        if (seen < wanted || histogram->count[bin] == 0)
            continue;
        middle = histogram_floor(bin) / 2 + histogram_floor(bin + 1) / 2;
        if (middle < histogram->least_ns)
            return histogram->least_ns;
        return middle < histogram->most_ns ? middle : histogram->most_ns;
    }
    return histogram->most_ns;
}
