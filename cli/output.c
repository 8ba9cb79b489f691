/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "message.h"
#include "session.h"

static void cannot_write(struct output *out, int error)
{
    if (out->name == NULL)
        session_cannot_write(error);
    out->failed = true;
    message("cannot write %.512s: %s", out->name, strerror(error));
}

int output_write(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t done = write(fd, at, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        at += done;
        size -= (size_t)done;
    }
    return 0;
}

static void write_all(struct output *out, const char *data, size_t size)
{
    if (out->sink != NULL)
        out->sink(out->ctx, data, size);
    else if (!out->failed && output_write(out->fd, data, size) != 0)
        cannot_write(out, errno);
}

int output_open(struct output *out, const char *name)
{
    out->name = name;
    out->failed = false;
    out->size = 0;
    out->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out->fd >= 0)
        return 0;
    cannot_write(out, errno);
    return -1;
}

int output_close(struct output *out)
{
    output_flush(out);
    if (close(out->fd) != 0 && errno != EINTR && !out->failed)
        cannot_write(out, errno);
    return out->failed ? -1 : 0;
}

void output_flush(struct output *out)
{
    size_t size = out->size;

    out->size = 0;
    write_all(out, out->data, size);
}

void output_more(struct output *out, const void *data, size_t size)
{
    output_flush(out);
    if (size >= OUTPUT_ROOM) {
        write_all(out, data, size);
        return;
    }
    memcpy(out->data, data, size);
    out->size = size;
}

void output_text(struct output *out, const char *text)
{
    output_bytes(out, text, strlen(text));
}

void output_format(struct output *out, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    int size;

    va_start(ap, fmt);
    size = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (size >= (int)sizeof(text))
        size = sizeof(text) - 1;
    if (size > 0)
        output_bytes(out, text, (size_t)size);
}
