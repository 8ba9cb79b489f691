/* source.c - see source.h. */
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "message.h"
#include "status.h"

/* ---- the beginning and the end ----------------------------------------- */

/* A line of text, or a value in JSON, is one argument. */
static int check_open(const struct source *source)
{
    const struct arguments *arguments = &source->arguments;
    const sopool_task_info *task = arguments->task;

    if (source->rows || source->files || arguments->list ||
        arguments->open_count == 1)
        return EXIT_GOOD;
    if (arguments->open_count == 0 && task->param_count > 0)
        message("no parameter of %s is left for the inputs: --arg gives all of "
                "%s",
                task->name, task->signature);
    else
        message("%s takes %zu arguments: %s; use starmap, where a line is a "
                "JSON array of them, --input csv, or --arg NAME=VALUE for "
                "those that are always the same",
                task->name, task->param_count, task->signature);
    return EXIT_USAGE;
}

static int open_form(struct source *source, const struct settings *settings,
                     char *const *name, size_t count)
{
    source->files = settings->each_file;
    source->rows = !source->files && (settings->input == FORMAT_CSV ||
                                      settings->input == FORMAT_TSV);
    source->lines = !source->files && !source->rows;
    /* The one name that stands for no names at all. */
    if (source->files && count == 1 && strcmp(name[0], "-") == 0)
        count = 0;
    if (source->files && eachfile_init(&source->each, &source->input,
                                       &source->arguments, name, count) != 0)
        return EXIT_USAGE;
    if (source->rows &&
        sheet_init(&source->sheet, &source->input, &source->arguments,
                   settings->input == FORMAT_CSV ? ',' : '\t') != 0)
        return EXIT_FAILED;
    return EXIT_GOOD;
}

int source_open(struct source *source, const struct settings *settings,
                const sopool_task_info *task, char *const *name, size_t count,
                bool list)
{
    int status;

    memset(source, 0, sizeof(*source));
    source->input.fd = -1;
    source->name = name;
    status = arguments_init(&source->arguments, task, settings, list);
    if (status == EXIT_GOOD)
        status = open_form(source, settings, name, count);
    if (status == EXIT_GOOD)
        status = check_open(source);
    if (status == EXIT_GOOD && input_init(&source->input, name, count,
                                          settings->zero ? '\0' : '\n') != 0)
        status = EXIT_FAILED;
    return status;
}

void source_close(struct source *source)
{
    arguments_finish(&source->arguments);
    if (source->rows)
        sheet_finish(&source->sheet);
    if (source->files)
        eachfile_finish(&source->each);
    input_finish(&source->input);
}

/* ---- inputs ------------------------------------------------------------ */

int source_next_of(struct source *source, struct line *line)
{
    int status;

    if (source->files)
        return eachfile_next(&source->each, line);
    status = sheet_next(&source->sheet, line);
    if (status < 0)
        source->input.failed = true;
    return status == 1;
}

int source_args_of(struct source *source, const struct line *line,
                   sopool_args *out, sopool_error *err)
{
    source->spot.line = 0;
    if (source->files)
        return eachfile_args(&source->each, line, out, err);
    return sheet_args(&source->sheet, out, &source->spot, err);
}

uint64_t source_total(const struct source *source)
{
    return source_is_read(source)
               ? input_total(source->input.name, source->input.name_count)
               : source->each.count;
}

void source_where(const struct source *source, size_t file, struct spot spot,
                  char *out, size_t room)
{
    const char *name = input_name(source->name, file);
    bool items = source->input.terminator == '\0';

    if (spot.line == 0)
        (void)snprintf(out, room, "%.512s", name);
    else if (spot.column > 0)
        (void)snprintf(out, room, "%.512s:%" PRIu64 ":%zu", name, spot.line,
                       spot.column);
    else
        (void)snprintf(out, room, "%.512s:%s%" PRIu64, name,
                       items ? " item " : "", spot.line);
}
