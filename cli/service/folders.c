/* folders.c - notices that plugins have come, gone or changed. See service.h.
 *
 * A file is written in several steps, and several files are installed one after
 * the other: what is there counts once nothing has changed for a while.
 */
#include "service/service.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "message.h"

enum {
    SETTLE_MS = 300,
    CHANGES = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO |
              IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_ONLYDIR,
};

static bool is_plugin(const struct inotify_event *event)
{
    size_t size = event->len > 0 ? strlen(event->name) : 0;

    return size > 3 && strcmp(event->name + size - 3, ".so") == 0;
}

/* Reads all that has happened: is there a plugin among it? */
static bool read_changes(int fd)
{
    char room[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool found = false;
    ssize_t size;

    while ((size = read(fd, room, sizeof(room))) > 0)
        for (char *at = room; at < room + size;) {
            const struct inotify_event *event = (struct inotify_event *)at;

            found = found || is_plugin(event) || (event->mask & IN_Q_OVERFLOW);
            at += sizeof(*event) + event->len;
        }
    return found;
}

static void on_changed(evutil_socket_t fd, short what, void *ctx)
{
    static const struct timeval settle = {0, SETTLE_MS * 1000};
    struct service *service = ctx;

    (void)what;
    if (read_changes(fd))
        (void)event_add(service->change_over, &settle);
}

static void on_change_over(evutil_socket_t fd, short what, void *ctx)
{
    struct service *service = ctx;

    (void)fd;
    (void)what;
    if (!service->ending)
        generation_begin(service);
}

int folders_open(struct service *service)
{
    service->folders = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (service->folders < 0) {
        message("cannot watch folders: %s", strerror(errno));
        return -1;
    }
    service->changed = event_new(service->base, service->folders,
                                 EV_READ | EV_PERSIST, on_changed, service);
    service->change_over = evtimer_new(service->base, on_change_over, service);
    if (service->changed != NULL && service->change_over != NULL &&
        event_add(service->changed, NULL) == 0)
        return 0;
    message("out of memory");
    return -1;
}

/* A folder that is watched already stays so. */
static void watch(void *ctx, const char *path)
{
    struct service *service = ctx;

    if (inotify_add_watch(service->folders, path, CHANGES) < 0 &&
        errno != ENOENT && errno != ENOTDIR)
        message("warning: changes in %s are not noticed: %s", path,
                strerror(errno));
}

void folders_watch(struct service *service, const sopool_options *options)
{
    sopool_error err;

    if (sopool_options_folders(options, watch, service, &err) != 0)
        message("%s", err.message);
}

void folders_close(struct service *service)
{
    if (service->changed != NULL)
        event_free(service->changed);
    if (service->change_over != NULL)
        event_free(service->change_over);
    if (service->folders >= 0)
        (void)close(service->folders);
}
