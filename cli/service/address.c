/* address.c - see address.h. */
#include "service/address.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

#define SYSTEM_FOLDER "/run/sopool-services"

enum {
    BACKLOG = 128,
    NAME_MOST = 64,
    FOLDER_ROOM = 1024, /* more than a socket's path may have */
    PATH_ROOM = FOLDER_ROOM + NAME_MOST + 16,
};

/* ---- names ------------------------------------------------------------- */

/* The folder of the user's own services; false: there is none. A folder that
 * the environment names may, under sudo, be another user's. */
static bool user_folder(char *out, size_t room)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat st;

    if (runtime != NULL && runtime[0] == '/' && stat(runtime, &st) == 0 &&
        st.st_uid == geteuid())
        (void)snprintf(out, room, "%s/sopool-services", runtime);
    else if (geteuid() == 0)
        (void)snprintf(out, room, "%s", SYSTEM_FOLDER);
    else
        return false;
    return true;
}

static int set_path(struct sockaddr_un *out, const char *path)
{
    size_t size = strlen(path);

    memset(out, 0, sizeof(*out));
    out->sun_family = AF_UNIX;
    if (size >= sizeof(out->sun_path)) {
        message("the path of a socket has at most %zu bytes: %s",
                sizeof(out->sun_path) - 1, path);
        return -1;
    }
    memcpy(out->sun_path, path, size + 1);
    return 0;
}

static bool is_name(const char *name, size_t size)
{
    if (size == 0 || size > NAME_MOST || name[0] == '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789._-@",
                   name[i]) == NULL)
            return false;
    return true;
}

static int check_name(const char *name, size_t size)
{
    if (is_name(name, size))
        return 0;
    message("'%.*s' cannot be a service's name; allowed: up to %d letters, "
            "digits, and . _ - @, no . in front; --name gives another",
            (int)size, name, NAME_MOST);
    return -1;
}

/* What the service is called: as its config file without folder and ending. */
static int own_name(const struct settings *settings, const char **name,
                    size_t *size)
{
    const char *slash, *dot;

    *name = "default";
    if (settings->name != NULL)
        *name = settings->name;
    else if (settings->config != NULL) {
        slash = strrchr(settings->config, '/');
        *name = slash != NULL ? slash + 1 : settings->config;
        dot = strrchr(*name, '.');
        *size = dot != NULL ? (size_t)(dot - *name) : strlen(*name);
        return check_name(*name, *size);
    }
    *size = strlen(*name);
    return check_name(*name, *size);
}

int address_own(struct sockaddr_un *out, const struct settings *settings)
{
    char folder[FOLDER_ROOM], path[PATH_ROOM];
    const char *name;
    size_t size;

    if (settings->socket != NULL)
        return set_path(out, settings->socket);
    if (own_name(settings, &name, &size) != 0)
        return -1;
    if (!user_folder(folder, sizeof(folder))) {
        message("there is no folder for the sockets of your services: "
                "XDG_RUNTIME_DIR names none of yours; say --socket PATH");
        return -1;
    }
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        message("cannot make the folder %s: %s; say --socket PATH", folder,
                strerror(errno));
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/%.*s.sock", folder, (int)size, name);
    return set_path(out, path);
}

/* ---- connections ------------------------------------------------------- */

static int connect_with(const struct sockaddr_un *service, int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), error;

    if (fd < 0 || connect(fd, (const struct sockaddr *)service,
                          (socklen_t)sizeof(*service)) == 0)
        return fd;
    error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

int address_reconnect(const struct sockaddr_un *service)
{
    return connect_with(service, 0);
}

/* ---- listening --------------------------------------------------------- */

static int try_bind(int fd, const struct sockaddr_un *own, unsigned mode)
{
    /* Nobody can reach it even before its mode is set. */
    mode_t before = umask(0777 & ~(mode_t)mode);
    int status =
        bind(fd, (const struct sockaddr *)own, (socklen_t)sizeof(*own));

    (void)umask(before);
    return status;
}

/* Services that start at once in a folder do so in turn: else one might take
 * the socket of another, which does not listen yet, for that of a dead one. A
 * folder that cannot be read is not locked. */
static int lock_folder(const struct sockaddr_un *own)
{
    const char *slash = strrchr(own->sun_path, '/');
    char folder[sizeof(own->sun_path)] = ".";
    int fd;

    if (slash != NULL)
        (void)snprintf(folder, sizeof(folder), "%.*s/",
                       (int)(slash - own->sun_path), own->sun_path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
        ;
    return fd;
}

/* Without waiting: at EAGAIN there is a service, too, that more clients call
 * than it gets to. */
static bool is_served(const struct sockaddr_un *own)
{
    int fd = connect_with(own, SOCK_NONBLOCK);

    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 || errno == EAGAIN;
}

/* Takes away the socket of a service that was killed. */
static int take_over(const struct sockaddr_un *own)
{
    struct stat st;

    if (lstat(own->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        message("%s is there and no socket; say --socket PATH", own->sun_path);
        return -1;
    }
    if (is_served(own)) {
        message("there is a service at %s already; --name gives this one "
                "another name",
                own->sun_path);
        return -1;
    }
    if (errno == ECONNREFUSED && unlink(own->sun_path) == 0)
        return 0;
    message("cannot take over the socket %s: %s", own->sun_path,
            strerror(errno));
    return -1;
}

static int listen_alone(const struct sockaddr_un *own, unsigned mode)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status = fd < 0 ? -1 : try_bind(fd, own, mode);

    if (status != 0 && errno == EADDRINUSE) {
        if (take_over(own) != 0) {
            (void)close(fd);
            return -1;
        }
        status = try_bind(fd, own, mode);
    }
    if (status == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    message("cannot listen at %s: %s", own->sun_path, strerror(errno));
    if (status == 0)
        (void)unlink(own->sun_path);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

int address_listen(const struct sockaddr_un *own, unsigned mode)
{
    int lock = lock_folder(own);
    int fd = listen_alone(own, mode);

    if (lock >= 0)
        (void)close(lock);
    return fd;
}

/* ---- finding services -------------------------------------------------- */

static int cannot_connect(const struct sockaddr_un *service)
{
    if (errno == ECONNREFUSED)
        message("the service at %s has ended", service->sun_path);
    else if (errno == EACCES)
        message("the service at %s is not for you: its socket's mode and the "
                "folders above it say for whom it is",
                service->sun_path);
    else
        message("cannot connect to %s: %s", service->sun_path, strerror(errno));
    return -1;
}

static int connect_named(struct sockaddr_un *out, const char *name)
{
    char folder[2][FOLDER_ROOM] = {"", SYSTEM_FOLDER}, path[PATH_ROOM];
    bool is_user = user_folder(folder[0], sizeof(folder[0])) &&
                   strcmp(folder[0], folder[1]) != 0;

    for (int i = is_user ? 0 : 1; i < 2; i++) {
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%s.sock", folder[i], name);
        if (set_path(out, path) != 0)
            return -1;
        fd = address_reconnect(out);
        if (fd >= 0)
            return fd;
        if (errno != ENOENT)
            return cannot_connect(out);
    }
    message("there is no service '%s'; looked in: %s%s%s; 'sopool serve' "
            "starts one",
            name, folder[0], is_user ? ", " : "", folder[1]);
    return -1;
}

int address_connect(struct sockaddr_un *out, const char *service)
{
    int fd;

    if (strchr(service, '/') == NULL)
        return check_name(service, strlen(service)) == 0
                   ? connect_named(out, service)
                   : -1;
    if (set_path(out, service) != 0)
        return -1;
    fd = address_reconnect(out);
    return fd >= 0 ? fd : cannot_connect(out);
}

/* ---- what there is ----------------------------------------------------- */

static void each_in(const char *folder,
                    void (*each)(void *ctx, const char *name, size_t size),
                    void *ctx)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t size = strlen(entry->d_name);

        if (size > 5 && strcmp(entry->d_name + size - 5, ".sock") == 0)
            each(ctx, entry->d_name, size - 5);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

void address_each(void (*each)(void *ctx, const char *name, size_t size),
                  void *ctx)
{
    char folder[FOLDER_ROOM];

    if (user_folder(folder, sizeof(folder)) &&
        strcmp(folder, SYSTEM_FOLDER) != 0)
        each_in(folder, each, ctx);
    each_in(SYSTEM_FOLDER, each, ctx);
}
