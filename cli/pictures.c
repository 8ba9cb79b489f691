/* pictures.c - see pictures.h. */
#include "pictures.h"

#include "report.h"
#include "session.h"
#include "trace.h"

/* ---- the trace --------------------------------------------------------- */

static void trace_follow_call(void *ctx, const struct ended *ended)
{
    struct pictures *pictures = ctx;

    trace_call(pictures->trace, ended);
}

static void trace_follow_worker(void *ctx, const sopool_worker_event *event)
{
    struct pictures *pictures = ctx;

    trace_worker(pictures->trace, event);
}

static int trace_finish(void *ctx)
{
    struct pictures *pictures = ctx;
    struct trace *trace = pictures->trace;

    pictures->trace = NULL;
    return trace_close(trace, report_now(),
                       !pictures->early && session_signal() == 0,
                       session_signal());
}

static int begin_trace(struct pictures *pictures, const char *path,
                       const struct run_facts *facts, struct follow *follow)
{
    const struct follower follower = {
        .call = trace_follow_call,
        .worker = trace_follow_worker,
        .finish = trace_finish,
        .ctx = pictures,
    };

    pictures->trace = trace_open(path, facts);
    if (pictures->trace == NULL)
        return -1;
    follow_add(follow, &follower);
    return 0;
}

/* ---- the report -------------------------------------------------------- */

static void report_follow_call(void *ctx, const struct ended *ended)
{
    struct pictures *pictures = ctx;

    report_call(pictures->report, ended);
}

static void report_follow_worker(void *ctx, const sopool_worker_event *event)
{
    struct pictures *pictures = ctx;

    report_worker(pictures->report, event);
}

static int report_finish(void *ctx)
{
    struct pictures *pictures = ctx;
    struct report_end end = {
        .end_ns = report_now(),
        .signal = session_signal(),
    };

    struct report *report = pictures->report;

    pictures->report = NULL;
    (void)sopool_get_stats(pictures->pool, &end.stats, NULL, 0);
    return report_close(report, &end);
}

static int begin_report(struct pictures *pictures, const char *path,
                        const struct run_facts *facts, struct follow *follow)
{
    const struct follower follower = {
        .call = report_follow_call,
        .worker = report_follow_worker,
        .finish = report_finish,
        .ctx = pictures,
    };

    pictures->report = report_open(path, facts);
    if (pictures->report == NULL)
        return -1;
    follow_add(follow, &follower);
    return 0;
}

/* ---- both -------------------------------------------------------------- */

int pictures_begin(struct pictures *pictures, const struct settings *settings,
                   const char *command, const sopool_task_info *task,
                   sopool_pool *pool, struct follow *follow)
{
    struct run_facts facts = {command, task, report_now(), 0};
    sopool_stats stats;

    pictures->pool = pool;
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    facts.processes = stats.processes;
    if (settings->trace != NULL &&
        begin_trace(pictures, settings->trace, &facts, follow) != 0)
        return -1;
    if (settings->report != NULL &&
        begin_report(pictures, settings->report, &facts, follow) != 0)
        return -1;
    follow_workers(follow, pool);
    return 0;
}

void pictures_end(struct pictures *pictures)
{
    pictures->early = true;
    if (pictures->trace != NULL)
        (void)trace_finish(pictures);
    if (pictures->report != NULL)
        (void)report_finish(pictures);
}
