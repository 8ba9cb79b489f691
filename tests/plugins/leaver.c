/* leaver.c - a task that has something done when its worker ends. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sopool/task.h>

static char left[4096];

/* It takes its time, as writing a file in good order does. */
static void leave(void)
{
    const struct timespec time = {0, 20000000};
    int fd;

    (void)nanosleep(&time, NULL);
    fd = open(left, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0)
        (void)close(fd);
}

SOPOOL_TASK(leaves, bool, "Has a file made by an exit handler.", (str, path))
{
    if (a->path.size >= sizeof(left))
        return sopool_fail(call, "the path is too long");
    memcpy(left, a->path.ptr, (size_t)a->path.size);
    left[a->path.size] = '\0';
    *out = atexit(leave) == 0;
    return SOPOOL_OK;
}

SOPOOL_TASK(nothing, bool, "Does nothing.")
{
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(leaver, "1", leaves, nothing);
