/* gaps.c - see gaps.h. */
#include "gaps.h"

static void tell_first(struct gaps *gaps)
{
    const struct gap *gap = &gaps->held[gaps->first];

    if (gap->to_ns - gap->from_ns >= GAP_LEAST_NS)
        gaps->tell(gaps->ctx, gap);
    gaps->first = (gaps->first + 1) % GAPS_HELD;
    gaps->count--;
}

void gaps_add(struct gaps *gaps, uint32_t worker, int64_t from_ns,
              int64_t to_ns)
{
    if (to_ns - from_ns < GAP_LEAST_NS)
        return;
    if (gaps->count == GAPS_HELD)
        tell_first(gaps);
    gaps->held[(gaps->first + gaps->count) % GAPS_HELD] =
        (struct gap){worker, gaps->calls, from_ns, to_ns};
    gaps->count++;
}

void gaps_pass(struct gaps *gaps)
{
    gaps->calls++;
    while (gaps->count > 0 &&
           gaps->calls - gaps->held[gaps->first].known > GAPS_WAIT)
        tell_first(gaps);
}

/* What is left before the call stays in its place, what is left behind it
 * becomes the newest; both may be too short to be told. */
static void cut_one(struct gaps *gaps, size_t at, int64_t from_ns,
                    int64_t to_ns)
{
    struct gap *gap = &gaps->held[at], before = *gap;

    if (from_ns >= gap->to_ns || to_ns <= gap->from_ns)
        return;
    gap->to_ns = from_ns > gap->from_ns ? from_ns : gap->from_ns;
    if (to_ns < before.to_ns)
        gaps_add(gaps, before.worker, to_ns, before.to_ns);
}

void gaps_cut(struct gaps *gaps, uint32_t worker, int64_t from_ns,
              int64_t to_ns)
{
    size_t count = gaps->count, first = gaps->first;

    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i) % GAPS_HELD;

        if (gaps->held[at].worker == worker)
            cut_one(gaps, at, from_ns, to_ns);
    }
}

void gaps_end(struct gaps *gaps)
{
    while (gaps->count > 0)
        tell_first(gaps);
}
