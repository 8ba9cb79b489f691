/* progress.c - see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "figure.h"
#include "message.h"
#include "settings.h"

enum { BAR = 20, LINE = 192, TERMINAL_MS = 100, LOG_MS = 1000 };

/* How many seconds the rate that is shown looks back, about. */
#define LATELY 3.0

int64_t progress_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Is standard error a terminal where a line can be written over? */
static bool is_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) == 1 &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

void progress_init(struct progress *progress, int wanted, int output,
                   uint64_t bytes)
{
    memset(progress, 0, sizeof(*progress));
    progress->terminal = is_terminal();
    progress->on =
        wanted == PROGRESS_ALWAYS ||
        (wanted == PROGRESS_AUTO && progress->terminal && isatty(output) != 1);
    progress->bytes = bytes;
    progress->start = progress->last = progress_now();
}

static int64_t interval_ms(const struct progress *progress)
{
    return progress->terminal ? TERMINAL_MS : LOG_MS;
}

int64_t progress_wait(const struct progress *progress)
{
    return progress->on ? interval_ms(progress) : -1;
}

bool progress_due(const struct progress *progress)
{
    return progress->on &&
           progress_now() - progress->last >= interval_ms(progress) * 1000000;
}

/* ---- how far it is ----------------------------------------------------- */

static double seconds_since(int64_t then, int64_t now)
{
    return (double)(now - then) / 1e9;
}

/* How many inputs there will be, by the bytes of those that were read; 0: not
 * known. */
static double estimate(const struct progress *progress,
                       const struct progress_state *state)
{
    double sent = (double)state->sent;

    if (state->all_sent)
        return sent;
    if (progress->bytes == 0 || state->consumed == 0)
        return 0;
    return sent * (double)progress->bytes / (double)state->consumed;
}

static double share_of(double done, double total)
{
    return total <= 0 ? 0 : done < total ? done / total : 1;
}

/* Calls a second since the beginning. */
static double mean_rate(const struct progress *progress, uint64_t done,
                        int64_t now)
{
    double seconds = seconds_since(progress->start, now);

    return seconds > 0 ? (double)done / seconds : 0;
}

/* What was lately counts most. */
static void count(struct progress *progress, uint64_t done, int64_t now)
{
    double seconds = seconds_since(progress->last, now);
    double total = seconds_since(progress->start, now);
    double weight =
        total < LATELY ? seconds / total : seconds / (seconds + LATELY);

    if (seconds > 0)
        progress->rate +=
            ((double)(done - progress->counted) / seconds - progress->rate) *
            weight;
    progress->counted = done;
    progress->last = now;
}

/* ---- the line ---------------------------------------------------------- */

static int columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static void put_bar(char *line, size_t room, double share)
{
    int filled = (int)(share * BAR);
    char bar[BAR + 1];

    memset(bar, '-', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = '\0';
    (void)snprintf(line, room, "[%s] %.0f%%  ", bar, share * 100);
}

/* "268k/654k", or "268k done" when the total is not known. */
static void put_count(char *out, size_t room, double done, double total)
{
    char a[FIGURE_ROOM], b[FIGURE_ROOM];

    if (total > 0)
        (void)snprintf(out, room, "%s/%s", figure_count(done, a),
                       figure_count(total, b));
    else
        (void)snprintf(out, room, "%s done", figure_count(done, a));
}

/* What is left, or how long it took. */
static void put_time(char *out, size_t room, const struct progress *progress,
                     double left)
{
    double seconds = seconds_since(progress->start, progress->last);
    char time[FIGURE_ROOM];

    if (left > 0 && progress->rate > 0)
        (void)snprintf(out, room, "  ETA %s",
                       figure_time(left / progress->rate, time));
    else
        (void)snprintf(out, room, "  %s", figure_time(seconds, time));
}

/* Without the bar where there is no room for it. */
static void make_line(const struct progress *progress,
                      const struct progress_state *state, double rate,
                      char line[LINE])
{
    double done = (double)state->done, total = estimate(progress, state);
    char bar[48] = "", part[40], failed[40] = "", time[40];
    char a[FIGURE_ROOM];
    int size;

    if (total > 0)
        put_bar(bar, sizeof(bar), share_of(done, total));
    put_count(part, sizeof(part), done, total);
    if (state->failed > 0)
        (void)snprintf(failed, sizeof(failed), "  %s failed",
                       figure_count((double)state->failed, a));
    put_time(time, sizeof(time), progress, total - done);
    size = snprintf(line, LINE, "%s%s  %s/s  %u/%u busy%s%s", bar, part,
                    figure_count(rate, a), state->busy, state->workers, failed,
                    time);
    if (progress->terminal && size >= columns())
        memmove(line, line + strlen(bar), strlen(line + strlen(bar)) + 1);
}

/* ---- drawing ----------------------------------------------------------- */

static void draw(const struct progress *progress, const char *line,
                 const char *end)
{
    char all[LINE + 32];

    if (progress->terminal)
        (void)snprintf(all, sizeof(all), "\r%.*s\033[J%s", columns() - 1, line,
                       end);
    else
        (void)snprintf(all, sizeof(all), "%s\n", line);
    message_bar(all);
}

void progress_draw(struct progress *progress,
                   const struct progress_state *state)
{
    char line[LINE];

    count(progress, state->done, progress_now());
    make_line(progress, state, progress->rate, line);
    draw(progress, line, "\r");
}

void progress_end(struct progress *progress, const struct progress_state *state)
{
    char line[LINE];

    if (!progress->on)
        return;
    progress->last = progress_now();
    make_line(progress, state, mean_rate(progress, state->done, progress->last),
              line);
    draw(progress, line, "\n");
}

void progress_say(const struct progress *progress,
                  const struct progress_state *state, const char *task)
{
    int64_t now = progress_now();
    double done = (double)state->done, total = estimate(progress, state);
    double rate = mean_rate(progress, state->done, now);
    char part[40], share[16] = "", left[40] = "", a[FIGURE_ROOM];
    char time[FIGURE_ROOM];

    put_count(part, sizeof(part), done, total);
    if (total > 0)
        (void)snprintf(share, sizeof(share), " (%.0f%%)",
                       share_of(done, total) * 100);
    if (total > done && rate > 0)
        (void)snprintf(left, sizeof(left), ", ETA %s",
                       figure_time((total - done) / rate, a));
    message("%s: %s%s, %" PRIu64 " failed, %s/s%s, %u of %u workers busy, "
            "%" PRIu64 " queued, %s",
            task, part, share, state->failed, figure_count(rate, a), left,
            state->busy, state->workers, state->queued,
            figure_time(seconds_since(progress->start, now), time));
}
