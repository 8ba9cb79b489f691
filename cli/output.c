/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "session.h"

static void write_all(struct output *out, const char *data, size_t size)
{
    if (out->sink != NULL) {
        out->sink(out->ctx, data, size);
        return;
    }
    while (size > 0) {
        ssize_t done = write(out->fd, data, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            session_cannot_write(errno);
        data += done;
        size -= (size_t)done;
    }
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
