/* csv.c - see csv.h.
 *
 * A row is split while its lines come, each byte looked at once, also when a
 * field in quotes runs over many lines. Fields stay where they are, in the
 * line; only a row of several lines is copied together.
 */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

#include "room.h"

enum { QUOTE = '"' };

/* How far a row has been split. */
struct split {
    size_t at;         /* in its text */
    size_t line_start; /* where in its text the line begins that is read */
    uint64_t line;
    bool quoted; /* within quotes: the line ends, the field goes on */
};

void csv_init(struct csv *csv, struct input *in, char separator)
{
    memset(csv, 0, sizeof(*csv));
    csv->in = in;
    csv->separator = separator;
}

void csv_finish(struct csv *csv)
{
    free(csv->field);
    free(csv->joined);
    free(csv->plain);
}

/* Makes `*data` hold `need` bytes; twice as many if it has to grow. */
static int reserve(char **data, size_t *room, size_t need)
{
    if (need <= *room)
        return 0;
    return room_for(data, room, need < SIZE_MAX / 2 ? need * 2 : need);
}

/* ---- one row ----------------------------------------------------------- */

static struct spot spot_of(const struct split *split, size_t at)
{
    return (struct spot){split->line, at - split->line_start + 1};
}

static void complain(struct csv *csv, struct spot spot, const char *wrong)
{
    if (csv->wrong == NULL) {
        csv->wrong = wrong;
        csv->spot = spot;
    }
}

static struct csv_field *add_field(struct csv *csv, const struct split *split)
{
    struct csv_field *field;

    if (csv->count == csv->room) {
        size_t room = csv->room * 2 + 16;

        field = reallocarray(csv->field, room, sizeof(*field));
        if (field == NULL)
            return NULL;
        csv->field = field;
        csv->room = room;
    }
    field = &csv->field[csv->count++];
    *field =
        (struct csv_field){.at = split->at, .spot = spot_of(split, split->at)};
    return field;
}

/* The end of the field without quotes that begins at `at`. */
static size_t plain_end(const struct csv *csv, size_t at, size_t end)
{
    const char *text = csv->row.text + at;
    const char *found = memchr(text, csv->separator, end - at);

    return found != NULL ? at + (size_t)(found - text) : end;
}

static void split_plain(struct csv *csv, struct split *split,
                        struct csv_field *field, size_t end)
{
    const char *text = csv->row.text, *quote;

    end = plain_end(csv, split->at, end);
    field->size = end - split->at;
    quote = csv->separator == ',' && field->size > 0
                ? memchr(text + split->at, QUOTE, field->size)
                : NULL;
    if (quote != NULL)
        complain(csv, spot_of(split, (size_t)(quote - text)),
                 "a quote stands in a field that does not begin with one; "
                 "put the field in quotes, and each quote in it twice");
    split->at = end;
}

/* On from `split->at`, which is within quotes. */
static void split_quoted(struct csv *csv, struct split *split,
                         struct csv_field *field, size_t end)
{
    const char *text = csv->row.text;

    while (split->quoted) {
        const char *quote =
            split->at < end ? memchr(text + split->at, QUOTE, end - split->at)
                            : NULL;

        if (quote == NULL) {
            split->at = end;
            return;
        }
        split->at = (size_t)(quote - text) + 1;
        if (split->at < end && text[split->at] == QUOTE) {
            field->doubled = true;
            split->at++;
        } else
            split->quoted = false;
    }
    field->size = split->at - 1 - field->at;
    if (plain_end(csv, split->at, end) != split->at)
        complain(csv, spot_of(split, split->at),
                 "something stands behind a quote that ends a field; a quote "
                 "within a field is written twice");
    split->at = plain_end(csv, split->at, end);
}

/* The fields of the row's text from `split->at` to the line's end, which is
 * `end` without a carriage return. -1: no memory. */
static int split_line(struct csv *csv, struct split *split, size_t end)
{
    const char *text = csv->row.text;
    size_t last = end;

    if (last > split->at && text[last - 1] == '\r')
        last--;
    if (split->quoted) {
        split_quoted(csv, split, &csv->field[csv->count - 1], last);
        if (split->quoted)
            return 0;
    }
    while (csv->count == 0 || split->at < last) {
        struct csv_field *field;

        if (csv->count > 0)
            split->at++; /* the separator */
        field = add_field(csv, split);
        if (field == NULL)
            return -1;
        split->quoted = split->at < last && text[split->at] == QUOTE;
        if (!split->quoted) {
            split_plain(csv, split, field, last);
            continue;
        }
        field->at = ++split->at;
        split_quoted(csv, split, field, last);
        if (split->quoted)
            return 0;
    }
    return 0;
}

/* ---- its lines --------------------------------------------------------- */

static int join(struct csv *csv, const struct line *line, const char *before)
{
    size_t size = csv->joined_size, extra = strlen(before);

    if (reserve(&csv->joined, &csv->joined_room, size + extra + line->size) !=
        0)
        return -1;
    memcpy(csv->joined + size, before, extra);
    if (line->size > 0)
        memcpy(csv->joined + size + extra, line->text, line->size);
    csv->joined_size = size + extra + line->size;
    csv->row.text = csv->joined;
    csv->row.size = csv->joined_size;
    return 0;
}

/* The rest of a row whose quotes are open. */
static int read_rest(struct csv *csv, struct split *split)
{
    struct spot opened = csv->field[csv->count - 1].spot;
    struct line first = csv->row, line;

    csv->joined_size = 0;
    if (join(csv, &first, "") != 0)
        return -1;
    while (split->quoted) {
        if (input_more(csv->in, &line) != 1) {
            complain(csv, opened,
                     "a field begins with a quote that nothing ends");
            return 0;
        }
        if (join(csv, &line, "\n") != 0)
            return -1;
        split->at = split->line_start = csv->joined_size - line.size;
        split->line++;
        if (split_line(csv, split, csv->joined_size) != 0)
            return -1;
    }
    return 0;
}

static void drop_mark(struct csv *csv)
{
    if (csv->line == 1 && csv->row.size >= 3 &&
        memcmp(csv->row.text, "\xef\xbb\xbf", 3) == 0) {
        csv->row.text += 3;
        csv->row.size -= 3;
    }
}

static bool is_blank(const struct line *line)
{
    return line->size == 0 || (line->size == 1 && line->text[0] == '\r');
}

static int split_row(struct csv *csv)
{
    struct split split = {.line = csv->line};

    csv->count = 0;
    csv->wrong = NULL;
    if (split_line(csv, &split, csv->row.size) != 0 ||
        (split.quoted && read_rest(csv, &split) != 0) ||
        reserve(&csv->plain, &csv->plain_room, csv->row.size) != 0)
        return -1;
    if (csv->row.size > 0 && csv->row.text[csv->row.size - 1] == '\r')
        csv->row.size--;
    return 1;
}

int csv_next(struct csv *csv)
{
    do {
        if (input_next(csv->in, &csv->row) != 1)
            return 0;
        csv->line = csv->in->line;
        drop_mark(csv);
    } while (is_blank(&csv->row));
    return split_row(csv);
}

/* ---- fields ------------------------------------------------------------ */

static struct line undouble(struct csv *csv, const struct csv_field *field)
{
    const char *from = csv->row.text + field->at, *end = from + field->size;
    char *start = csv->plain + field->at, *to = start;

    while (from < end) {
        if (*from == QUOTE)
            from++;
        *to++ = *from++;
    }
    return (struct line){start, (size_t)(to - start)};
}

struct line csv_text(struct csv *csv, size_t i)
{
    const struct csv_field *field = &csv->field[i];

    if (i >= csv->count)
        return (struct line){"", 0};
    if (field->doubled)
        return undouble(csv, field);
    return (struct line){csv->row.text + field->at, field->size};
}
