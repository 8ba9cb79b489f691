/* csv.h - rows of CSV (RFC 4180) and TSV, read from lines.
 *
 * A field that begins with a double quote ends with one; within it a quote is
 * written twice, and separators and newlines stand for themselves. Lines end
 * with a newline, or with a carriage return and one. Blank lines are no rows; a
 * byte order mark at a file's beginning is no part of it. In CSV a quote has no
 * place in a field that does not begin with one; in TSV it stands for itself.
 */
#ifndef SOPOOL_CLI_CSV_H
#define SOPOOL_CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

/* Where a byte stands in a file, both from 1; columns are counted in bytes. */
struct spot {
    uint64_t line;
    size_t column;
};

struct csv_field {
    size_t at, size; /* in the row's text, without the quotes around it */
    struct spot spot;
    bool doubled; /* it has quotes that stand twice */
};

struct csv {
    struct input *in; /* borrowed */
    char separator;

    /* The row: its text is borrowed from `in`, or is `joined`. */
    struct line row;
    uint64_t line;           /* where it begins */
    const char *wrong;       /* with it; NULL: nothing */
    struct spot spot;        /* of what is wrong */
    struct csv_field *field; /* owned */
    size_t count, room;

    char *joined; /* a row of several lines; owned */
    size_t joined_size, joined_room;
    char *plain; /* where it lies in the row, but without doubled quotes: a
                    field that has such; owned */
    size_t plain_room;
};

void csv_init(struct csv *csv, struct input *in, char separator);
void csv_finish(struct csv *csv);

/* The next row: 1; what is wrong with it stands in `wrong`. 0: there is none.
 * -1: no memory. */
int csv_next(struct csv *csv);

/* A field's text, without quotes that stand twice; borrowed until the next row.
 * An empty one beyond the last. */
struct line csv_text(struct csv *csv, size_t i);

#endif
