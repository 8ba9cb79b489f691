/* config.c - fuzzes pool configs: any bytes as the file. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sopool.h"

static unsigned reports;

static void report(void *ctx, const char *message)
{
    (void)ctx;
    must(message[0] != '\0');
    reports++;
}

static void load(const char *path)
{
    sopool_options *options = sopool_options_new();
    sopool_error err;

    if (options == NULL)
        return;
    memset(&err, 0, sizeof(err));
    reports = 0;
    if (sopool_options_load(options, path, report, NULL, &err) == 0)
        must(reports == 0 && err.code == 0);
    else
        must(err.code != 0 && strstr(err.message, path) != NULL);
    sopool_options_free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];

    if (fd < 0)
        fd = memfd_create("config", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 ||
        pwrite(fd, data, size, 0) != (ssize_t)size)
        return 0;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    load(path);
    return 0;
}
