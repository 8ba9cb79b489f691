/* page.c - the page but for its drawings: see page.h. */
#include "page.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "html.h"
#include "message.h"

static double seconds(const struct page *page)
{
    int64_t ns = page->end->end_ns - page->facts->start_ns;

    return ns > 0 ? (double)ns / 1e9 : 1e-9;
}

/* ---- words ------------------------------------------------------------- */

static void put_calls(struct output *out, uint64_t count)
{
    html_count(out, count);
    output_text(out, count == 1 ? " call" : " calls");
}

/* One word of the command line as a shell takes it. */
static void put_word(struct output *out, const char *word, size_t size)
{
    static const char special[] = " \t\n!\"#$&()*;<>?[\\]^`{|}~";
    bool plain = size > 0;

    for (size_t i = 0; i < size; i++)
        if (strchr(special, word[i]) != NULL || word[i] == '\'')
            plain = false;
    if (!plain)
        output_text(out, "&#39;");
    while (size > 0) {
        const char *quote = memchr(word, '\'', size);
        size_t part = quote != NULL ? (size_t)(quote - word) : size;

        html_text(out, word, part);
        if (quote != NULL)
            output_text(out, "&#39;\\&#39;&#39;");
        part += quote != NULL;
        word += part;
        size -= part;
    }
    if (!plain)
        output_text(out, "&#39;");
}

static void put_command(const struct page *page)
{
    const struct command_line *line = page->line;
    size_t at = strnlen(line->words, line->size) + 1;

    output_text(page->out, "sopool");
    while (at < line->size) {
        size_t size = strnlen(line->words + at, line->size - at);

        output_byte(page->out, ' ');
        put_word(page->out, line->words + at, size);
        at += size + 1;
    }
    if (line->size == sizeof(line->words))
        output_text(page->out, "\u2026");
}

static void put_moment(struct output *out, int64_t ns)
{
    time_t seconds = (time_t)(ns / 1000000000);
    char text[64];
    struct tm tm;

    if (localtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
        return;
    html_string(out, text);
}

static int processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

static void put_host(struct output *out)
{
    struct utsname name;
    int count = processors();

    if (uname(&name) != 0)
        return;
    html_string(out, name.nodename);
    output_text(out, ", ");
    html_string(out, name.sysname);
    output_byte(out, ' ');
    html_string(out, name.release);
    output_byte(out, ' ');
    html_string(out, name.machine);
    if (count > 0)
        output_format(out, ", %d processor%s", count, count == 1 ? "" : "s");
}

/* ---- the head ---------------------------------------------------------- */

static void put_verdict(const struct page *page)
{
    const struct figures *figures = page->figures;
    struct output *out = page->out;
    bool bad = figures->failed > 0 || page->end->signal != 0;
    char name[SIGNAL_ROOM];

    output_format(out, "<p class=\"verdict %s\">", bad ? "bad" : "good");
    if (page->end->signal != 0) {
        output_text(out, "Ended early by ");
        output_text(out, message_signal(page->end->signal, name));
        output_text(out, ". ");
    }
    if (figures->calls == 0)
        output_text(out, "There were no calls.");
    else if (figures->failed == 0) {
        put_calls(out, figures->calls);
        output_text(out, figures->calls == 1 ? ": it gave a result."
                                             : ": all gave a result.");
    } else {
        output_text(out, "<a href=\"#failures\">");
        html_count(out, figures->failed);
        output_text(out, " of ");
        put_calls(out, figures->calls);
        output_text(out, " failed</a>.");
    }
    output_text(out, "</p>\n");
}

static void put_head(const struct page *page)
{
    const struct run_facts *facts = page->facts;
    struct output *out = page->out;

    output_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                     "charset=\"utf-8\">\n<meta "
                     "http-equiv=\"Content-Security-Policy\" "
                     "content=\"default-src &#39;none&#39;; style-src "
                     "&#39;unsafe-inline&#39;\">\n<meta name=\"viewport\" "
                     "content=\"width=device-width, initial-scale=1\">\n<meta "
                     "name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_string(out, facts->task->name);
    output_format(out, " \u2013 sopool %s</title>\n<style>\n", facts->command);
    page_style(out);
    output_format(out,
                  "</style>\n</head>\n<body>\n<main>\n<header>\n<p "
                  "class=\"above\">sopool %s</p>\n<h1>",
                  facts->command);
    html_string(out, facts->task->name);
    output_text(out, "</h1>\n");
    put_verdict(page);
    output_text(out, "</header>\n");
}

/* ---- the summary ------------------------------------------------------- */

static void begin_tile(const struct page *page, const char *name)
{
    output_format(page->out, "<div><dt>%s</dt><dd>", name);
}

static void end_tile(const struct page *page)
{
    output_text(page->out, "</dd></div>\n");
}

static void put_call_tiles(const struct page *page)
{
    const struct figures *figures = page->figures;
    struct output *out = page->out;

    begin_tile(page, "Calls");
    html_count(out, figures->calls);
    output_text(out, "<small>");
    html_count(out, figures->calls - figures->failed);
    output_text(out, " gave a result</small>");
    end_tile(page);
    begin_tile(page, "Failed");
    if (figures->failed > 0)
        output_text(out, "<span class=\"bad\">");
    html_count(out, figures->failed);
    if (figures->failed > 0)
        output_format(out, "</span><small>%.3g%% of the calls</small>",
                      (double)figures->failed * 100 / (double)figures->calls);
    else
        output_text(out, "<small>none</small>");
    end_tile(page);
}

static void put_time_tiles(const struct page *page)
{
    const struct figures *figures = page->figures;
    struct output *out = page->out;
    char text[32];

    begin_tile(page, "Duration");
    output_text(out, html_time(text, seconds(page) * 1e9));
    end_tile(page);
    begin_tile(page, "Rate");
    output_text(out, html_short(text, (double)figures->calls / seconds(page)));
    output_text(out, "<small>calls a second</small>");
    end_tile(page);
}

static void put_worker_tiles(const struct page *page)
{
    const struct figures *figures = page->figures;
    const sopool_stats *stats = &page->end->stats;
    uint32_t processes = page->facts->processes;
    uint64_t again =
        stats->started > processes ? stats->started - processes : 0;
    struct output *out = page->out;
    double busy = figures->busy_ns / 1e9 / seconds(page);
    char text[32];

    begin_tile(page, "Workers");
    html_count(out, processes);
    output_text(out, "<small>");
    html_count(out, again);
    output_text(out, again == 1 ? " restart</small>" : " restarts</small>");
    end_tile(page);
    begin_tile(page, "Workers busy");
    output_format(out, "%.0f%%<small>of the run</small>",
                  processes > 0 ? busy * 100 / processes : 0);
    end_tile(page);
    begin_tile(page, "Processor time");
    if (figures->cpu_known)
        output_format(out, "%s<small>%.2f of %d processor%s</small>",
                      html_time(text, figures->cpu_ns),
                      figures->cpu_ns / 1e9 / seconds(page), processors(),
                      processors() == 1 ? "" : "s");
    else
        output_text(out, "\u2013<small>not known</small>");
    end_tile(page);
    begin_tile(page, "Peak memory");
    output_text(out, figures->peak_kib > 0
                         ? html_size(text, (double)figures->peak_kib * 1024)
                         : "\u2013");
    output_text(out, "<small>of a worker</small>");
    end_tile(page);
}

static void put_term(const struct page *page, const char *term)
{
    output_format(page->out, "<dt>%s</dt><dd>", term);
}

static void put_task(const struct page *page)
{
    const sopool_task_info *task = page->facts->task;
    struct output *out = page->out;

    put_term(page, "Task");
    output_text(out, "<code>");
    html_string(out, task->name);
    html_string(out, task->signature);
    output_text(out, "</code>");
    if (task->doc != NULL && task->doc[0] != '\0') {
        output_text(out, "<br>");
        html_string(out, task->doc);
    }
    output_text(out, "</dd>\n");
}

static void put_facts(const struct page *page)
{
    struct output *out = page->out;

    output_text(out, "<dl class=\"facts\">\n");
    put_term(page, "Command");
    output_text(out, "<code>");
    put_command(page);
    output_text(out, "</code></dd>\n");
    put_task(page);
    put_term(page, "Started");
    put_moment(out, page->facts->start_ns);
    output_text(out, "</dd>\n");
    put_term(page, "Ended");
    put_moment(out, page->end->end_ns);
    output_text(out, "</dd>\n");
    put_term(page, "Host");
    put_host(out);
    output_text(out, "</dd>\n");
    put_term(page, "Retried");
    put_calls(out, page->figures->retried);
    output_text(out, "</dd>\n");
    if (page->figures->never_run > 0) {
        put_term(page, "Never begun");
        put_calls(out, page->figures->never_run);
        output_text(out, "</dd>\n");
    }
    output_text(out, "</dl>\n");
}

static void put_summary(const struct page *page)
{
    output_text(page->out, "<section aria-labelledby=\"summary\">\n<h2 "
                           "id=\"summary\" class=\"hidden\">Summary</h2>\n<dl "
                           "class=\"tiles\">\n");
    put_call_tiles(page);
    put_time_tiles(page);
    put_worker_tiles(page);
    output_text(page->out, "</dl>\n");
    put_facts(page);
    output_text(page->out, "</section>\n");
}

/* ---- failures ---------------------------------------------------------- */

/* "words:17" */
static void put_where(struct output *out, const struct sample *sample)
{
    html_string(out, strcmp(sample->file, "-") == 0 ? "stdin" : sample->file);
    output_format(out, ":%" PRIu64, sample->line);
}

static void put_sample(struct output *out, const struct sample *sample)
{
    output_text(out, "<code>");
    html_input(out, sample->text, sample->size, sample->whole);
    output_text(out, "</code>");
}

static void put_reason(struct output *out, const struct reason *reason,
                       bool others)
{
    output_text(out, "<tr><td class=\"n\">");
    html_count(out, reason->count);
    output_format(out, "</td><td>%s</td><td><p>",
                  others ? "" : sopool_code_name(reason->code));
    html_string(out, others ? "all other reasons" : reason->message);
    output_text(out, "</p><ul>");
    for (size_t i = 0; i < reason->count && i < REASON_SAMPLES; i++) {
        output_text(out, "<li>");
        put_sample(out, &reason->sample[i]);
        output_text(out, " <span class=\"where\">");
        put_where(out, &reason->sample[i]);
        output_text(out, "</span></li>");
    }
    output_text(out, "</ul></td></tr>\n");
}

static void put_failures(struct output *out, const struct reasons *reasons)
{
    output_text(out, "<section aria-labelledby=\"failures\">\n<h2 "
                     "id=\"failures\">Failures by reason</h2>\n");
    if (reasons->count == 0) {
        output_text(out, "<p>No call failed.</p>\n</section>\n");
        return;
    }
    output_text(out, "<div class=\"wide\"><table class=\"reasons\"><thead><tr>"
                     "<th scope=\"col\" class=\"n\">Calls</th><th "
                     "scope=\"col\">Kind</th><th scope=\"col\">Reason, as the "
                     "first call had it, and the first inputs</th></tr>"
                     "</thead>\n<tbody>\n");
    for (size_t i = 0; i < reasons->count; i++)
        put_reason(out, &reasons->reason[i], i == REASONS);
    output_text(out, "</tbody></table></div>\n</section>\n");
}

/* ---- the slowest ------------------------------------------------------- */

static void put_slow(struct output *out, const struct slow *slow)
{
    const sopool_call_info *info = &slow->info;
    char text[32];

    output_format(out, "<tr><td class=\"n\">%s</td>",
                  html_time(text, (double)info->duration_ns));
    output_format(out, "<td class=\"n\">%s</td>",
                  info->cpu_ns >= 0 ? html_time(text, (double)info->cpu_ns)
                                    : "\u2013");
    output_format(out, "<td class=\"n\">%s</td>",
                  info->peak_kib > 0
                      ? html_size(text, (double)info->peak_kib * 1024)
                      : "\u2013");
    output_format(out, "<td class=\"n\">%" PRIu32 "</td><td>", info->worker);
    if (slow->code != 0)
        output_format(out, "<span class=\"bad\">%s</span>",
                      sopool_code_name(slow->code));
    else
        output_text(out, "done");
    output_text(out, "</td><td>");
    put_sample(out, &slow->sample);
    output_text(out, " <span class=\"where\">");
    put_where(out, &slow->sample);
    output_text(out, "</span></td></tr>\n");
}

static void put_slowest(struct output *out, const struct figures *figures)
{
    if (figures->slow_count == 0)
        return;
    output_text(out,
                "<section aria-labelledby=\"slowest\">\n<h2 "
                "id=\"slowest\">Slowest calls</h2>\n<div "
                "class=\"wide\"><table class=\"slowest\"><thead><tr><th "
                "scope=\"col\" class=\"n\">Took</th><th scope=\"col\" "
                "class=\"n\">Processor</th><th scope=\"col\" class=\"n\">"
                "Peak memory</th><th scope=\"col\" class=\"n\">Worker</th><th "
                "scope=\"col\">Result</th><th scope=\"col\">Input</th>"
                "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < figures->slow_count; i++)
        put_slow(out, &figures->slowest[i]);
    output_text(out, "</tbody></table></div>\n</section>\n");
}

/* ---- the whole --------------------------------------------------------- */

void page_write(const struct page *page)
{
    const struct figures *figures = page->figures;

    put_head(page);
    put_summary(page);
    page_timeline(page->out, &figures->timeline, page->end->end_ns);
    page_durations(page->out, &figures->durations);
    put_failures(page->out, &figures->reasons);
    put_slowest(page->out, figures);
    output_format(page->out,
                  "<footer>Made by sopool %s.</footer>\n</main>\n</body>\n"
                  "</html>\n",
                  sopool_version());
}
