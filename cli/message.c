/* message.c - see message.h. */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "session.h"
#include "status.h"

enum { LINE_MAX_BYTES = 4096 };

static atomic_bool bar_stands;
static bool may_be_unread;

static void write_all(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(STDERR_FILENO, text, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EPIPE && !may_be_unread)
            session_pipe_closed();
        if (done <= 0)
            return;
        text += done;
        size -= (size_t)done;
    }
}

static void write_line(const char *prefix, const char *text)
{
    static const char clear[] = "\r\033[J";
    char line[LINE_MAX_BYTES + 32];
    int size = snprintf(line, sizeof(line), "%s%s%s\n", bar_stands ? clear : "",
                        prefix, text);

    if (size >= (int)sizeof(line)) {
        size = sizeof(line) - 1;
        line[size - 1] = '\n';
    }
    bar_stands = false;
    if (size > 0)
        write_all(line, (size_t)size);
}

static void write_message(const char *fmt, va_list ap)
{
    char text[LINE_MAX_BYTES];

    if (vsnprintf(text, sizeof(text), fmt, ap) >= 0)
        write_line("sopool: ", text);
}

void message_warning(void *ctx, const char *complaint)
{
    (void)ctx;
    message("warning: %s", complaint);
}

void message_unread(void)
{
    may_be_unread = true;
}

void message(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    write_message(fmt, ap);
    va_end(ap);
}

int usage(const char *command, const char *fmt, ...)
{
    char hint[128];
    va_list ap;

    va_start(ap, fmt);
    write_message(fmt, ap);
    va_end(ap);
    (void)snprintf(hint, sizeof(hint), "Try 'sopool %s%s--help'",
                   command != NULL ? command : "", command != NULL ? " " : "");
    write_line("", hint);
    return EXIT_USAGE;
}

void message_line(void *ctx, const char *line)
{
    (void)ctx;
    write_line("", line);
}

void message_bar(const char *bar)
{
    bar_stands = bar[0] != '\0' && bar[strlen(bar) - 1] != '\n';
    write_all(bar, strlen(bar));
}

void message_bar_end(void)
{
    if (atomic_exchange(&bar_stands, false))
        write_all("\n", 1);
}

int message_refuse(sopool_error *err, const char *fmt, ...)
{
    va_list ap;

    memset(err, 0, sizeof(*err));
    err->code = SOPOOL_E_ARGS;
    err->exit_status = -1;
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    return -1;
}

/* ---- text -------------------------------------------------------------- */

/* One character of the text as it is shown; how many bytes it was. */
static size_t show_char(const uint8_t *at, size_t left, char out[8])
{
    static const char plain[] = "\a\b\t\n\v\f\r", named[] = "abtnvfr";
    const char *special = *at != 0 ? strchr(plain, *at) : NULL;
    size_t size = sopool_utf8_char(at, left);

    /* Not the control characters of ASCII and Latin-1. */
    if (size > 1 && !(at[0] == 0xc2 && at[1] < 0xa0)) {
        memcpy(out, at, size);
        out[size] = '\0';
        return size;
    }
    if (special != NULL)
        (void)snprintf(out, 8, "\\%c", named[special - plain]);
    else if (size == 1 && *at >= 0x20 && *at != 0x7f)
        (void)snprintf(out, 8, "%c", *at);
    else
        (void)snprintf(out, 8, "\\x%02x", *at);
    return 1;
}

const char *message_text(const char *text, size_t size, char *out, size_t room)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t used = 0, fits = 0, done = 0;

    while (done < size) {
        char shown[8];
        size_t next = done + show_char(at + done, size - done, shown);
        size_t more = strlen(shown);

        if (used + more + 1 > room || (next < size && used + more + 4 > room)) {
            memcpy(out + fits, "...", 4);
            return out;
        }
        memcpy(out + used, shown, more);
        used += more;
        done = next;
        if (used + 4 <= room)
            fits = used;
    }
    out[used] = '\0';
    return out;
}

const char *message_signal(int sig, char out[SIGNAL_ROOM])
{
#ifdef __GLIBC__
    const char *name = sigabbrev_np(sig);
#else
    const char *name = NULL;
#endif

    if (name != NULL)
        (void)snprintf(out, SIGNAL_ROOM, "SIG%s", name);
    else
        (void)snprintf(out, SIGNAL_ROOM, "%d", sig);
    return out;
}
