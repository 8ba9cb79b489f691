/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(8) uint8_t data[];
};

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024 };

static void begin_block(struct arena *arena, struct arena_block *block)
{
    block->next = arena->block;
    arena->block = block;
    arena->left = block->size;
}

/* A spare one that is large enough. */
static struct arena_block *take_spare(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->spare;

    if (block == NULL || block->size < size)
        return NULL;
    arena->spare = block->next;
    return block;
}

static int add_block(struct arena *arena, size_t size)
{
    size_t usual = arena->block == NULL ? FIRST_BLOCK : arena->block->size * 2;
    struct arena_block *block = take_spare(arena, size);

    if (block != NULL) {
        begin_block(arena, block);
        return 0;
    }
    if (usual > LARGEST_BLOCK)
        usual = LARGEST_BLOCK;
    if (size < usual)
        size = usual;
    block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return -1;
    block->size = size;
    begin_block(arena, block);
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

static void free_blocks(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_finish(struct arena *arena)
{
    free_blocks(arena->block);
    free_blocks(arena->spare);
    arena->block = arena->spare = NULL;
    arena->left = 0;
}

/* The newest is the largest, and is to be taken first. */
void arena_reset(struct arena *arena)
{
    struct arena_block **end = &arena->block;

    while (*end != NULL)
        end = &(*end)->next;
    *end = arena->spare;
    arena->spare = arena->block;
    arena->block = NULL;
    arena->left = 0;
}
