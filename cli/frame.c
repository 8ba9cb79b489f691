/* frame.c - see frame.h. */
#include "frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"

enum { SHOWN_TASK = 28, SHOWN_TEXT = 200 };

/* A pool, as far as it is shown. */
struct shown {
    int64_t pid, time_ns, opened_ns, up_ns;
    const char *command, *state, *method, *trouble; /* borrowed, with sizes: */
    size_t command_size, state_size, method_size, trouble_size;
    uint64_t processes, ready, busy, done, failed, queued, running;
    uint64_t started, died, retired, replaced, retried;
    double rate;
};

struct totals {
    uint64_t workers, busy;
    double rate;
};

static __attribute__((format(printf, 3, 4))) int
add(struct frame *frame, enum frame_kind kind, const char *fmt, ...)
{
    struct frame_line *line;
    va_list ap;

    if (frame->count == frame->room) {
        size_t room = frame->room > 0 ? frame->room * 2 : 64;

        line = reallocarray(frame->line, room, sizeof(*line));
        if (line == NULL)
            return -1;
        frame->line = line;
        frame->room = room;
    }
    line = &frame->line[frame->count++];
    line->kind = kind;
    va_start(ap, fmt);
    (void)vsnprintf(line->text, sizeof(line->text), fmt, ap);
    va_end(ap);
    return 0;
}

/* ---- a pool ------------------------------------------------------------ */

/* A pool of another version may lack something, and is then not shown. */
static int read_pool(const sopool_value *pool, struct shown *p)
{
    return sopool_unpack(
        pool, NULL,
        "{s:I s:I s:I s:I s:S s:S s:S s:S s:U s:U s:U s:U s:U s:U s:U"
        " s:U s:U s:U s:U s:U}",
        "pid", &p->pid, "time_ns", &p->time_ns, "opened_ns", &p->opened_ns,
        "up_ns", &p->up_ns, "command", &p->command, &p->command_size, "state",
        &p->state, &p->state_size, "start_method", &p->method, &p->method_size,
        "trouble", &p->trouble, &p->trouble_size, "processes", &p->processes,
        "ready", &p->ready, "busy", &p->busy, "done", &p->done, "failed",
        &p->failed, "queued", &p->queued, "running", &p->running, "started",
        &p->started, "died", &p->died, "retired", &p->retired, "replaced",
        &p->replaced, "retried", &p->retried);
}

/* Calls a second since it was looked at last, or was opened. */
static double rate_of(struct frame *frame, const struct shown *p)
{
    const struct frame_past now = {p->pid, p->opened_ns / 1000000000, p->up_ns,
                                   p->done + p->failed};
    struct frame_past then = {0};
    int64_t ns;

    for (size_t i = 0; i < frame->past_count; i++)
        if (frame->past[i].pid == now.pid &&
            llabs(frame->past[i].opened_ns - now.opened_ns) <= 1 &&
            frame->past[i].up_ns < now.up_ns &&
            frame->past[i].ended <= now.ended)
            then = frame->past[i];
    if (frame->seen_count < FRAME_POOLS)
        frame->seen[frame->seen_count++] = now;
    ns = now.up_ns - then.up_ns;
    return ns > 0 ? (double)(now.ended - then.ended) * 1e9 / (double)ns : 0;
}

static int clip(size_t size)
{
    return size < SHOWN_TEXT ? (int)size : SHOWN_TEXT;
}

static int add_pool(struct frame *frame, const struct shown *p)
{
    char up[FIGURE_ROOM], rate[FIGURE_ROOM], done[FIGURE_ROOM];
    char failed[FIGURE_ROOM], queued[FIGURE_ROOM];
    int status = 0;

    status |= add(frame, FRAME_PLAIN, "%s", "");
    status |= add(frame, FRAME_POOL, "PID %" PRId64 "  %.*s  up %s  %.*s",
                  p->pid, (int)p->state_size, p->state,
                  figure_time((double)p->up_ns / 1e9, up),
                  clip(p->command_size), p->command);
    status |=
        add(frame, FRAME_PLAIN,
            "  %s/s  done %s  failed %s  queued %s  running %" PRIu64,
            figure_count(p->rate, rate), figure_count((double)p->done, done),
            figure_count((double)p->failed, failed),
            figure_count((double)p->queued, queued), p->running);
    status |=
        add(frame, FRAME_PLAIN,
            "  %.*s: %" PRIu64 "/%" PRIu64 " workers, %" PRIu64
            " busy  restarts %" PRIu64 " (%" PRIu64 " died)  retried "
            "%" PRIu64,
            (int)p->method_size, p->method, p->ready, p->processes, p->busy,
            p->died + p->retired + p->replaced, p->died, p->retried);
    if (p->trouble_size > 0)
        status |= add(frame, FRAME_PLAIN, "  trouble: %.*s",
                      clip(p->trouble_size), p->trouble);
    return status;
}

/* ---- its workers ------------------------------------------------------- */

static int add_worker(struct frame *frame, const struct shown *p,
                      const sopool_value *worker)
{
    const char *state = "", *task = "-";
    size_t state_size = 0, task_size = 1;
    char since[FIGURE_ROOM] = "-", calls[FIGURE_ROOM];
    uint64_t id, count;
    int64_t pid, at;

    if (sopool_unpack(worker, NULL, "{s:U s:I s:S s:U}", "id", &id, "pid", &pid,
                      "state", &state, &state_size, "calls", &count) != 0)
        return 0;
    (void)sopool_unpack(worker, NULL, "{s:S}", "task", &task, &task_size);
    if (sopool_unpack(worker, NULL, "{s:I}", "since_ns", &at) == 0)
        (void)figure_time(p->time_ns > at ? (double)(p->time_ns - at) / 1e9 : 0,
                          since);
    return add(frame, FRAME_PLAIN,
               "  %6" PRIu64 " %8" PRId64 "  %-9.*s %-*.*s %8s %10s", id, pid,
               (int)state_size, state, SHOWN_TASK,
               task_size < SHOWN_TASK ? (int)task_size : SHOWN_TASK, task,
               since, figure_count((double)count, calls));
}

static int add_workers(struct frame *frame, const struct shown *p,
                       const sopool_value *pool)
{
    sopool_value *workers = sopool_value_find(pool, "workers", NULL);
    size_t count = 0;
    int status =
        add(frame, FRAME_HEAD, "  %6s %8s  %-9s %-*s %8s %10s", "WORKER", "PID",
            "STATE", SHOWN_TASK, "TASK", "SINCE", "CALLS");

    if (workers != NULL)
        (void)sopool_value_count(workers, &count, NULL);
    for (size_t i = 0; i < count && status == 0; i++) {
        sopool_value *worker = sopool_value_at(workers, i, NULL);

        if (worker != NULL)
            status = add_worker(frame, p, worker);
        sopool_value_free(worker);
    }
    sopool_value_free(workers);
    return status;
}

/* ---- the whole --------------------------------------------------------- */

static int add_whole(struct frame *frame, const sopool_value *pool,
                     struct totals *totals)
{
    struct shown p;

    memset(&p, 0, sizeof(p));
    if (read_pool(pool, &p) != 0)
        return 0;
    p.rate = rate_of(frame, &p);
    totals->workers += p.ready;
    totals->busy += p.busy;
    totals->rate += p.rate;
    return add_pool(frame, &p) | add_workers(frame, &p, pool);
}

int frame_make(struct frame *frame, const sopool_value *pools)
{
    struct totals totals = {0};
    char rate[FIGURE_ROOM];
    size_t count = 0;
    int status;

    memcpy(frame->past, frame->seen, sizeof(frame->past));
    frame->past_count = frame->seen_count;
    frame->seen_count = frame->count = 0;
    (void)sopool_value_count(pools, &count, NULL);
    status = add(frame, FRAME_TITLE, "%s", "");
    for (size_t i = 0; i < count && status == 0; i++) {
        sopool_value *pool = sopool_value_at(pools, i, NULL);

        if (pool != NULL)
            status = add_whole(frame, pool, &totals);
        sopool_value_free(pool);
    }
    if (status == 0)
        (void)snprintf(frame->line[0].text, FRAME_WIDTH,
                       "sopool top: %zu pool%s, %" PRIu64 " worker%s, %" PRIu64
                       " busy, %s/s",
                       frame->seen_count, frame->seen_count == 1 ? "" : "s",
                       totals.workers, totals.workers == 1 ? "" : "s",
                       totals.busy, figure_count(totals.rate, rate));
    return status;
}

void frame_finish(struct frame *frame)
{
    free(frame->line);
}
