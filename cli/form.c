/* form.c - see form.h. */
#include "form.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "outcome.h"
#include "render.h"

/* ---- cells of CSV ------------------------------------------------------ */

/* Text within quotes: each quote in it twice. A sink of an output. */
static void put_doubled(void *ctx, const char *data, size_t size)
{
    struct output *out = ctx;
    const char *end = data + size;

    while (data < end) {
        const char *quote = memchr(data, '"', (size_t)(end - data));
        const char *to = quote != NULL ? quote + 1 : end;

        output_bytes(out, data, (size_t)(to - data));
        if (quote != NULL)
            output_byte(out, '"');
        data = to;
    }
}

static void put_cell(struct output *out, const char *text, size_t size)
{
    bool plain = size > 0;

    for (size_t i = 0; plain && i < size; i++)
        plain = text[i] != ',' && text[i] != '"' && text[i] != '\n' &&
                text[i] != '\r';
    if (plain) {
        output_bytes(out, text, size);
        return;
    }
    output_byte(out, '"');
    put_doubled(out, text, size);
    output_byte(out, '"');
}

/* A list or a map stands in its cell as JSON. */
static void put_nested(struct form *form, struct output *out, const void *item,
                       size_t size)
{
    form->nested->ctx = out;
    output_byte(out, '"');
    render_json(form->nested, item, size);
    output_flush(form->nested);
    output_byte(out, '"');
}

/* Null is a cell with nothing; but in a row of its own that would be no row. */
static void put_value(struct form *form, struct output *out, const void *item,
                      size_t size, bool alone)
{
    sopool_reader r = sopool_reader_of(item, size);
    sopool_cbor head;

    switch (sopool_peek(&r)) {
    case SOPOOL_CBOR_TEXT:
        if (sopool_read(&r, &head) == 0)
            put_cell(out, (const char *)head.data, (size_t)head.size);
        break;
    case SOPOOL_CBOR_BYTES:
        if (sopool_read(&r, &head) != 0 || head.size == 0)
            output_text(out, "\"\"");
        else
            render_base64(out, head.data, (size_t)head.size);
        break;
    case SOPOOL_CBOR_ARRAY:
    case SOPOOL_CBOR_MAP:
    case SOPOOL_CBOR_TAG:
        put_nested(form, out, item, size);
        break;
    case SOPOOL_CBOR_NULL:
        if (alone)
            output_text(out, "\"\"");
        break;
    default:
        render_text(out, item, size);
        break;
    }
}

/* ---- the header -------------------------------------------------------- */

static void drop_columns(struct form *form)
{
    for (size_t i = 0; i < form->columns; i++)
        free((char *)(uintptr_t)form->column[i].ptr);
    free(form->column);
    form->column = NULL;
    form->columns = 0;
}

static int add_column(struct form *form, const void *text, uint64_t size)
{
    char *copy = malloc((size_t)size + 1);

    if (copy == NULL)
        return -1;
    if (size > 0)
        memcpy(copy, text, (size_t)size);
    form->column[form->columns++] = (sopool_text){copy, size};
    return 0;
}

/* The keys of a map become the columns. */
static int take_keys(struct form *form, sopool_reader *r, uint64_t count)
{
    sopool_cbor key;
    sopool_blob value;

    form->column = calloc((size_t)count + 1, sizeof(*form->column));
    if (form->column == NULL)
        return -1;
    while (count-- > 0)
        if (sopool_read(r, &key) != 0 || sopool_read_raw(r, &value) != 0 ||
            add_column(form, key.data, key.size) != 0)
            return -1;
    return 0;
}

static void put_header(struct form *form, struct output *out)
{
    if (form->tag)
        output_text(out, "input");
    for (size_t i = 0; i < form->columns; i++) {
        if (i > 0 || form->tag)
            output_byte(out, ',');
        put_cell(out, form->column[i].ptr, (size_t)form->column[i].size);
    }
    output_byte(out, '\n');
    form->headed = true;
}

/* The columns are those of the first result. */
static int make_header(struct form *form, struct output *out, const void *item,
                       size_t size, sopool_error *err)
{
    sopool_reader r = sopool_reader_of(item, size);
    sopool_cbor head;
    int status;

    form->maps = sopool_peek(&r) == SOPOOL_CBOR_MAP;
    if (form->maps)
        status =
            sopool_read(&r, &head) == 0 ? take_keys(form, &r, head.value) : -1;
    else {
        form->column = calloc(1, sizeof(*form->column));
        status = form->column != NULL
                     ? add_column(form, "result", strlen("result"))
                     : -1;
    }
    if (status != 0) {
        drop_columns(form);
        return message_refuse(err, "the result is too large: out of memory");
    }
    put_header(form, out);
    return 0;
}

/* ---- rows of CSV ------------------------------------------------------- */

static bool is_column(const struct form *form, size_t i, const sopool_cbor *key)
{
    return i < form->columns && form->column[i].size == key->size &&
           memcmp(form->column[i].ptr, key->data, (size_t)key->size) == 0;
}

static int no_column(const sopool_cbor *key, sopool_error *err)
{
    char shown[64];

    return message_refuse(err,
                          "the result has the key '%s', for which the CSV has "
                          "no column: they are those of the first result; "
                          "--output json has a place for all",
                          message_text((const char *)key->data,
                                       (size_t)key->size, shown,
                                       sizeof(shown)));
}

/* Has each key of the map its column? Both are sorted alike. */
static int check_keys(const struct form *form, const void *item, size_t size,
                      sopool_error *err)
{
    sopool_reader r = sopool_reader_of(item, size);
    sopool_cbor head, key;
    sopool_blob value;
    size_t at = 0;

    if (sopool_read(&r, &head) != 0 || head.kind != SOPOOL_CBOR_MAP)
        return message_refuse(err, "the result is no map, as the first was "
                                   "that gave the CSV its columns; --output "
                                   "json has a place for both");
    for (uint64_t i = 0; i < head.value; i++) {
        if (sopool_read(&r, &key) != 0 || sopool_read_raw(&r, &value) != 0)
            return message_refuse(err, "the result %s", r.error);
        while (at < form->columns && !is_column(form, at, &key))
            at++;
        if (at++ >= form->columns)
            return no_column(&key, err);
    }
    return 0;
}

/* A map whose keys were checked. */
static void put_map(struct form *form, struct output *out, const void *item,
                    size_t size)
{
    sopool_reader r = sopool_reader_of(item, size);
    sopool_cbor head, key = {0};
    sopool_blob value = {0};
    bool waits = false;
    uint64_t left;

    (void)sopool_read(&r, &head);
    left = head.value;
    for (size_t i = 0; i < form->columns; i++) {
        if (i > 0)
            output_byte(out, ',');
        if (!waits && left > 0) {
            (void)sopool_read(&r, &key);
            (void)sopool_read_raw(&r, &value);
            waits = true;
            left--;
        }
        if (waits && is_column(form, i, &key)) {
            put_value(form, out, value.ptr, (size_t)value.size,
                      form->columns == 1 && !form->tag);
            waits = false;
        } else if (form->columns == 1 && !form->tag)
            output_text(out, "\"\"");
    }
}

static int put_row(struct form *form, struct output *out,
                   const struct line *input, const void *item, size_t size,
                   sopool_error *err)
{
    if (!form->headed && make_header(form, out, item, size, err) != 0)
        return -1;
    if (form->maps && check_keys(form, item, size, err) != 0)
        return -1;
    if (form->tag) {
        put_cell(out, input->text, input->size);
        if (form->columns > 0)
            output_byte(out, ',');
    }
    if (form->maps)
        put_map(form, out, item, size);
    else
        put_value(form, out, item, size, !form->tag);
    output_byte(out, '\n');
    return 0;
}

/* ---- all forms --------------------------------------------------------- */

int form_init(struct form *form, const struct settings *settings)
{
    memset(form, 0, sizeof(*form));
    form->kind = settings->output;
    form->tag = settings->tag;
    form->indexed = settings->unordered;
    if (form->kind != FORMAT_CSV)
        return 0;
    form->nested = calloc(1, sizeof(*form->nested));
    if (form->nested == NULL) {
        message("out of memory");
        return -1;
    }
    form->nested->sink = put_doubled;
    return 0;
}

void form_finish(struct form *form)
{
    drop_columns(form);
    free(form->nested);
}

int form_result(struct form *form, struct output *out, uint64_t index,
                const struct line *input, const void *item, size_t size,
                sopool_error *err)
{
    switch (form->kind) {
    case FORMAT_JSON:
        outcome_json(out, form->indexed ? &index : NULL,
                     form->tag ? input : NULL, item, size, NULL);
        return 0;
    case FORMAT_CSV:
        return put_row(form, out, input, item, size, err);
    case FORMAT_CBOR:
        output_bytes(out, item, size);
        return 0;
    case FORMAT_RAW:
        render_text(out, item, size);
        return 0;
    default:
        if (form->tag) {
            output_bytes(out, input->text, input->size);
            output_byte(out, '\t');
        }
        render_text(out, item, size);
        output_byte(out, '\n');
        return 0;
    }
}

bool form_failure(struct form *form, struct output *out, uint64_t index,
                  const struct line *input, const sopool_error *err)
{
    if (form->kind != FORMAT_JSON)
        return false;
    outcome_json(out, form->indexed ? &index : NULL, form->tag ? input : NULL,
                 NULL, 0, err);
    return true;
}

void form_end(struct form *form, struct output *out, int type)
{
    static const uint8_t null = 0xf6;
    sopool_error err;

    /* A table without rows has its header too, if that is known. */
    if (form->kind == FORMAT_CSV && !form->headed && type != SOPOOL_MAP &&
        type != SOPOOL_ANY)
        (void)make_header(form, out, &null, sizeof(null), &err);
}

void form_restart(struct form *form)
{
    drop_columns(form);
    form->headed = false;
}
