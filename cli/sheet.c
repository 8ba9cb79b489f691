/* sheet.c - see sheet.h. */
#include "sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "near.h"

int sheet_init(struct sheet *sheet, struct input *in,
               struct arguments *arguments, char separator)
{
    memset(sheet, 0, sizeof(*sheet));
    csv_init(&sheet->csv, in, separator);
    sheet->in = in;
    sheet->arguments = arguments;
    sheet->column =
        calloc(arguments->task->param_count + 1, sizeof(*sheet->column));
    if (sheet->column != NULL)
        return 0;
    message("out of memory");
    return -1;
}

void sheet_finish(struct sheet *sheet)
{
    csv_finish(&sheet->csv);
    free(sheet->column);
}

/* ---- the header -------------------------------------------------------- */

/* "FILE:LINE:COLUMN" */
static const char *place_of(const struct sheet *sheet, struct spot spot,
                            char out[600])
{
    (void)snprintf(out, 600, "%.512s:%" PRIu64 ":%zu",
                   input_name(sheet->in->name, sheet->in->file), spot.line,
                   spot.column);
    return out;
}

/* The same of a column's name. */
static const char *place(const struct sheet *sheet, size_t column,
                         char out[600])
{
    const struct csv *csv = &sheet->csv;

    return place_of(sheet,
                    column < csv->count ? csv->field[column].spot
                                        : (struct spot){csv->line, 1},
                    out);
}

static bool is_called(struct sheet *sheet, size_t column, const char *name)
{
    struct line text = csv_text(&sheet->csv, column);

    return strlen(name) == text.size && memcmp(name, text.text, text.size) == 0;
}

/* The first column of that name from `from` on; `count` if there is none. */
static size_t find(struct sheet *sheet, size_t from, const char *name)
{
    while (from < sheet->csv.count && !is_called(sheet, from, name))
        from++;
    return from;
}

/* The column whose name is nearest to one; `count`: none is near. */
static size_t find_near(struct sheet *sheet, const char *name)
{
    enum { LONGEST = 48 };
    size_t best = sheet->csv.count;
    char text[2][LONGEST + 1];
    const char *words[2] = {NULL, NULL};

    for (size_t i = 0; i < sheet->csv.count; i++) {
        struct line column = csv_text(&sheet->csv, i);
        char *copy = text[words[0] == text[0]];

        if (column.size == 0 || column.size > LONGEST)
            continue;
        memcpy(copy, column.text, column.size);
        copy[column.size] = '\0';
        words[1] = copy;
        if (near_word(name, words, 2) != copy)
            continue;
        words[0] = copy;
        best = i;
    }
    return best;
}

/* Says what it may be meant by; else what there is, perhaps another file. */
static int no_column(struct sheet *sheet, const char *name)
{
    const sopool_task_info *task = sheet->arguments->task;
    size_t near = find_near(sheet, name);
    bool found = near < sheet->csv.count;
    struct line text = found ? csv_text(&sheet->csv, near) : sheet->csv.row;
    char where[600], shown[100];

    message("%s: no column is called '%s' (%s '%s'%s); give it in the header, "
            "or with --arg %s=VALUE: %s%s",
            place(sheet, near, where), name, found ? "is it" : "the header is",
            message_text(text.text, text.size, shown, sizeof(shown)),
            found ? "?" : "", name, task->name, task->signature);
    return -1;
}

static int match_param(struct sheet *sheet, size_t param)
{
    const char *name = sheet->arguments->task->params[param].name;
    size_t column = find(sheet, 0, name);
    size_t second = find(sheet, column + 1, name);
    char where[600];

    if (!arguments_is_open(sheet->arguments, param)) {
        if (column == sheet->csv.count)
            return 0;
        message("%s: the column '%s' is there, and --arg gives %s too; "
                "allowed: one of them",
                place(sheet, column, where), name, name);
        return -1;
    }
    if (column == sheet->csv.count)
        return no_column(sheet, name);
    if (second < sheet->csv.count) {
        message("%s: a second column is called '%s'; allowed: one",
                place(sheet, second, where), name);
        return -1;
    }
    sheet->column[param] = column;
    return 0;
}

static bool is_used(const struct sheet *sheet, size_t column)
{
    for (size_t i = 0; i < sheet->arguments->task->param_count; i++)
        if (arguments_is_open(sheet->arguments, i) &&
            sheet->column[i] == column)
            return true;
    return false;
}

/* A column that is no parameter is none by mistake, perhaps. */
static void tell_unused(struct sheet *sheet)
{
    size_t first = sheet->csv.count, used = 0, more = 0;
    char where[600], list[256] = "", shown[48];

    for (size_t i = 0; i < sheet->csv.count; i++) {
        struct line text = csv_text(&sheet->csv, i);

        if (is_used(sheet, i))
            continue;
        if (first == sheet->csv.count)
            first = i;
        if (used + sizeof(shown) + 4 > sizeof(list)) {
            more++;
            continue;
        }
        (void)message_text(text.text, text.size, shown, sizeof(shown));
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s'%s'",
                                 used > 0 ? ", " : "", shown);
    }
    if (first == sheet->csv.count)
        return;
    if (more > 0)
        (void)snprintf(list + used, sizeof(list) - used, " and %zu more", more);
    message("%s: not used, as %s has no such parameter: %s",
            place(sheet, first, where), sheet->arguments->task->name, list);
}

/* The row that was read is a header: -1 after a message if it is no good. */
static int take_header(struct sheet *sheet)
{
    const struct csv *csv = &sheet->csv;
    char where[600];

    if (csv->wrong != NULL) {
        message("%s: %s", place_of(sheet, csv->spot, where), csv->wrong);
        return -1;
    }
    for (size_t i = 0; i < sheet->arguments->task->param_count; i++)
        if (match_param(sheet, i) != 0)
            return -1;
    tell_unused(sheet);
    sheet->columns = csv->count;
    return 0;
}

/* ---- rows -------------------------------------------------------------- */

int sheet_next(struct sheet *sheet, struct line *row)
{
    for (;;) {
        int status = csv_next(&sheet->csv);

        if (status < 0)
            message("out of memory");
        if (status != 1)
            return status;
        if (sheet->headed && sheet->file == sheet->in->file) {
            *row = sheet->csv.row;
            return 1;
        }
        sheet->headed = true;
        sheet->file = sheet->in->file;
        if (take_header(sheet) != 0) {
            sheet->in->failed = true;
            input_skip(sheet->in);
        }
    }
}

/* A row that has not the header's number of fields. */
static int ragged(struct sheet *sheet, struct spot *spot, sopool_error *err)
{
    size_t count = sheet->csv.count, columns = sheet->columns;
    size_t at = count > columns ? columns : count - 1;

    *spot = sheet->csv.field[at].spot;
    return message_refuse(
        err, "the row has %zu field%s, the header has %zu; %s", count,
        count == 1 ? "" : "s", columns,
        count > columns ? "here is the first too many" : "here is the last");
}

int sheet_args(struct sheet *sheet, sopool_args *out, struct spot *spot,
               sopool_error *err)
{
    struct arguments *arguments = sheet->arguments;

    if (sheet->csv.wrong != NULL) {
        *spot = sheet->csv.spot;
        return message_refuse(err, "%s", sheet->csv.wrong);
    }
    if (sheet->csv.count != sheet->columns)
        return ragged(sheet, spot, err);
    arguments_begin(arguments);
    for (size_t i = 0; i < arguments->task->param_count; i++) {
        size_t column = sheet->column[i];
        struct line text;

        if (!arguments_is_open(arguments, i))
            continue;
        text = csv_text(&sheet->csv, column);
        if (arguments_put(arguments, i, text.text, text.size, err) != 0) {
            *spot = sheet->csv.field[column].spot;
            return -1;
        }
    }
    arguments_take(arguments, out);
    return 0;
}
