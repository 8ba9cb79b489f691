/* undone.c - a plugin with a destructor, which makes the file UNDONE_FILE. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sopool/task.h>

static void __attribute__((destructor)) undo(void)
{
    const char *path = getenv("UNDONE_FILE");
    int fd =
        path != NULL ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        (void)close(fd);
}

SOPOOL_TASK(nothing, bool, "Does nothing.")
{
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(undone, "1", nothing);
