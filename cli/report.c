/* report.c - see report.h. */
#include "report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "message.h"
#include "page.h"

struct report {
    struct run_facts facts;
    struct command_line line;
    struct figures *figures; /* owned */
    struct output out;
};

int64_t report_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The kernel has it as it was, options and all. */
static void read_line(struct command_line *line)
{
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return;
    got = read(fd, line->words, sizeof(line->words));
    (void)close(fd);
    line->size = got > 0 ? (size_t)got : 0;
}

struct report *report_open(const char *path, const struct run_facts *facts)
{
    struct report *report = calloc(1, sizeof(*report));

    if (report != NULL)
        report->figures = figures_new(facts->start_ns, facts->processes);
    if (report == NULL || report->figures == NULL) {
        message("out of memory");
        free(report);
        return NULL;
    }
    report->facts = *facts;
    read_line(&report->line);
    if (output_open(&report->out, path) == 0)
        return report;
    figures_free(report->figures);
    free(report);
    return NULL;
}

void report_call(struct report *report, const struct ended *ended)
{
    figures_call(report->figures, ended);
}

void report_worker(struct report *report, const sopool_worker_event *event)
{
    figures_worker(report->figures, event);
}

int report_close(struct report *report, const struct report_end *end)
{
    const struct page page = {
        .out = &report->out,
        .figures = report->figures,
        .facts = &report->facts,
        .line = &report->line,
        .end = end,
    };
    int status;

    reasons_sort(&report->figures->reasons);
    page_write(&page);
    status = output_close(&report->out);
    figures_free(report->figures);
    free(report);
    return status;
}
