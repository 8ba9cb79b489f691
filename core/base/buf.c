/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void *buf_room(struct buf *b, size_t more)
{
    size_t need, cap;
    uint8_t *data;

    if (more > SIZE_MAX / 2 - b->size)
        return NULL;
    need = b->size + more;
    if (need <= b->cap && b->data != NULL)
        return b->data + b->size;
    cap = b->cap + b->cap / 2;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP;
    if (cap < need)
        cap = need;
    data = realloc(b->data, cap);
    if (data == NULL)
        return NULL;
    b->data = data;
    b->cap = cap;
    return data + b->size;
}

int buf_add(struct buf *b, const void *data, size_t size)
{
    void *to = buf_room(b, size);

    if (to == NULL)
        return -1;
    if (size > 0)
        memcpy(to, data, size);
    b->size += size;
    return 0;
}

void buf_finish(struct buf *b)
{
    free(b->data);
    b->data = NULL;
    b->size = b->cap = 0;
}
