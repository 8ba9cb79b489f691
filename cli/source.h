/* source.h - where the calls of map and starmap come from, in all the forms
 * that --input and --each-file name: one input after the other, and the
 * arguments that it gives. */
#ifndef SOPOOL_CLI_SOURCE_H
#define SOPOOL_CLI_SOURCE_H

#include "arguments.h"
#include "eachfile.h"
#include "input.h"
#include "settings.h"
#include "sheet.h"

struct source {
    char *const *name; /* of the files; borrowed */
    struct input input;
    struct arguments arguments;
    bool lines; /* inputs are lines */
    bool rows;  /* inputs are rows of tables */
    bool files; /* inputs are files */
    struct sheet sheet;
    struct eachfile each;
    struct spot spot; /* where an input is wrong; line 0: not known */
};

/* The task's inputs from files of these names; `list` for starmap. EXIT_GOOD,
 * or another after a message; to be closed in any case. */
int source_open(struct source *source, const struct settings *settings,
                const sopool_task_info *task, char *const *name, size_t count,
                bool list);
void source_close(struct source *source);

/* The following two where inputs are no lines. */
int source_next_of(struct source *source, struct line *line);
int source_args_of(struct source *source, const struct line *line,
                   sopool_args *out, sopool_error *err);

/* The next input: 1 and its text, borrowed until the next; 0: there is none. */
static inline int source_next(struct source *source, struct line *line)
{
    return source->lines ? input_next(&source->input, line)
                         : source_next_of(source, line);
}

/* The arguments that it gives, borrowed as long. -1: what is wrong with it, and
 * in `spot` where. */
static inline int source_args(struct source *source, const struct line *line,
                              sopool_args *out, sopool_error *err)
{
    return source->lines ? arguments_read(&source->arguments, line->text,
                                          line->size, out, err)
                         : source_args_of(source, line, out, err);
}

/* Do the files hold inputs, rather than being them? */
static inline bool source_is_read(const struct source *source)
{
    return !source->files || source->each.count == 0;
}

/* Where the input began: which of the names, and the line in it from 1; 0: it
 * is the whole file. */
static inline size_t source_file(const struct source *source)
{
    return source_is_read(source) ? source->input.file : source->each.next - 1;
}

static inline uint64_t source_line(const struct source *source)
{
    if (source->rows)
        return source->sheet.csv.line;
    return source_is_read(source) ? source->input.line : 0;
}

/* How much is read, of how much; 0: not known. */
static inline uint64_t source_done(const struct source *source)
{
    return source_is_read(source) ? source->input.done : source->each.next;
}

uint64_t source_total(const struct source *source);

/* A place in one of the names as messages have it: "words:17", "table.csv:17:5"
 * if the column is not 0, the file alone if it is the input (line 0), or
 * "words: item 17" where items are no lines. */
void source_where(const struct source *source, size_t file, struct spot spot,
                  char *out, size_t room);

#endif
