/* timeline.c - see timeline.h. */
#include "timeline.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SHIFT = 14 }; /* bins of 16 us: the shortest run has some */

int timeline_init(struct timeline *timeline, int64_t start_ns)
{
    memset(timeline, 0, sizeof(*timeline));
    timeline->start_ns = start_ns;
    timeline->shift = FIRST_SHIFT;
    timeline->seats = 1;
    timeline->slice = calloc(TIMELINE_SLICES, sizeof(struct slice));
    return timeline->slice != NULL ? 0 : -1;
}

void timeline_finish(struct timeline *timeline)
{
    for (size_t i = 0; i < TIMELINE_LANES; i++)
        free(timeline->lane[i]);
    free(timeline->slice);
}

/* ---- room -------------------------------------------------------------- */

static void add_bin(struct timeline_bin *to, const struct timeline_bin *from)
{
    to->busy_ns += from->busy_ns;
    to->failed += from->failed;
    to->restarts += from->restarts;
}

static void halve_lane(struct lane *lane)
{
    static const struct timeline_bin none;

    for (size_t i = 0; i < TIMELINE_BINS / 2; i++) {
        struct timeline_bin sum = lane->bin[2 * i];

        add_bin(&sum, &lane->bin[2 * i + 1]);
        lane->bin[i] = sum;
    }
    for (size_t i = TIMELINE_BINS / 2; i < TIMELINE_BINS; i++)
        lane->bin[i] = none;
}

/* Bins twice as long. */
static void halve(struct timeline *timeline)
{
    uint64_t *calls = timeline->calls;

    for (uint32_t i = 0; i < TIMELINE_LANES; i++)
        if (timeline->lane[i] != NULL)
            halve_lane(timeline->lane[i]);
    for (size_t i = 0; i < TIMELINE_BINS / 2; i++)
        calls[i] = calls[2 * i] + calls[2 * i + 1];
    memset(calls + TIMELINE_BINS / 2, 0, TIMELINE_BINS / 2 * sizeof(*calls));
    timeline->shift++;
}

/* The bin of that moment, of which there is one. */
static size_t bin_at(struct timeline *timeline, int64_t at_ns)
{
    int64_t since = at_ns - timeline->start_ns;

    if (since < 0)
        return 0;
    while (since >> timeline->shift >= TIMELINE_BINS)
        halve(timeline);
    return (size_t)(since >> timeline->shift);
}

static void join_lanes(struct lane *into, struct lane *other)
{
    if (other == NULL)
        return;
    for (size_t i = 0; i < TIMELINE_BINS; i++)
        add_bin(&into->bin[i], &other->bin[i]);
    into->calls += other->calls;
    into->failed += other->failed;
    into->restarts += other->restarts;
    into->busy_ns += other->busy_ns;
    free(other);
}

/* Lanes of twice as many seats. */
static void pair_lanes(struct timeline *timeline)
{
    struct lane **lane = timeline->lane;

    for (size_t i = 0; i < TIMELINE_LANES / 2; i++) {
        struct lane *one = lane[2 * i], *two = lane[2 * i + 1];

        lane[2 * i] = lane[2 * i + 1] = NULL;
        lane[i] = one != NULL ? one : two;
        if (one != NULL)
            join_lanes(one, two);
    }
    for (size_t i = 0; i < timeline->slices; i++)
        timeline->slice[i].lane /= 2;
    timeline->lanes = (timeline->lanes + 1) / 2;
    timeline->seats *= 2;
}

/* The lane of that seat; NULL: no memory. */
static struct lane *lane_of(struct timeline *timeline, uint32_t seat)
{
    uint32_t at;

    while (seat / timeline->seats >= TIMELINE_LANES)
        pair_lanes(timeline);
    at = seat / timeline->seats;
    if (timeline->lane[at] == NULL)
        timeline->lane[at] = calloc(1, sizeof(struct lane));
    if (at >= timeline->lanes)
        timeline->lanes = at + 1;
    return timeline->lane[at];
}

/* ---- what happened ----------------------------------------------------- */

static void keep_slice(struct timeline *timeline, uint32_t seat,
                       const struct slice *slice)
{
    struct slice *kept;

    if (timeline->slice == NULL)
        return;
    if (timeline->slices == TIMELINE_SLICES) {
        free(timeline->slice);
        timeline->slice = NULL;
        timeline->slices = 0;
        return;
    }
    kept = &timeline->slice[timeline->slices++];
    *kept = *slice;
    kept->lane = seat / timeline->seats;
}

/* Shares the call's time out among the bins that it touches. */
static void add_busy(const struct timeline *timeline, struct lane *lane,
                     int64_t from_ns, int64_t to_ns)
{
    int64_t from = from_ns - timeline->start_ns;
    int64_t to = to_ns - timeline->start_ns;

    if (from < 0)
        from = 0;
    while (from < to) {
        int64_t bin = from >> timeline->shift;
        int64_t next = (bin + 1) << timeline->shift;
        int64_t until = next < to ? next : to;

        lane->bin[bin].busy_ns += (uint64_t)(until - from);
        from = until;
    }
}

void timeline_call(struct timeline *timeline, uint32_t seat,
                   const struct slice *slice)
{
    struct lane *lane = lane_of(timeline, seat);
    size_t last = bin_at(timeline, slice->to_ns);

    timeline->calls[last]++;
    if (lane == NULL)
        return;
    add_busy(timeline, lane, slice->from_ns, slice->to_ns);
    lane->calls++;
    lane->busy_ns += (uint64_t)(slice->to_ns - slice->from_ns);
    if (slice->failed) {
        lane->failed++;
        lane->bin[last].failed++;
    }
    keep_slice(timeline, seat, slice);
}

void timeline_restart(struct timeline *timeline, uint32_t seat, int64_t at_ns)
{
    struct lane *lane = lane_of(timeline, seat);

    if (lane == NULL)
        return;
    lane->restarts++;
    lane->bin[bin_at(timeline, at_ns)].restarts++;
}
