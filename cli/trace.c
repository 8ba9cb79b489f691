/* trace.c - see trace.h. */
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"
#include "gaps.h"
#include "message.h"
#include "output.h"
#include "render.h"
#include "sample.h"

enum { INPUT_SHOWN = 200, FILE_SHOWN = 512 };

struct trace {
    const char *task;   /* borrowed */
    int64_t start_ns;   /* the picture's zero */
    int64_t latest_ns;  /* that was heard of */
    uint32_t processes; /* a worker beyond these takes the place of one */
    int pid;
    bool some; /* an event has been written */
    bool never_run;
    struct crew *crew; /* owned */
    struct gaps gaps;
    struct output out;
};

/* ---- events ------------------------------------------------------------ */

/* Microseconds, to the nanosecond. */
static void put_time(struct trace *trace, const char *key, int64_t ns)
{
    if (ns < 0)
        ns = 0;
    output_format(&trace->out, ",\"%s\":%" PRId64 ".%03d", key, ns / 1000,
                  (int)(ns % 1000));
}

/* An event up to its arguments; `track` is a worker's number, 0 of none. */
static void begin_event(struct trace *trace, const char *phase,
                        const char *category, const char *name, uint32_t track)
{
    output_format(&trace->out,
                  "%s{\"ph\":\"%s\",\"cat\":\"%s\",\"name\":\"%s\",\"pid\":%d,"
                  "\"tid\":%" PRIu32,
                  trace->some ? ",\n" : "[\n", phase, category, name,
                  trace->pid, track);
    trace->some = true;
}

static void put_string(struct trace *trace, const char *key, const char *text)
{
    output_format(&trace->out, ",\"%s\":", key);
    render_string(&trace->out, text, strlen(text));
}

/* What a track, or all of it, is called. */
static void put_name(struct trace *trace, const char *what, uint32_t track,
                     const char *name)
{
    begin_event(trace, "M", "__metadata", what, track);
    output_text(&trace->out, ",\"args\":{\"name\":");
    render_string(&trace->out, name, strlen(name));
    output_text(&trace->out, "}}");
}

static void put_order(struct trace *trace, uint32_t track)
{
    begin_event(trace, "M", "__metadata", "thread_sort_index", track);
    output_format(&trace->out, ",\"args\":{\"sort_index\":%" PRIu32 "}}",
                  track);
}

static void put_mark(struct trace *trace, const char *name, uint32_t track,
                     int64_t at_ns)
{
    begin_event(trace, "i", "worker", name, track);
    put_time(trace, "ts", at_ns - trace->start_ns);
    output_text(&trace->out, ",\"s\":\"t\"");
}

static void put_slice(struct trace *trace, const char *category,
                      const char *name, uint32_t track, int64_t from_ns,
                      int64_t to_ns)
{
    begin_event(trace, "X", category, name, track);
    put_time(trace, "ts", from_ns - trace->start_ns);
    put_time(trace, "dur", to_ns - from_ns);
}

/* ---- workers ----------------------------------------------------------- */

static void put_wait(void *ctx, const struct gap *gap)
{
    struct trace *trace = ctx;

    put_slice(trace, "wait", "nothing to run", gap->worker, gap->from_ns,
              gap->to_ns);
    output_byte(&trace->out, '}');
}

/* From when the worker was last known to run, or to be ready, up to then. */
static void note_wait(struct trace *trace, struct hand *hand, int64_t to_ns)
{
    if (hand->until_ns > 0)
        gaps_add(&trace->gaps, hand->number, hand->until_ns, to_ns);
    if (to_ns > hand->until_ns)
        hand->until_ns = to_ns;
}

static struct hand *find_hand(struct trace *trace, uint32_t number, int pid,
                              int64_t at_ns)
{
    struct hand *hand = crew_find(trace->crew, number, at_ns);
    char name[64];

    if (at_ns > trace->latest_ns)
        trace->latest_ns = at_ns;
    if (hand->named || pid == 0)
        return hand;
    hand->named = true;
    hand->pid = pid;
    (void)snprintf(name, sizeof(name), "worker %" PRIu32 " (pid %d)", number,
                   pid);
    put_name(trace, "thread_name", number, name);
    put_order(trace, number);
    return hand;
}

static void put_end(struct trace *trace, const sopool_worker_event *event)
{
    char name[SIGNAL_ROOM];

    put_mark(trace, "ended", event->worker, event->at_ns);
    output_format(&trace->out, ",\"args\":{\"ended_by\":\"%s\"",
                  sopool_ender_name(event->ended_by));
    if (event->signal != 0)
        output_format(&trace->out, ",\"signal\":\"%s\"",
                      message_signal(event->signal, name));
    else if (event->exit_status >= 0)
        output_format(&trace->out, ",\"exit_status\":%d", event->exit_status);
    output_text(&trace->out, "}}");
}

void trace_worker(struct trace *trace, const sopool_worker_event *event)
{
    struct hand *hand =
        find_hand(trace, event->worker, event->pid, event->at_ns);

    if (event->kind == SOPOOL_WORKER_ENDED) {
        note_wait(trace, hand, event->at_ns);
        crew_leave(trace->crew, hand, event->at_ns);
        put_end(trace, event);
        return;
    }
    if (event->kind == SOPOOL_WORKER_READY && hand->until_ns == 0)
        hand->until_ns = event->at_ns;
    put_mark(trace,
             event->kind == SOPOOL_WORKER_READY ? "ready"
             : event->worker > trace->processes ? "restarted"
                                                : "started",
             event->worker, event->at_ns);
    output_byte(&trace->out, '}');
}

/* ---- calls ------------------------------------------------------------- */

/* The first bytes of an input, as many whole characters of it. */
static void put_input(struct trace *trace, const char *text, size_t size)
{
    size_t shown = sample_cut(text, size, INPUT_SHOWN);

    output_text(&trace->out, "{\"input\":");
    render_string(&trace->out, text, shown);
    if (shown < size)
        output_format(&trace->out, ",\"input_size\":%zu", size);
}

static void put_details(struct trace *trace, const sopool_call_info *info)
{
    output_format(&trace->out, ",\"attempts\":%" PRIu32, info->attempts);
    if (info->cpu_ns >= 0)
        output_format(&trace->out, ",\"cpu_us\":%" PRId64 ".%03d",
                      info->cpu_ns / 1000, (int)(info->cpu_ns % 1000));
    if (info->peak_kib > 0)
        output_format(&trace->out, ",\"peak_kib\":%" PRIu64, info->peak_kib);
}

static void put_call(struct trace *trace, const struct ended *ended)
{
    output_text(&trace->out, ",\"args\":");
    put_input(trace, ended->text, ended->size);
    output_format(&trace->out, ",\"index\":%" PRIu64, ended->index);
    output_format(&trace->out, ",\"line\":%" PRIu64 ",\"file\":", ended->line);
    render_string(&trace->out, ended->file, strnlen(ended->file, FILE_SHOWN));
    put_string(trace, "status",
               ended->error != NULL ? sopool_code_name(ended->error->code)
                                    : "done");
    if (ended->error != NULL)
        put_string(trace, "error", ended->error->message);
    if (ended->info != NULL)
        put_details(trace, ended->info);
    output_text(&trace->out,
                ended->error != NULL ? "},\"cname\":\"terrible\"}" : "}}");
}

/* No worker has begun it: it has no time of its own either. */
static void put_never_run(struct trace *trace, const struct ended *ended)
{
    if (!trace->never_run)
        put_name(trace, "thread_name", 0, "inputs that no worker began");
    trace->never_run = true;
    put_slice(trace, "call", trace->task, 0, trace->latest_ns,
              trace->latest_ns);
    put_call(trace, ended);
}

void trace_call(struct trace *trace, const struct ended *ended)
{
    const sopool_call_info *info = ended->info;
    struct hand *hand;
    int64_t from, to, duration;

    gaps_pass(&trace->gaps);
    if (info == NULL || info->worker == 0 || info->started_ns == 0) {
        put_never_run(trace, ended);
        return;
    }
    from = info->started_ns;
    hand = find_hand(trace, info->worker, info->pid, from);
    duration = crew_duration(hand, info);
    to = from + (duration > 0 ? duration : 0);
    if (from >= hand->until_ns)
        note_wait(trace, hand, from);
    else
        gaps_cut(&trace->gaps, info->worker, from, to);
    if (to > hand->until_ns)
        hand->until_ns = to;
    if (to > trace->latest_ns)
        trace->latest_ns = to;
    put_slice(trace, "call", trace->task, info->worker, from, to);
    put_call(trace, ended);
}

/* ---- the whole --------------------------------------------------------- */

struct trace *trace_open(const char *path, const struct run_facts *facts)
{
    struct trace *trace = calloc(1, sizeof(*trace));
    char name[256];

    if (trace == NULL || (trace->crew = crew_new()) == NULL) {
        message("out of memory");
        free(trace);
        return NULL;
    }
    if (output_open(&trace->out, path) != 0) {
        crew_free(trace->crew);
        free(trace);
        return NULL;
    }
    trace->task = facts->task->name;
    trace->start_ns = trace->latest_ns = facts->start_ns;
    trace->processes = facts->processes;
    trace->pid = (int)getpid();
    trace->gaps.tell = put_wait;
    trace->gaps.ctx = trace;
    (void)snprintf(name, sizeof(name), "sopool %s %s", facts->command,
                   facts->task->name);
    put_name(trace, "process_name", 0, name);
    return trace;
}

/* What the workers that are still there did since their last calls. */
static void note_last_waits(struct trace *trace, int64_t end_ns)
{
    for (size_t i = 0; i < CREW_ROOM; i++) {
        struct hand *hand = &trace->crew->hand[i];

        if (hand->number != 0 && hand->ended_ns == 0)
            note_wait(trace, hand, end_ns);
    }
}

int trace_close(struct trace *trace, int64_t end_ns, bool whole, int sig)
{
    char name[SIGNAL_ROOM];
    int status;

    /* Of calls that were not told, nobody knows who waited meanwhile. */
    if (whole) {
        note_last_waits(trace, end_ns);
        gaps_end(&trace->gaps);
    }
    if (sig != 0) {
        put_mark(trace, "interrupted", 0, end_ns);
        output_format(&trace->out, ",\"args\":{\"signal\":\"%s\"}}",
                      message_signal(sig, name));
    }
    output_text(&trace->out, "\n]\n");
    status = output_close(&trace->out);
    crew_free(trace->crew);
    free(trace);
    return status;
}
