/* arena.h - small pieces of memory that are freed together and never move. */
#ifndef SOPOOL_BASE_ARENA_H
#define SOPOOL_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;

/* A zeroed struct is an empty arena. */
struct arena {
    struct arena_block *block; /* the newest; owned list */
    size_t left;               /* bytes free in it */
    struct arena_block *spare; /* to be used again; owned list */
};

/* `size` bytes, aligned to 8; NULL when there is no memory. */
void *arena_alloc(struct arena *arena, size_t size);

void arena_finish(struct arena *arena);

/* Empties it, but keeps the memory for what will be put there next. */
void arena_reset(struct arena *arena);

#endif
