/* buf.h - a growing run of bytes.
 *
 * A zeroed struct is an empty buffer. Offsets into it stay valid while it
 * grows, pointers do not.
 */
#ifndef SOPOOL_BASE_BUF_H
#define SOPOOL_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* owned */
    size_t size;   /* bytes in use */
    size_t cap;    /* bytes allocated */
};

/* Room for `more` bytes behind those in use: where they go, NULL when there is
 * no memory (the buffer is then as it was). */
void *buf_room(struct buf *b, size_t more);

/* Appends. 0, or -1 when there is no memory. */
int buf_add(struct buf *b, const void *data, size_t size);

/* Frees what it holds; it is empty then. */
void buf_finish(struct buf *b);

#endif
