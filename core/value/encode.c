/* encode.c - see encode.h. */
#include "value/encode.h"

static int grow(sopool_writer *w, size_t need)
{
    struct buf *b = w->ctx;

    if (buf_room(b, need - b->size) == NULL)
        return -1;
    w->data = b->data;
    w->room = b->cap;
    return 0;
}

sopool_writer buf_writer(struct buf *b)
{
    sopool_writer w = sopool_writer_of(b->data, b->cap);

    w.size = b->size;
    w.grow = grow;
    w.ctx = b;
    return w;
}

int buf_written(struct buf *b, const sopool_writer *w)
{
    if (w->failed)
        return -1;
    b->size = w->size;
    return 0;
}
