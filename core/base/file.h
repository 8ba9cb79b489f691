/* file.h - writing to descriptors. */
#ifndef SOPOOL_BASE_FILE_H
#define SOPOOL_BASE_FILE_H

#include <stddef.h>

/* Writes all of it: 0, or -1 and errno. */
int file_write(int fd, const void *data, size_t size);

#endif
