/* encode.c - see encode.h. */
#include "value/encode.h"

static void *grow(void *ctx, void *data, size_t need)
{
    struct buf *b = ctx;

    (void)data;
    return buf_room(b, need - b->size) == NULL ? NULL : b->data;
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
