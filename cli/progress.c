/* progress.c - see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "settings.h"

enum { BAR = 20, TERMINAL_MS = 100, LOG_MS = 1000 };

int64_t progress_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void progress_init(struct progress *progress, int wanted, int output,
                   uint64_t bytes)
{
    memset(progress, 0, sizeof(*progress));
    progress->terminal = isatty(STDERR_FILENO) == 1;
    progress->on =
        wanted == PROGRESS_YES ||
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

/* ---- the line ---------------------------------------------------------- */

/* A count in three digits: 999, 1.31M, 268k. */
static const char *short_count(double count, char out[16])
{
    static const char units[] = "\0kMGT";
    size_t unit = 0;
    int decimals;

    while (count >= 999.5 && unit < 4) {
        count /= 1000;
        unit++;
    }
    decimals = unit == 0 || count >= 99.95 ? 0 : count >= 9.995 ? 1 : 2;
    (void)snprintf(out, 16, "%.*f%.1s", decimals, count, units + unit);
    return out;
}

static const char *short_time(double seconds, char out[32])
{
    unsigned whole = (unsigned)(seconds + 0.5);

    if (seconds < 9.95)
        (void)snprintf(out, 32, "%.1fs", seconds);
    else if (seconds < 60)
        (void)snprintf(out, 32, "%us", whole);
    else if (seconds < 3600)
        (void)snprintf(out, 32, "%um%02us", whole / 60, whole % 60);
    else if (seconds < 360000)
        (void)snprintf(out, 32, "%uh%02um", whole / 3600, whole / 60 % 60);
    else
        (void)snprintf(out, 32, "long");
    return out;
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

static int columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static size_t add(char *line, size_t used, size_t room, const char *text)
{
    int more = snprintf(line + used, room - used, "%s", text);

    return more < 0 || (size_t)more >= room - used ? used : used + (size_t)more;
}

static void put_bar(char *line, size_t room, double share)
{
    int filled = (int)(share * BAR);
    char bar[BAR + 1];

    for (int i = 0; i < BAR; i++)
        bar[i] = i < filled ? '#' : '-';
    bar[BAR] = '\0';
    (void)snprintf(line, room, "[%s] %.0f%%  ", bar, share * 100);
}

static void make_line(const struct progress *progress,
                      const struct progress_state *state, char *line,
                      size_t room)
{
    double seconds = (double)(progress->last - progress->start) / 1e9;
    double done = (double)state->done, total = estimate(progress, state);
    double rate = seconds > 0 ? done / seconds : 0;
    char part[96], a[16], b[16], time[32];
    size_t used = 0;

    line[0] = '\0';
    if (total > 0) {
        double share = done < total ? done / total : 1;

        put_bar(part, sizeof(part), share);
        used = add(line, used, room, part);
        (void)snprintf(part, sizeof(part), "%s/%s", short_count(done, a),
                       short_count(total, b));
    } else
        (void)snprintf(part, sizeof(part), "%s", short_count(done, a));
    used = add(line, used, room, part);
    (void)snprintf(part, sizeof(part), "  %s/s  %u worker%s",
                   short_count(rate, a), state->workers,
                   state->workers == 1 ? "" : "s");
    used = add(line, used, room, part);
    if (total > done && rate > 0) {
        (void)snprintf(part, sizeof(part), "  ETA %s",
                       short_time((total - done) / rate, time));
        (void)add(line, used, room, part);
    }
}

/* ---- drawing ----------------------------------------------------------- */

void progress_draw(struct progress *progress,
                   const struct progress_state *state)
{
    char line[192], all[256];

    progress->last = progress_now();
    progress->drawn = true;
    make_line(progress, state, line, sizeof(line));
    if (progress->terminal)
        (void)snprintf(all, sizeof(all), "\r%.*s\033[K", columns() - 1, line);
    else
        (void)snprintf(all, sizeof(all), "%s\n", line);
    message_bar(all);
}

void progress_end(struct progress *progress, const struct progress_state *state)
{
    if (!progress->on)
        return;
    progress_draw(progress, state);
    message_bar_end();
}
