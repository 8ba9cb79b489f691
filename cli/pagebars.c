/* pagebars.c - the page's histogram: bars over the logarithm of the time. See
 * page.h. */
#include "page.h"

#include <math.h>

#include "html.h"

enum {
    BARS = 72, /* at most, about */
    BAR_HEIGHT = 100,
    LEAST_BINS = 6 * HISTOGRAM_STEPS, /* of the histogram that are shown */
};

struct bars {
    struct output *out;
    const struct histogram *histogram;
    size_t first;  /* bin of the histogram */
    size_t step;   /* bins of it in a bar */
    size_t count;  /* of the bars */
    uint64_t most; /* calls in one */
};

/* ---- which ------------------------------------------------------------- */

static uint64_t sum(const uint64_t *count, size_t from, size_t size)
{
    uint64_t all = 0;

    for (size_t i = from; i < from + size && i < HISTOGRAM_BINS; i++)
        all += count[i];
    return all;
}

/* The doublings that have calls, and as many bars of each as there is room. */
static void choose(struct bars *bars)
{
    const uint64_t *count = bars->histogram->count;
    size_t first = 0, last = HISTOGRAM_BINS - 1;

    while (first < last && count[first] == 0)
        first++;
    while (last > first && count[last] == 0)
        last--;
    first -= first % HISTOGRAM_STEPS;
    last += HISTOGRAM_STEPS - last % HISTOGRAM_STEPS;
    for (; last - first < LEAST_BINS; last += HISTOGRAM_STEPS)
        first -= first > 0 ? HISTOGRAM_STEPS : 0;
    bars->first = first;
    bars->step = 2;
    while ((last - first) / bars->step > BARS && bars->step < HISTOGRAM_STEPS)
        bars->step *= 2;
    bars->count = (last - first) / bars->step;
    for (size_t i = 0; i < bars->count; i++) {
        uint64_t calls = sum(count, first + i * bars->step, bars->step);

        if (calls > bars->most)
            bars->most = calls;
    }
}

/* ---- bars -------------------------------------------------------------- */

static void put_bar(const struct bars *bars, size_t i)
{
    const struct histogram *histogram = bars->histogram;
    size_t from = bars->first + i * bars->step;
    uint64_t calls = sum(histogram->count, from, bars->step);
    uint64_t failed = sum(histogram->failed, from, bars->step);
    double height, red;
    char a[32], b[32];

    if (calls == 0)
        return;
    height = (double)calls * BAR_HEIGHT / (double)bars->most;
    height = height < 1 ? 1 : height;
    red = height * (double)failed / (double)calls;
    output_format(bars->out, "<g><title>%s to %s: ",
                  html_time(a, (double)histogram_floor(from)),
                  html_time(b, (double)histogram_floor(from + bars->step)));
    html_count(bars->out, calls);
    output_text(bars->out, calls == 1 ? " call" : " calls");
    if (failed > 0) {
        output_text(bars->out, ", failed: ");
        html_count(bars->out, failed);
    }
    output_format(bars->out,
                  "</title><rect class=\"run\" x=\"%.2f\" y=\"%.2f\" "
                  "width=\".88\" height=\"%.2f\"/>",
                  (double)i + 0.06, BAR_HEIGHT - height, height - red);
    if (failed > 0)
        output_format(bars->out,
                      "<rect class=\"failed\" x=\"%.2f\" y=\"%.2f\" "
                      "width=\".88\" height=\"%.2f\"/>",
                      (double)i + 0.06, BAR_HEIGHT - red, red);
    output_text(bars->out, "</g>\n");
}

/* ---- the axis ---------------------------------------------------------- */

/* Where a time stands, in percent of the width. */
static double place_of(const struct bars *bars, double ns)
{
    int exponent;
    double part = frexp(ns, &exponent); /* 0.5 to 1 */
    double bin = (exponent - 1 + part * 2 - 1) * HISTOGRAM_STEPS;

    return (bin - (double)bars->first) * 100 /
           (double)(bars->count * bars->step);
}

static void put_tick(const struct bars *bars, double ns)
{
    static const char *const unit[] = {"ns", "\u00b5s", "ms", "s"};
    double place = place_of(bars, ns);
    size_t at = 0;

    if (place < 0 || place > 100)
        return;
    for (; ns >= 1000 && at < 3; at++)
        ns /= 1000;
    output_format(bars->out, "<span style=\"left:%.2f%%\">%g\u202f%s</span>",
                  place, ns, unit[at]);
}

/* 1, 10, 100...; where these are few, 2 and 5 as well. */
static void put_axis(const struct bars *bars)
{
    bool few = bars->count * bars->step <= 10 * HISTOGRAM_STEPS;

    output_text(bars->out, "<div class=\"axis\" aria-hidden=\"true\">");
    for (double ns = 1; ns < 1e18; ns *= 10) {
        put_tick(bars, ns);
        if (few) {
            put_tick(bars, 2 * ns);
            put_tick(bars, 5 * ns);
        }
    }
    output_text(bars->out, "</div>");
}

/* ---- the whole --------------------------------------------------------- */

static void put_figure(const struct bars *bars)
{
    output_text(bars->out, "<figure><div class=\"most\">highest bar: ");
    html_count(bars->out, bars->most);
    output_format(bars->out,
                  " call%s</div><svg class=\"bars\" viewBox=\"0 0 "
                  "%zu %d\" preserveAspectRatio=\"none\" role=\"img\" "
                  "aria-label=\"calls by how long they took\"><path "
                  "class=\"grid\" d=\"M0 0h%zuM0 25h%zuM0 50h%zuM0 75h%zu\"/>",
                  bars->most == 1 ? "" : "s", bars->count, BAR_HEIGHT,
                  bars->count, bars->count, bars->count, bars->count);
    for (size_t i = 0; i < bars->count; i++)
        put_bar(bars, i);
    output_text(bars->out, "</svg>");
    put_axis(bars);
    output_format(bars->out,
                  "<figcaption>Time that a call took, on a logarithmic "
                  "scale%s</figcaption></figure>\n",
                  sum(bars->histogram->failed, 0, HISTOGRAM_BINS) > 0
                      ? "; failed calls are red, at the foot"
                      : "");
}

static void put_row(struct output *out, const char *name, double ns)
{
    char text[32];

    output_format(out,
                  "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td></tr>\n",
                  name, html_time(text, ns));
}

static void put_shares(struct output *out, const struct histogram *h)
{
    output_text(out, "<table class=\"shares\"><caption "
                     "class=\"hidden\">Durations</caption><tbody>\n");
    put_row(out, "Shortest", (double)h->least_ns);
    put_row(out, "Median", (double)histogram_quantile(h, 0.5));
    put_row(out, "90% within", (double)histogram_quantile(h, 0.9));
    put_row(out, "99% within", (double)histogram_quantile(h, 0.99));
    put_row(out, "99.9% within", (double)histogram_quantile(h, 0.999));
    put_row(out, "Longest", (double)h->most_ns);
    put_row(out, "Mean", h->sum_ns / (double)h->total);
    output_text(out, "</tbody></table>\n");
}

void page_durations(struct output *out, const struct histogram *durations)
{
    struct bars bars = {.out = out, .histogram = durations};

    output_text(out, "<section aria-labelledby=\"durations\">\n<h2 "
                     "id=\"durations\">How long calls took</h2>\n");
    if (durations->total == 0)
        output_text(out, "<p>It is not known of any call.</p>\n");
    else {
        choose(&bars);
        output_text(out, "<div class=\"beside\">");
        put_figure(&bars);
        put_shares(out, durations);
        output_text(out, "</div>\n");
    }
    output_text(out, "</section>\n");
}
