/* pagelines.c - the page's timeline: a table with a row for each worker at a
 * time, and above them how many calls ended when. Everything is drawn in
 * thousandths of the run. See page.h. */
#include "page.h"

#include <inttypes.h>

#include "html.h"

enum {
    WIDTH = 1000, /* of the drawing: the whole run */
    LANE = 20,    /* height of a worker's row */
    CROWD = 48,   /* and of the row above them */
    TICKS = 8,    /* at most, on the axis */
    RATE_BINS = 4,
    FEW_RESTARTS = 24,
};

struct lines {
    struct output *out;
    const struct timeline *timeline;
    double span_ns;
    double step_ns; /* between two ticks */
};

static double x_of(const struct lines *lines, double since_ns)
{
    double x = since_ns * WIDTH / lines->span_ns;

    return x < 0 ? 0 : x > WIDTH ? WIDTH : x;
}

static double bin_ns(const struct lines *lines)
{
    return (double)(INT64_C(1) << lines->timeline->shift);
}

/* How much of a bin is within the run. */
static double bin_part(const struct lines *lines, size_t bin)
{
    double left = lines->span_ns - (double)bin * bin_ns(lines);

    return left < 1 ? 1 : left < bin_ns(lines) ? left : bin_ns(lines);
}

static size_t bins(const struct lines *lines)
{
    size_t count = (size_t)(lines->span_ns / bin_ns(lines)) + 1;

    return count < TIMELINE_BINS ? count : TIMELINE_BINS;
}

/* Is each call drawn? Those of workers that share a row would hide others. */
static bool one_by_one(const struct timeline *timeline)
{
    return timeline->slice != NULL && timeline->seats == 1;
}

/* ---- the axis ---------------------------------------------------------- */

struct unit {
    double ns;
    const char *name;
};

static const struct unit units[] = {
    {3600e9, "h"}, {60e9, "min"},    {1e9, "s"},
    {1e6, "ms"},   {1e3, "\u00b5s"}, {1, "ns"},
};

static const struct unit *unit_of(double ns)
{
    const struct unit *unit = units;

    while (unit->ns > ns && unit->ns > 1)
        unit++;
    return unit;
}

/* The first of 1, 2, 5, 10... units of which not too many are in the span. */
static double decimal_step(double unit_ns, double span_ns)
{
    for (double scale = unit_ns;; scale *= 10)
        for (int i = 1; i <= 5; i += i < 2 ? 1 : 3)
            if (scale * i * TICKS >= span_ns)
                return scale * i;
}

/* The same, but of a minute and an hour what divides these. */
static double step_of(double span_ns)
{
    static const double whole[] = {10e9,   15e9,    30e9,    60e9,   120e9,
                                   300e9,  600e9,   900e9,   1800e9, 3600e9,
                                   7200e9, 14400e9, 43200e9, 86400e9};

    if (span_ns < whole[0] * TICKS)
        return decimal_step(1, span_ns);
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (whole[i] * TICKS >= span_ns)
            return whole[i];
    return decimal_step(86400e9, span_ns);
}

static void put_axis(const struct lines *lines)
{
    const struct unit *unit = unit_of(lines->step_ns);

    output_text(lines->out, "<div class=\"axis\" aria-hidden=\"true\">");
    for (double at = 0; at < lines->span_ns * 0.94; at += lines->step_ns)
        output_format(lines->out,
                      "<span style=\"left:%.2f%%\">%g\u202f%s</span>",
                      at * 100 / lines->span_ns, at / unit->ns, unit->name);
    output_text(lines->out, "</div>");
}

static void put_grid(const struct lines *lines, int height)
{
    output_text(lines->out, "<path class=\"grid\" d=\"");
    for (double at = lines->step_ns; at < lines->span_ns; at += lines->step_ns)
        output_format(lines->out, "M%.1f 0v%d", x_of(lines, at), height);
    output_text(lines->out, "\"/>");
}

/* ---- areas ------------------------------------------------------------- */

/* A line over bins, as high as `height_of` says; `room` is the most. */
static void put_area(const struct lines *lines, const char *name, int room,
                     int (*height_of)(const struct lines *lines,
                                      const void *ctx, size_t bin),
                     const void *ctx)
{
    int height = 0;

    output_format(lines->out, "<path class=\"%s\" d=\"M0 %d", name, room);
    for (size_t bin = 0; bin < bins(lines); bin++) {
        int next = height_of(lines, ctx, bin);

        if (next == height)
            continue;
        output_format(lines->out, "H%.1fv%d",
                      x_of(lines, (double)bin * bin_ns(lines)), height - next);
        height = next;
    }
    output_format(lines->out, "H%dV%dz\"/>", WIDTH, room);
}

/* What is there at all can be seen. */
static int scaled(double share, int room)
{
    int height = (int)(share * room + 0.5);

    if (share > 0 && height < 1)
        return 1;
    return height < room ? height : room;
}

static int busy_height(const struct lines *lines, const void *ctx, size_t bin)
{
    const struct lane *lane = ctx;
    double whole = bin_part(lines, bin) * lines->timeline->seats;

    return scaled((double)lane->bin[bin].busy_ns / whole, LANE);
}

/* Calls a second at that time: of some bins together, lest a few calls look
 * like many in a moment and none in the next. */
static double rate_in(const struct lines *lines, size_t bin)
{
    size_t first = bin - bin % RATE_BINS;
    double calls = 0, time = 0;

    for (size_t i = first; i < first + RATE_BINS && i < bins(lines); i++) {
        calls += (double)lines->timeline->calls[i];
        time += bin_part(lines, i);
    }
    /* The last may hold but a moment of the run, and many calls. */
    if (time < bin_ns(lines))
        time = bin_ns(lines);
    return calls * 1e9 / time;
}

static double most_rate(const struct lines *lines)
{
    double most = 0;

    for (size_t bin = 0; bin < bins(lines); bin++)
        if (rate_in(lines, bin) > most)
            most = rate_in(lines, bin);
    return most;
}

static int rate_height(const struct lines *lines, const void *ctx, size_t bin)
{
    const double *most = ctx;

    return scaled(rate_in(lines, bin) / *most, CROWD);
}

/* ---- marks ------------------------------------------------------------- */

/* Failed calls where they are not drawn one by one: a line above, one for all
 * bins in a row that have some. */
static void put_failed(const struct lines *lines, const struct lane *lane)
{
    output_text(lines->out, "<path class=\"failed\" d=\"");
    for (size_t bin = 0; bin < bins(lines); bin++) {
        size_t end = bin;

        while (end < bins(lines) && lane->bin[end].failed > 0)
            end++;
        if (end == bin)
            continue;
        output_format(lines->out, "M%.1f 0v5H%.1fv-5z",
                      x_of(lines, (double)bin * bin_ns(lines)),
                      x_of(lines, (double)end * bin_ns(lines)));
        bin = end;
    }
    output_text(lines->out, "\"/>");
}

/* Where they are many, short ones: they should not hide the rest. */
static void put_restarts(const struct lines *lines, const struct lane *lane)
{
    int height = lane->restarts > FEW_RESTARTS ? LANE / 4 : LANE;

    output_text(lines->out, "<path class=\"restart\" d=\"");
    for (size_t bin = 0; bin < bins(lines); bin++)
        if (lane->bin[bin].restarts > 0)
            output_format(lines->out, "M%.1f %dv%d",
                          x_of(lines, ((double)bin + 0.5) * bin_ns(lines)),
                          LANE - height, height);
    output_text(lines->out, "\"/>");
}

static void put_slice(const struct lines *lines, const struct slice *slice)
{
    const struct brief *brief = &slice->brief;
    double from = (double)(slice->from_ns - lines->timeline->start_ns);
    double to = (double)(slice->to_ns - lines->timeline->start_ns);
    double x = x_of(lines, from), width = x_of(lines, to) - x;
    char text[32];

    output_format(lines->out,
                  "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" y=\"2\" "
                  "height=\"%d\"><title>",
                  slice->failed      ? "failed"
                  : brief->index & 1 ? "odd"
                                     : "run",
                  x, width > 0.5 ? width : 0.5, LANE - 2);
    html_input(lines->out, brief->text, brief->size, brief->whole);
    output_format(lines->out, "\n%s%s, worker %" PRIu32 "</title></rect>",
                  html_time(text, to - from), slice->failed ? ", failed" : "",
                  slice->worker);
}

static void put_slices(const struct lines *lines, uint32_t lane)
{
    const struct timeline *timeline = lines->timeline;

    for (size_t i = 0; i < timeline->slices; i++)
        if (timeline->slice[i].lane == lane)
            put_slice(lines, &timeline->slice[i]);
}

/* ---- rows -------------------------------------------------------------- */

static void put_numbers(const struct lines *lines, double busy, uint64_t calls,
                        uint64_t failed, uint64_t restarts)
{
    struct output *out = lines->out;

    output_format(out, "<td class=\"n\">%.0f%%</td><td class=\"n\">",
                  busy * 100);
    html_count(out, calls);
    output_format(out, "</td><td class=\"n%s\">", failed > 0 ? " bad" : "");
    html_count(out, failed);
    output_text(out, "</td><td class=\"n\">");
    html_count(out, restarts);
    output_text(out, "</td></tr>\n");
}

static void begin_drawing(const struct lines *lines, int height,
                          const char *label)
{
    output_format(lines->out,
                  "<td class=\"line\"><svg viewBox=\"0 0 %d %d\" "
                  "style=\"height:%dpx\" preserveAspectRatio=\"none\" "
                  "role=\"img\" aria-label=\"%s\">",
                  WIDTH, height, height, label);
    put_grid(lines, height);
}

static void put_lane(const struct lines *lines, uint32_t at)
{
    const struct timeline *timeline = lines->timeline;
    const struct lane *lane = timeline->lane[at];
    uint32_t first = at * timeline->seats + 1;

    if (lane == NULL)
        return;
    output_format(lines->out, "<tr><th scope=\"row\">%" PRIu32, first);
    if (timeline->seats > 1)
        output_format(lines->out, "\u2013%" PRIu32,
                      first + timeline->seats - 1);
    output_text(lines->out, "</th>");
    begin_drawing(lines, LANE, "what it ran when");
    if (!one_by_one(timeline)) {
        put_area(lines, "run", LANE, busy_height, lane);
        put_failed(lines, lane);
    } else
        put_slices(lines, at);
    put_restarts(lines, lane);
    output_text(lines->out, "</svg></td>");
    put_numbers(lines, (double)lane->busy_ns / lines->span_ns / timeline->seats,
                lane->calls, lane->failed, lane->restarts);
}

static void put_crowd(const struct lines *lines)
{
    const struct timeline *timeline = lines->timeline;
    uint64_t calls = 0, failed = 0, restarts = 0;
    double busy = 0, most = most_rate(lines);
    char text[32];

    for (uint32_t i = 0; i < timeline->lanes; i++) {
        const struct lane *lane = timeline->lane[i];

        calls += lane != NULL ? lane->calls : 0;
        failed += lane != NULL ? lane->failed : 0;
        restarts += lane != NULL ? lane->restarts : 0;
        busy += lane != NULL ? (double)lane->busy_ns : 0;
    }
    output_format(lines->out,
                  "<tr class=\"crowd\"><th scope=\"row\">all<small>up to "
                  "%s/s</small></th>",
                  html_short(text, most));
    begin_drawing(lines, CROWD, "calls that ended, by time");
    if (most > 0)
        put_area(lines, "rate", CROWD, rate_height, &most);
    output_text(lines->out, "</svg></td>");
    put_numbers(lines,
                busy / lines->span_ns / timeline->seats /
                    (timeline->lanes > 0 ? timeline->lanes : 1),
                calls, failed, restarts);
}

static const char *legend(const struct timeline *timeline)
{
    if (one_by_one(timeline))
        return "Each call is drawn where it ran. Point at one to see its "
               "input.";
    if (timeline->seats > 1)
        return "Workers share rows. The higher one is filled, the busier they "
               "were at that time.";
    return "The higher a row is filled, the busier its worker was at that "
           "time.";
}

void page_timeline(struct output *out, const struct timeline *timeline,
                   int64_t end_ns)
{
    struct lines lines = {
        .out = out,
        .timeline = timeline,
        .span_ns = (double)(end_ns - timeline->start_ns),
    };

    if (lines.span_ns < 1)
        lines.span_ns = 1;
    lines.step_ns = step_of(lines.span_ns);
    output_format(out,
                  "<section aria-labelledby=\"timeline\">\n<h2 "
                  "id=\"timeline\">Timeline of the workers</h2>\n<p>%s A "
                  "worker that is restarted takes the row of one that "
                  "ended.</p>\n<p class=\"legend\"><span "
                  "class=\"key run\"></span> running <span class=\"key "
                  "failed\"></span> a call failed <span class=\"key "
                  "restart\"></span> a worker was restarted</p>\n",
                  legend(timeline));
    output_text(out, "<div class=\"wide\"><table class=\"lanes\"><thead><tr>"
                     "<th scope=\"col\">Worker</th><th scope=\"col\">"
                     "<span class=\"hidden\">Time</span>");
    put_axis(&lines);
    output_text(out, "</th><th scope=\"col\" class=\"n\">Busy</th><th "
                     "scope=\"col\" class=\"n\">Calls</th><th scope=\"col\" "
                     "class=\"n\">Failed</th><th scope=\"col\" class=\"n\">"
                     "Restarts</th></tr></thead>\n<tbody>\n");
    put_crowd(&lines);
    for (uint32_t i = 0; i < timeline->lanes; i++)
        put_lane(&lines, i);
    output_text(out, "</tbody></table></div>\n</section>\n");
}
