/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(8) uint8_t data[];
};

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024 };

static int add_block(struct arena *arena, size_t size)
{
    size_t usual = arena->block == NULL ? FIRST_BLOCK : arena->block->size * 2;
    struct arena_block *block;

    if (usual > LARGEST_BLOCK)
        usual = LARGEST_BLOCK;
    if (size < usual)
        size = usual;
    block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return -1;
    block->next = arena->block;
    block->size = size;
    arena->block = block;
    arena->left = size;
    return 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 7) & ~(size_t)7;
    if (size > arena->left && add_block(arena, size) != 0)
        return NULL;
    arena->left -= size;
    return arena->block->data + arena->left;
}

void arena_finish(struct arena *arena)
{
    while (arena->block != NULL) {
        struct arena_block *block = arena->block;

        arena->block = block->next;
        free(block);
    }
    arena->left = 0;
}
