/* sheet.h - tables whose first row has the columns' names: a call for each row
 * below it, its arguments from the columns that are called as the parameters
 * are. Each file has its own header. */
#ifndef SOPOOL_CLI_SHEET_H
#define SOPOOL_CLI_SHEET_H

#include "arguments.h"
#include "csv.h"

struct sheet {
    struct csv csv;
    struct input *in;            /* borrowed */
    struct arguments *arguments; /* borrowed */
    bool headed;                 /* a header was read */
    size_t file;                 /* whose it is */
    size_t columns;              /* that it has */
    size_t *column;              /* of each open parameter; owned */
};

/* 0, or -1 after a message. */
int sheet_init(struct sheet *sheet, struct input *in,
               struct arguments *arguments, char separator);
void sheet_finish(struct sheet *sheet);

/* The next row: 1 and its text; 0: there is none. A file with a header that is
 * no good is told of and left out. -1 after a message: it cannot go on. */
int sheet_next(struct sheet *sheet, struct line *row);

/* The arguments of the row that was read. -1: what is wrong, and where. */
int sheet_args(struct sheet *sheet, sopool_args *out, struct spot *spot,
               sopool_error *err);

#endif
