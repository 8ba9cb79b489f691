/* notify.c - see notify.h. */
#include "service/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct {
    struct sockaddr_un address;
    socklen_t size; /* 0: nobody listens */
} manager;

void notify_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t size = path != NULL ? strlen(path) : 0;

    if (size > 1 && size < sizeof(manager.address.sun_path) &&
        (path[0] == '/' || path[0] == '@')) {
        manager.address.sun_family = AF_UNIX;
        memcpy(manager.address.sun_path, path, size);
        if (path[0] == '@') /* an abstract name */
            manager.address.sun_path[0] = '\0';
        manager.size =
            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    }
    (void)unsetenv("NOTIFY_SOCKET");
}

static void tell(const char *state)
{
    int fd;

    if (manager.size == 0)
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                 (const struct sockaddr *)&manager.address, manager.size);
    (void)close(fd);
}

void notify_ready(void)
{
    tell("READY=1");
}

void notify_reloading(void)
{
    struct timespec now;
    char state[64];

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
                   (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(state);
}

void notify_stopping(void)
{
    tell("STOPPING=1");
}
