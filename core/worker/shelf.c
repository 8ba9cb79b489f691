/* shelf.c - see shelf.h. */
#include "worker/shelf.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of the worker's own before each buffer: whole pages. */
static size_t margin(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (SHELF_HEAD + page - 1) / page * page;
}

/* The file, to be read only, behind the margin; NULL. */
static uint8_t *map_behind(int fd, size_t size)
{
    uint8_t *at = mmap(NULL, margin() + size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return NULL;
    if (mmap(at + margin(), size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) !=
        MAP_FAILED)
        return at;
    (void)munmap(at, margin() + size);
    return NULL;
}

void shelf_put(struct shelf *shelf, uint32_t place, uint64_t number, int fd)
{
    struct shelved *to = &shelf->place[place];
    struct stat st;

    shelf_drop(shelf, place);
    to->number = number;
    if (fstat(fd, &st) != 0 || st.st_size <= 0)
        return;
    to->at = map_behind(fd, (size_t)st.st_size);
    if (to->at != NULL)
        to->size = margin() + (size_t)st.st_size;
}

void shelf_drop(struct shelf *shelf, uint32_t place)
{
    struct shelved *from = &shelf->place[place];

    if (from->at != NULL)
        (void)munmap(from->at, from->size);
    *from = (struct shelved){0, NULL, 0};
}

const uint8_t *shelf_args(struct shelf *shelf, const struct lent_args *lent,
                          const uint8_t *head)
{
    const struct shelved *from = &shelf->place[lent->place];
    uint8_t *at;

    if (from->at == NULL || lent->head_size > SHELF_HEAD ||
        lent->size > from->size - margin())
        return NULL;
    at = from->at + margin() - lent->head_size;
    memcpy(at, head, lent->head_size);
    return at;
}

void shelf_finish(struct shelf *shelf)
{
    for (uint32_t place = 0; place < CHANNEL_PLACES; place++)
        shelf_drop(shelf, place);
}
