/* page.h - the report as a page. */
#ifndef SOPOOL_CLI_PAGE_H
#define SOPOOL_CLI_PAGE_H

#include "figures.h"
#include "output.h"
#include "report.h"

/* The first bytes of the words of a command line; each ends with NUL. */
struct command_line {
    char words[4096];
    size_t size;
};

struct page {
    struct output *out;
    const struct figures *figures;
    const struct run_facts *facts;
    const struct command_line *line;
    const struct report_end *end;
};

void page_write(const struct page *page);

/* Its parts. */
void page_style(struct output *out);
void page_timeline(struct output *out, const struct timeline *timeline,
                   int64_t end_ns);
void page_durations(struct output *out, const struct histogram *durations);

#endif
