/* eachfile.c - see eachfile.h. */
#include "eachfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "room.h"

enum { LEAST_ROOM = 64 * 1024 };

/* ---- which parameters -------------------------------------------------- */

static int unfit(const sopool_task_info *task, const char *why)
{
    message("--each-file: %s; a call is given its file's path as a str, and "
            "its contents as bytes; give other parameters with --arg "
            "NAME=VALUE: %s%s",
            why, task->name, task->signature);
    return -1;
}

static int check_params(struct eachfile *each)
{
    const sopool_task_info *task = each->arguments->task;
    size_t paths = 0, contents = 0;

    for (size_t i = 0; i < task->param_count; i++) {
        if (!arguments_is_open(each->arguments, i))
            continue;
        paths += task->params[i].type == SOPOOL_STR;
        contents += task->params[i].type == SOPOOL_BYTES;
    }
    if (each->arguments->open_count == 0)
        return unfit(task, "no parameter is left for a file");
    if (paths + contents < each->arguments->open_count)
        return unfit(task, "a parameter is neither str nor bytes");
    if (paths > 1 || contents > 1)
        return unfit(task, "which parameter the file is for is not clear");
    each->contents = contents > 0;
    return 0;
}

int eachfile_init(struct eachfile *each, struct input *in,
                  struct arguments *arguments, char *const *name, size_t count)
{
    memset(each, 0, sizeof(*each));
    each->in = in;
    each->arguments = arguments;
    each->name = name;
    each->count = count;
    return check_params(each);
}

void eachfile_finish(struct eachfile *each)
{
    free(each->path);
    free(each->data);
}

int eachfile_next(struct eachfile *each, struct line *path)
{
    if (each->count == 0)
        return input_next(each->in, path);
    if (each->next == each->count)
        return 0;
    path->text = each->name[each->next++];
    path->size = strlen(path->text);
    return 1;
}

/* ---- one file ---------------------------------------------------------- */

static int refuse(const struct eachfile *each, int error, sopool_error *err)
{
    char shown[512];

    (void)message_text(each->path, strlen(each->path), shown, sizeof(shown));
    if (error == EISDIR)
        return message_refuse(err,
                              "'%s' is a folder; give the files in it, as "
                              "FOLDER/* or by find FOLDER -type f -print0 | "
                              "sopool map -0 --each-file TASK",
                              shown);
    return message_refuse(err, "cannot read '%s': %s", shown, strerror(error));
}

static int copy_path(struct eachfile *each, const struct line *path,
                     sopool_error *err)
{
    if (path->size == 0)
        return message_refuse(err, "a file's name is empty");
    if (memchr(path->text, '\0', path->size) != NULL)
        return message_refuse(err, "a file's name has a NUL in it");
    if (room_for(&each->path, &each->path_room, path->size + 1) != 0)
        return message_refuse(err, "is too long: out of memory");
    memcpy(each->path, path->text, path->size);
    each->path[path->size] = '\0';
    return 0;
}

/* Reads to the end: how many bytes, or -1 with errno. */
static ssize_t read_all(struct eachfile *each, int fd, size_t expected)
{
    size_t size = 0;

    /* One byte more: the end is found without growing. */
    if (expected + 1 < LEAST_ROOM)
        expected = LEAST_ROOM - 1;
    if (room_for(&each->data, &each->data_room, expected + 1) != 0)
        return -1;
    for (;;) {
        ssize_t got = read(fd, each->data + size, each->data_room - size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : (ssize_t)size;
        size += (size_t)got;
        if (size == each->data_room &&
            room_for(&each->data, &each->data_room, size * 2) != 0)
            return -1;
    }
}

/* Its contents, in `data`: how many bytes, or -1 with errno. */
static ssize_t read_file(struct eachfile *each, const struct stat *st)
{
    int fd, error;
    ssize_t size;

    /* What is no file of bytes that are there may keep us waiting. */
    if (!S_ISREG(st->st_mode) && each->in->waits != NULL)
        each->in->waits(each->in->ctx);
    fd = open(each->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -1;
    size = read_all(each, fd, (size_t)st->st_size);
    error = errno;
    (void)close(fd);
    errno = error;
    return size;
}

/* A file that is there; with what the task asks for. */
static int look(struct eachfile *each, ssize_t *size, sopool_error *err)
{
    struct stat st;

    *size = 0;
    if (stat(each->path, &st) != 0)
        return refuse(each, errno, err);
    if (S_ISDIR(st.st_mode))
        return refuse(each, EISDIR, err);
    if (!each->contents)
        return 0;
    *size = read_file(each, &st);
    return *size >= 0 ? 0 : refuse(each, errno, err);
}

int eachfile_args(struct eachfile *each, const struct line *path,
                  sopool_args *out, sopool_error *err)
{
    struct arguments *arguments = each->arguments;
    ssize_t size;

    if (copy_path(each, path, err) != 0 || look(each, &size, err) != 0)
        return -1;
    arguments_begin(arguments);
    for (size_t i = 0; i < arguments->task->param_count; i++) {
        if (!arguments_is_open(arguments, i))
            continue;
        if (arguments->task->params[i].type == SOPOOL_BYTES)
            arguments_put_bytes(arguments, i, each->data, (size_t)size);
        else if (arguments_put(arguments, i, each->path, path->size, err) != 0)
            return -1;
    }
    arguments_take(arguments, out);
    return 0;
}
