/* warm.c - see warm.h. */
#include "worker/warm.h"

#include <sys/mman.h>
#include <sys/stat.h>

static uint8_t *map_half(int fd, size_t half, int protection, size_t from)
{
    void *at = mmap(NULL, half, protection, MAP_SHARED, fd, (off_t)from);

    return at == MAP_FAILED ? NULL : at;
}

int warm_map(struct warm *warm, int fd, uint64_t serial)
{
    struct stat st;

    warm_finish(warm);
    if (fstat(fd, &st) != 0)
        return -1;
    warm->half = (size_t)(st.st_size / 2);
    warm->args = map_half(fd, warm->half, PROT_READ, 0);
    warm->results =
        map_half(fd, warm->half, PROT_READ | PROT_WRITE, warm->half);
    if (warm->args == NULL || warm->results == NULL) {
        warm_finish(warm);
        return -1;
    }
    warm->serial = serial;
    return 0;
}

void warm_finish(struct warm *warm)
{
    if (warm->args != NULL)
        (void)munmap(warm->args, warm->half);
    if (warm->results != NULL)
        (void)munmap(warm->results, warm->half);
    *warm = (struct warm){NULL, NULL, 0, 0};
}
