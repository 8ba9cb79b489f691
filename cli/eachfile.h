/* eachfile.h - inputs that are files: a call for each, with its path or with
 * its contents. The paths are words of the command line, or stand in lines. */
#ifndef SOPOOL_CLI_EACHFILE_H
#define SOPOOL_CLI_EACHFILE_H

#include "arguments.h"
#include "input.h"

struct eachfile {
    struct arguments *arguments; /* borrowed */
    struct input *in;            /* lines with the paths; borrowed */
    char *const *name;           /* the paths if `in` is not used; borrowed */
    size_t count, next;
    bool contents; /* a parameter takes them */
    char *path;    /* with its NUL; owned */
    char *data;    /* owned */
    size_t path_room, data_room;
};

/* The paths are `name`; if `count` is 0 they are read from `in`. -1 after a
 * message: the task takes no files. */
int eachfile_init(struct eachfile *each, struct input *in,
                  struct arguments *arguments, char *const *name, size_t count);
void eachfile_finish(struct eachfile *each);

/* The next path: 1, or 0: there is none. */
int eachfile_next(struct eachfile *each, struct line *path);

/* The arguments of that file's call, borrowed until the next. */
int eachfile_args(struct eachfile *each, const struct line *path,
                  sopool_args *out, sopool_error *err);

#endif
