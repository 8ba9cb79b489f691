/* output.h - results on their way out, in a buffer. What cannot be written
 * ends the command there and then (session_cannot_write), so nothing here
 * fails. A file beside the results, which has a name, ends nothing: what goes
 * wrong with it is told once, and shows when it is closed. */
#ifndef SOPOOL_CLI_OUTPUT_H
#define SOPOOL_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { OUTPUT_ROOM = 128 * 1024 };

struct output {
    int fd;           /* borrowed */
    const char *name; /* of a file beside the results, or NULL; borrowed */
    bool failed;      /* it could not be written: nothing more is */
    size_t size;      /* bytes that wait */
    /* Takes what is written in place of the descriptor, or NULL. */
    void (*sink)(void *ctx, const char *data, size_t size);
    void *ctx;
    char data[OUTPUT_ROOM];
};

/* A file beside the results, new or emptied: 0, or -1 after a message. */
int output_open(struct output *out, const char *name);

/* Writes what waits and closes it: 0, or -1 if not all could be written. */
int output_close(struct output *out);

/* Writes all of it to a descriptor: 0, or -1 and errno. */
int output_write(int fd, const void *data, size_t size);

/* Writes what waits. */
void output_flush(struct output *out);

/* What does not fit beside what waits. */
void output_more(struct output *out, const void *data, size_t size);

void output_text(struct output *out, const char *text);

/* At most 1 KiB of it. */
void output_format(struct output *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline void output_bytes(struct output *out, const void *data,
                                size_t size)
{
    if (size > OUTPUT_ROOM - out->size) {
        output_more(out, data, size);
        return;
    }
    if (size > 0)
        memcpy(out->data + out->size, data, size);
    out->size += size;
}

static inline void output_byte(struct output *out, char byte)
{
    if (out->size == OUTPUT_ROOM)
        output_flush(out);
    out->data[out->size++] = byte;
}

#endif
