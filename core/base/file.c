/* file.c - see file.h. */
#include "base/file.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

int file_write(int fd, const void *data, size_t size)
{
    const uint8_t *at = data;

    while (size > 0) {
        ssize_t put = write(fd, at, size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        at += put;
        size -= (size_t)put;
    }
    return 0;
}
