/* figures.c - see figures.h. */
#include "figures.h"

#include <stdlib.h>
#include <string.h>

struct figures *figures_new(int64_t start_ns, uint32_t processes)
{
    struct figures *figures = calloc(1, sizeof(*figures));

    if (figures == NULL)
        return NULL;
    figures->latest_ns = start_ns;
    figures->processes = processes;
    figures->crew = crew_new();
    if (timeline_init(&figures->timeline, start_ns) == 0 &&
        figures->crew != NULL)
        return figures;
    figures_free(figures);
    return NULL;
}

void figures_free(struct figures *figures)
{
    if (figures == NULL)
        return;
    timeline_finish(&figures->timeline);
    crew_free(figures->crew);
    free(figures);
}

static void hear(struct figures *figures, int64_t at_ns)
{
    if (at_ns > figures->latest_ns)
        figures->latest_ns = at_ns;
}

void figures_worker(struct figures *figures, const sopool_worker_event *event)
{
    struct hand *hand = crew_find(figures->crew, event->worker, event->at_ns);

    hear(figures, event->at_ns);
    if (event->kind == SOPOOL_WORKER_ENDED)
        crew_leave(figures->crew, hand, event->at_ns);
    else if (event->kind == SOPOOL_WORKER_STARTED &&
             event->worker > figures->processes)
        timeline_restart(&figures->timeline, hand->seat, event->at_ns);
}

/* ---- calls ------------------------------------------------------------- */

/* Keeps it if it is among the slowest. */
static void keep_slow(struct figures *figures, const struct ended *ended,
                      int64_t duration)
{
    struct slow *slow = figures->slowest;
    size_t at = figures->slow_count;

    if (at == FIGURES_SLOWEST && duration <= slow[at - 1].info.duration_ns)
        return;
    while (at > 0 && slow[at - 1].info.duration_ns < duration)
        at--;
    if (figures->slow_count < FIGURES_SLOWEST)
        figures->slow_count++;
    memmove(&slow[at + 1], &slow[at],
            (figures->slow_count - at - 1) * sizeof(*slow));
    slow[at].info = *ended->info;
    slow[at].info.duration_ns = duration;
    slow[at].code = ended->error != NULL ? ended->error->code : 0;
    slow[at].sample = sample_of(ended);
}

static void add_run(struct figures *figures, const struct ended *ended)
{
    const sopool_call_info *info = ended->info;
    struct hand *hand =
        crew_find(figures->crew, info->worker, info->started_ns);
    int64_t duration = crew_duration(hand, info);
    struct slice slice = {
        .worker = info->worker,
        .from_ns = info->started_ns,
        .to_ns = info->started_ns + (duration > 0 ? duration : 0),
        .failed = ended->error != NULL,
    };

    if (figures->timeline.slice != NULL)
        slice.brief = brief_of(ended);
    timeline_call(&figures->timeline, hand->seat, &slice);
    hear(figures, slice.to_ns);
    if (duration < 0)
        return;
    figures->busy_ns += (double)duration;
    histogram_add(&figures->durations, duration, ended->error != NULL);
    keep_slow(figures, ended, duration);
}

static void add_details(struct figures *figures, const sopool_call_info *info)
{
    if (info->attempts > 1)
        figures->retried++;
    if (info->cpu_ns >= 0) {
        figures->cpu_ns += (double)info->cpu_ns;
        figures->cpu_known = true;
    }
    if (info->peak_kib > figures->peak_kib)
        figures->peak_kib = info->peak_kib;
}

void figures_call(struct figures *figures, const struct ended *ended)
{
    const sopool_call_info *info = ended->info;

    figures->calls++;
    if (ended->error != NULL) {
        figures->failed++;
        reasons_add(&figures->reasons, ended);
    }
    if (info != NULL)
        add_details(figures, info);
    if (info != NULL && info->worker != 0 && info->started_ns != 0)
        add_run(figures, ended);
    else
        figures->never_run++;
}
