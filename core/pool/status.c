/* status.c - the socket that a pool can be looked at by. See status.h.
 *
 * The dispatcher serves it among its other events and waits for no client: what
 * does not fit into the socket's buffer at once is not sent, and the client
 * sees that it is cut off. A pool without a socket does none of this; with one,
 * it does nothing more until somebody connects.
 */
#include "pool/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "pool/pool.h"

enum {
    BACKLOG = 128,
    SERVED_AT_ONCE = 4,  /* then others have their turn */
    BUFFER = 512 * 1024, /* for a snapshot of many workers */
};

struct status {
    struct watch watch;
    int socket;
    int folder;
    char name[48];
};

/* ---- the folder -------------------------------------------------------- */

/* Does a folder that the environment names belong to the user? As root under
 * sudo it may not. */
static bool is_ours(const char *path)
{
    struct stat st;

    return path[0] == '/' && stat(path, &st) == 0 && st.st_uid == geteuid();
}

static void folder_path(char *out, size_t room)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");

    if (runtime != NULL && is_ours(runtime))
        (void)snprintf(out, room, "%s/sopool", runtime);
    else if (geteuid() == 0)
        (void)snprintf(out, room, "/run/sopool");
    else
        (void)snprintf(out, room, "/tmp/sopool-%u", (unsigned)geteuid());
}

/* In /tmp anybody could have made it. */
static int check_folder(int fd, const char *path, sopool_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return error_errno(err, "cannot look at %s", path);
    if (st.st_uid != geteuid())
        return error_set(err, SOPOOL_E_SYSTEM,
                         "%s belongs to another user; pools cannot be seen "
                         "there",
                         path);
    if ((st.st_mode & 077) != 0)
        return error_set(err, SOPOOL_E_SYSTEM,
                         "others can reach into %s; run: chmod 700 %s", path,
                         path);
    return 0;
}

int status_folder(bool make, sopool_error *err)
{
    char path[4096];
    int fd;

    folder_path(path, sizeof(path));
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_errno(err, "cannot make %s", path);
    fd = fd_high(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd < 0)
        return !make && errno == ENOENT
                   ? -1
                   : error_errno(err, "cannot open %s", path);
    if (check_folder(fd, path, err) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int status_address(struct sockaddr_un *out, int folder, const char *name)
{
    int size;

    memset(out, 0, sizeof(*out));
    out->sun_family = AF_UNIX;
    size = snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s",
                    folder, name);
    return size > 0 && (size_t)size < sizeof(out->sun_path) ? 0 : -1;
}

/* ---- the socket -------------------------------------------------------- */

static int bind_socket(struct status *status, sopool_error *err)
{
    struct sockaddr_un address;

    status->socket =
        fd_high(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (status->socket < 0 ||
        status_address(&address, status->folder, status->name) != 0)
        return error_errno(err, "cannot make a socket");
    /* Of a process that had the same id and was killed. */
    (void)unlinkat(status->folder, status->name, 0);
    if (bind(status->socket, (struct sockaddr *)&address, sizeof(address)) !=
            0 ||
        listen(status->socket, BACKLOG) != 0)
        return error_errno(err, "cannot make the socket %s", status->name);
    return 0;
}

static void free_status(struct status *status)
{
    if (status->socket >= 0)
        (void)close(status->socket);
    if (status->folder >= 0)
        (void)close(status->folder);
    free(status);
}

static struct status *make_status(struct sopool_pool *pool, sopool_error *err)
{
    static atomic_uint pools;
    struct status *status = calloc(1, sizeof(*status));

    if (status == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    status->socket = -1;
    status->watch = (struct watch){WATCH_STATUS, pool};
    (void)snprintf(status->name, sizeof(status->name), "%d-%u.sock",
                   (int)getpid(), atomic_fetch_add(&pools, 1) + 1);
    status->folder = status_folder(true, err);
    if (status->folder >= 0) {
        status_sweep(status->folder);
        if (bind_socket(status, err) == 0)
            return status;
    }
    free_status(status);
    return NULL;
}

/* Makes the socket and watches it. */
static int start(struct sopool_pool *pool, sopool_error *err)
{
    pool->status = make_status(pool, err);
    if (pool->status == NULL)
        return -1;
    pool->timing = true;
    if (watch_add(pool, pool->status->socket, &pool->status->watch) == 0)
        return 0;
    (void)error_errno(err, "cannot watch the socket");
    status_close(pool);
    return -1;
}

int status_open(struct sopool_pool *pool, sopool_error *err)
{
    sopool_error why;

    pool->opened_at = clock_now();
    if (pool->options->status == STATUS_OFF || start(pool, &why) == 0 ||
        pool->options->status == STATUS_AUTO)
        return 0;
    if (err != NULL)
        *err = why;
    return error_prefix(err, "status: ");
}

void status_close(struct sopool_pool *pool)
{
    struct status *status = pool->status;

    if (status == NULL)
        return;
    pool->status = NULL;
    (void)epoll_ctl(pool->epoll, EPOLL_CTL_DEL, status->socket, NULL);
    (void)unlinkat(status->folder, status->name, 0);
    (void)shutdown(status->socket, SHUT_RDWR);
    free_status(status);
}

void status_leave(const struct sopool_pool *pool)
{
    if (pool->status == NULL)
        return;
    (void)close(pool->status->socket);
    (void)close(pool->status->folder);
}

/* ---- serving ----------------------------------------------------------- */

static bool may_look(int client)
{
    struct ucred who;
    socklen_t size = sizeof(who);

    return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

static void serve(struct sopool_pool *pool, int client)
{
    const int room = BUFFER;
    sopool_value *snapshot;
    const void *data;
    size_t size;

    if (!may_look(client))
        return;
    snapshot = snapshot_make(pool);
    if (snapshot == NULL)
        return;
    data = sopool_value_cbor(snapshot, &size);
    (void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    (void)!send(client, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    /* A process that is just being forked may have a copy of the descriptor. */
    (void)shutdown(client, SHUT_WR);
    sopool_value_free(snapshot);
}

void status_serve(struct sopool_pool *pool)
{
    for (int i = 0; i < SERVED_AT_ONCE && pool->status != NULL; i++) {
        CLEANUP_FD int client = accept4(pool->status->socket, NULL, NULL,
                                        SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (client < 0 && errno != EAGAIN && errno != ECONNABORTED &&
            errno != EINTR) /* no descriptors: or it would go on for ever */
            status_close(pool);
        if (client < 0)
            return;
        serve(pool, client);
    }
}
