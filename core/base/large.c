/* large.c - see large.h. */
#include "base/large.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/forks.h"

/* How many blocks are kept, and of how many bytes each at most. */
enum { KEPT = 2, PAGE = 2 << 20 };
#define KEPT_MOST ((size_t)128 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept {
    void *block;
    size_t room;
} kept[KEPT];

/* A kept block that is not much too large. */
static bool fits(const struct kept *block, size_t size)
{
    return block->block != NULL && block->room >= size &&
           block->room / 2 <= size + LARGE_LEAST;
}

static void *take_kept(size_t size, size_t *room)
{
    void *block = NULL;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < KEPT && block == NULL; i++)
        if (fits(&kept[i], size)) {
            block = kept[i].block;
            *room = kept[i].room;
            kept[i].block = NULL;
        }
    pthread_mutex_unlock(&lock);
    return block;
}

void *large_alloc(size_t size, size_t *room)
{
    void *block = take_kept(size, room);

    if (block != NULL)
        return block;
    if (size > SIZE_MAX / 2)
        return NULL;
    *room = (size + PAGE - 1) / PAGE * PAGE;
    block = mmap(NULL, *room, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    (void)madvise(block, *room, MADV_HUGEPAGE);
    return block;
}

/* Instead of an older one of the same size, or of none. */
void large_free(void *block, size_t room)
{
    struct kept old = {block, room};

    if (room <= KEPT_MOST) {
        pthread_mutex_lock(&lock);
        for (int i = 0; i < KEPT && old.block != NULL; i++)
            if (kept[i].block == NULL || (i == KEPT - 1)) {
                old = kept[i];
                kept[i] = (struct kept){block, room};
                break;
            }
        pthread_mutex_unlock(&lock);
    }
    if (old.block != NULL)
        (void)munmap(old.block, old.room);
}

FORKS_WAIT_FOR(lock)
