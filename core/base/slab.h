/* slab.h - small objects that a thread makes one after the other, and that any
 * thread frees.
 *
 * Each thread cuts its objects from a slab of its own: no lock, no search. A
 * slab counts the objects that are left of it, and goes when all are freed; so
 * one that is kept for long keeps its slab of SLAB_SIZE bytes. A slab may hold
 * something of its owner's: the memory of the pool whose results it has.
 */
#ifndef SOPOOL_BASE_SLAB_H
#define SOPOOL_BASE_SLAB_H

#include <stddef.h>

enum {
    SLAB_SIZE = 16384,
    SLAB_MOST = 1024, /* the largest object */
    SLAB_KINDS = 2,
};

/* What a slab's owner is told. */
struct slab_kind {
    unsigned number;              /* of the thread's slabs, below SLAB_KINDS */
    void (*hold)(void *owner);    /* a slab is made for it; may be NULL */
    void (*release)(void *owner); /* and is no more; may be NULL */
};

/* `size` bytes, at most SLAB_MOST, aligned to 8; NULL when there is no memory.
 * Freed by slab_free. */
void *slab_alloc(const struct slab_kind *kind, void *owner, size_t size);
void slab_free(void *object);

/* Frees what is kept to be used again: up to 128 MiB of what was in use at one
 * time. */
void slab_trim(void);

/* Lets this thread's slab of the owner go, once its objects are freed. */
void slab_close(const struct slab_kind *kind, const void *owner);

#endif
