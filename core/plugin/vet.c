/* vet.c - see vet.h. */
#include "plugin/vet.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

static int refuse_writable(const struct stat *st, sopool_error *err,
                           const char *dir, const char *slash, const char *name)
{
    bool group = (st->st_mode & S_IWGRP) != 0;
    bool other = (st->st_mode & S_IWOTH) != 0;

    return error_set(err, SOPOOL_E_PLUGIN,
                     "%s%s%s: refused, because %s may write to it; run: "
                     "chmod %s '%s%s%s'",
                     dir, slash, name,
                     group && other ? "its group and everybody"
                     : group        ? "its group"
                                    : "everybody",
                     group && other ? "go-w"
                     : group        ? "g-w"
                                    : "o-w",
                     dir, slash, name);
}

static int vet(const struct stat *st, sopool_error *err, const char *dir,
               const char *slash, const char *name)
{
    uid_t user = geteuid();

    if (st->st_uid != 0 && st->st_uid != user)
        return error_set(
            err, SOPOOL_E_PLUGIN,
            "%s%s%s: refused, because it belongs to user %u; it "
            "must belong to root or to you; run: chown %u '%s%s%s'",
            dir, slash, name, (unsigned)st->st_uid, (unsigned)user, dir, slash,
            name);
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refuse_writable(st, err, dir, slash, name);
    return 0;
}

int vet_directory(const char *path, sopool_error *err)
{
    CLEANUP_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    int checked;

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)error_errno(err, "cannot open the plugin folder %s", path);
        if (err != NULL)
            err->code = SOPOOL_E_PLUGIN;
        return -1;
    }
    if (vet(&st, err, path, "", "") != 0)
        return -1;
    checked = fd;
    fd = -1;
    return checked;
}

int vet_file(int dirfd, const char *dir, const char *name, sopool_error *err)
{
    CLEANUP_FD int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int checked;

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)error_errno(err, "cannot open the plugin %s/%s", dir, name);
        if (err != NULL)
            err->code = SOPOOL_E_PLUGIN;
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return error_set(err, SOPOOL_E_PLUGIN, "%s/%s: not a file", dir, name);
    if (vet(&st, err, dir, "/", name) != 0)
        return -1;
    checked = fd;
    fd = -1;
    return checked;
}
