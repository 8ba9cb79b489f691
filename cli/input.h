/* input.h - lines of files, of any length, without a copy for each.
 *
 * A line is what ends with the terminator (newline or NUL), or with the file.
 * Empty lines are lines; after a file's last terminator comes no empty one.
 */
#ifndef SOPOOL_CLI_INPUT_H
#define SOPOOL_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    char *const *name; /* of the files, "-" being standard input; borrowed */
    size_t name_count;
    char terminator;
    /* Called before a read that may have to wait; may be NULL. */
    void (*waits)(void *ctx);
    void *ctx;

    size_t file;   /* index of the one being read */
    uint64_t line; /* how many were read of it */
    uint64_t done; /* bytes of all files that were read in lines */
    bool failed;   /* a file could not be read; it has been told */

    int fd; /* -1: not open */
    bool ended;
    char *data; /* owned */
    size_t room, from, to;
    size_t clear; /* bytes from `from` on that have no terminator */
};

struct line {
    const char *text; /* borrowed until the next line */
    size_t size;
};

/* Can all files be opened, as far as one can tell? 0, or -1 after a message. */
int input_check(char *const *name, size_t count);

/* The sum of the files' sizes; 0: not known. */
uint64_t input_total(char *const *name, size_t count);

/* 0, or -1 after a message. */
int input_init(struct input *in, char *const *name, size_t count,
               char terminator);
void input_finish(struct input *in);

/* 1: the next line; 0: there is none. */
int input_next(struct input *in, struct line *line);

/* The same, of the file that is being read alone. */
int input_more(struct input *in, struct line *line);

/* Leaves out the rest of the file that is being read. */
void input_skip(struct input *in);

/* The file's name as messages have it. */
const char *input_name(char *const *name, size_t file);

#endif
