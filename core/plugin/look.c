/* look.c - a plugin's file beside all pools: what it offers, and whether they
 * would open it. See sopool.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "plugin/catalog.h"
#include "plugin/vet.h"

/* Would a pool open it? */
static void judge(const char *path, sopool_error *trust)
{
    const char *slash = strrchr(path, '/');
    /* That of "/p.so" is "/". */
    CLEANUP_FREE char *folder =
        slash == NULL
            ? strdup(".")
            : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    CLEANUP_FD int dir = -1, file = -1;

    if (folder == NULL) {
        (void)error_nomem(trust);
        return;
    }
    dir = vet_directory(folder, trust);
    if (dir >= 0)
        file = vet_file(dir, folder, slash == NULL ? path : slash + 1, trust);
}

sopool_catalog *sopool_catalog_open_file(const char *path, sopool_error *trust,
                                         sopool_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    sopool_error why = {0};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)error_errno(err, "cannot open the plugin %s", path);
        if (err != NULL)
            err->code = SOPOOL_E_PLUGIN;
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)close(fd);
        (void)error_set(err, SOPOOL_E_PLUGIN, "%s: not a file", path);
        return NULL;
    }
    judge(path, &why);
    if (trust != NULL)
        *trust = why;
    return catalog_of_file(fd, path, err);
}
