/* config.c - a pool's YAML file to its options (sopool_options_load).
 *
 * The file is read as a stream of events, never as a tree: nothing in it can
 * make memory or stack grow beyond its own size, which is limited. Anchors and
 * aliases are refused. Whatever is wrong is reported with its place, and the
 * reading goes on behind it, so that one run tells everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "config/scalar.h"
#include "pool/options.h"
#include "value/encode.h"

enum { FILE_BYTES = 1 << 20, DEPTH = 24, KEYS = 32, NAME_ROOM = 128 };

struct reader {
    const char *path;
    sopool_options *options; /* a copy that is filled in */
    sopool_report_fn *report;
    void *ctx;
    sopool_error first; /* the first complaint */
    unsigned complaints;
    yaml_parser_t parser;
    bool over;      /* no more events: the parser has failed, or was stopped */
    unsigned depth; /* containers that are open */
    bool seen[KEYS];
    yaml_mark_t initargs_at;
};

/* ---- complaints -------------------------------------------------------- */

static __attribute__((format(printf, 3, 4))) void
complain(struct reader *r, yaml_mark_t at, const char *fmt, ...)
{
    sopool_error err;
    char what[sizeof(err.message)];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    (void)error_set(&err, SOPOOL_E_CONFIG, "%s:%zu:%zu: %s", r->path,
                    at.line + 1, at.column + 1, what);
    if (r->report != NULL)
        r->report(r->ctx, err.message);
    if (r->complaints++ == 0)
        r->first = err;
}

static const yaml_mark_t file_start = {0, 0, 0};

/* ---- events ------------------------------------------------------------ */

static void parser_failed(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    yaml_mark_t at = p->problem_mark;

    r->over = true;
    if (p->error == YAML_READER_ERROR)
        complain(r, at, "not UTF-8 text at byte %zu: %s; allowed: YAML",
                 p->problem_offset + 1, p->problem);
    else if (p->error == YAML_MEMORY_ERROR)
        complain(r, at, "out of memory");
    else
        complain(r, at, "not YAML: %s%s%s; allowed: keys and values of a pool",
                 p->context != NULL ? p->context : "",
                 p->context != NULL ? ", " : "",
                 p->problem != NULL ? p->problem : "unknown");
}

static bool is_start(const yaml_event_t *event)
{
    return event->type == YAML_SEQUENCE_START_EVENT ||
           event->type == YAML_MAPPING_START_EVENT;
}

static bool is_end(const yaml_event_t *event)
{
    return event->type == YAML_SEQUENCE_END_EVENT ||
           event->type == YAML_MAPPING_END_EVENT;
}

/* The parser's time grows with the square of the depth, so the reading stops
 * where no config goes. */
static bool too_deep(struct reader *r, const yaml_event_t *event)
{
    if (is_start(event))
        r->depth++;
    else if (is_end(event))
        r->depth--;
    if (r->depth <= DEPTH)
        return false;
    complain(r, event->start_mark, "nested too deeply; allowed: %d levels",
             DEPTH);
    r->over = true;
    return true;
}

/* The next event, the caller's to delete; false after the last. */
static bool next_event(struct reader *r, yaml_event_t *event)
{
    if (r->over)
        return false;
    if (!yaml_parser_parse(&r->parser, event)) {
        parser_failed(r);
        return false;
    }
    if (!too_deep(r, event))
        return true;
    yaml_event_delete(event);
    return false;
}

/* Passes over the rest of a value whose first event was seen. */
static void skip_value(struct reader *r, const yaml_event_t *event)
{
    size_t depth = is_start(event) ? 1 : 0;

    while (depth > 0) {
        yaml_event_t inner;

        if (!next_event(r, &inner))
            return;
        depth += is_start(&inner) ? 1 : 0;
        depth -= is_end(&inner) ? 1 : 0;
        yaml_event_delete(&inner);
    }
}

/* Refuses what no value of a config may be; true if it did. */
static bool refuse_node(struct reader *r, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (event->type == YAML_ALIAS_EVENT) {
        complain(r, event->start_mark,
                 "an alias; allowed: values written out, without anchors and "
                 "aliases");
        return true;
    }
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        complain(r, event->start_mark,
                 "an anchor; allowed: values written out, without anchors and "
                 "aliases");
    else if (tag != NULL)
        complain(r, event->start_mark, "the tag %s; allowed: no tags",
                 (const char *)tag);
    else
        return false;
    return true;
}

static const char *describe(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
        return "a list";
    case YAML_MAPPING_START_EVENT:
        return "a mapping";
    default:
        return event->data.scalar.length == 0 &&
                       event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
                   ? "nothing"
                   : "a single value";
    }
}

/* ---- values ------------------------------------------------------------ */

static void wrong_type(struct reader *r, const yaml_event_t *event,
                       const struct option_key *key)
{
    complain(r, event->start_mark, "%s: %s is not right; allowed: %s",
             key->name, describe(event), key->allowed);
    skip_value(r, event);
}

/* A text that a C string can hold; NULL after a complaint. */
static const char *scalar_text(struct reader *r, const yaml_event_t *event,
                               const struct option_key *key)
{
    const char *text = (const char *)event->data.scalar.value;

    if (strlen(text) == event->data.scalar.length)
        return text;
    complain(r, event->start_mark, "%s: a NUL character; allowed: %s",
             key->name, key->allowed);
    return NULL;
}

/* A folder of the config is relative to the config's own. */
static void put_folder(struct reader *r, const yaml_event_t *event,
                       const struct option_key *key, const char *text)
{
    const char *slash = strrchr(r->path, '/');
    CLEANUP_FREE char *path = NULL;
    sopool_error err;
    int status;

    if (text[0] == '/' || slash == NULL)
        status = asprintf(&path, "%s", text);
    else
        status =
            asprintf(&path, "%.*s/%s", (int)(slash - r->path), r->path, text);
    if (status < 0) {
        path = NULL;
        complain(r, event->start_mark, "out of memory");
    } else if (option_put(r->options, key, path, &err) != 0) {
        complain(r, event->start_mark, "%s: %s", key->name, err.message);
    }
}

static void read_scalar(struct reader *r, const yaml_event_t *event,
                        const struct option_key *key)
{
    sopool_error err;
    const char *text;

    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0) {
        wrong_type(r, event, key);
        return;
    }
    text = scalar_text(r, event, key);
    if (text != NULL && key->kind == OPTION_FOLDER)
        put_folder(r, event, key, text);
    else if (text != NULL && option_put(r->options, key, text, &err) != 0)
        complain(r, event->start_mark, "%s: %s", key->name, err.message);
}

static void read_entry(struct reader *r, const yaml_event_t *event,
                       const struct option_key *key)
{
    const char *text;
    sopool_error err;

    if (refuse_node(r, event)) {
        skip_value(r, event);
        return;
    }
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0) {
        wrong_type(r, event, key);
        return;
    }
    text = scalar_text(r, event, key);
    if (text == NULL)
        return;
    if (key->kind == OPTION_FOLDERS)
        put_folder(r, event, key, text);
    else if (option_put(r->options, key, text, &err) != 0)
        complain(r, event->start_mark, "%s: %s", key->name, err.message);
}

static void read_list(struct reader *r, const yaml_event_t *event,
                      const struct option_key *key)
{
    option_clear(r->options, key);
    if (event->type != YAML_SEQUENCE_START_EVENT) {
        wrong_type(r, event, key);
        return;
    }
    for (;;) {
        yaml_event_t entry;
        bool end;

        if (!next_event(r, &entry))
            return;
        end = entry.type == YAML_SEQUENCE_END_EVENT;
        if (!end)
            read_entry(r, &entry, key);
        yaml_event_delete(&entry);
        if (end)
            return;
    }
}

/* ---- initargs: any values, as CBOR ------------------------------------- */

/* A container that is being read. Its items are encoded one behind the other
 * in a buffer of its own; when it ends it becomes one item of the container
 * around it. */
struct level {
    bool map;
    struct buf items;
    struct buf keys; /* of a map: struct pair, sorted at the end */
    uint64_t count;
};

/* Where a pair stands in the items. */
struct pair {
    size_t key, value, end;
};

struct values {
    struct level level[DEPTH];
    size_t depth;
    bool failed;
};

static void close_levels(struct values *v)
{
    for (size_t i = 0; i < v->depth; i++) {
        buf_finish(&v->level[i].items);
        buf_finish(&v->level[i].keys);
    }
}

/* Notes where an item of a map begins; the items alternate. */
static int note_pair(struct level *level)
{
    struct pair pair = {.key = level->items.size};
    struct pair *last;

    if (!level->map)
        return 0;
    if (level->count % 2 == 0)
        return buf_add(&level->keys, &pair, sizeof(pair));
    last = (struct pair *)(void *)(level->keys.data + level->keys.size) - 1;
    last->value = level->items.size;
    return 0;
}

static void note_end(struct level *level)
{
    struct pair *last;

    if (level->map && level->count % 2 == 1) {
        last = (struct pair *)(void *)(level->keys.data + level->keys.size) - 1;
        last->end = level->items.size;
    }
    level->count++;
}

static int compare_pairs(const void *a, const void *b, void *ctx)
{
    const struct pair *p = a, *q = b;
    const uint8_t *items = ctx;
    size_t m = p->value - p->key, n = q->value - q->key;
    int order = memcmp(items + p->key, items + q->key, m < n ? m : n);

    return order != 0 ? order : (m > n) - (m < n);
}

/* The ended map's pairs in the order of their keys; false on a key twice. */
static bool put_pairs(sopool_writer *w, struct level *level)
{
    struct pair *pair = (struct pair *)(void *)level->keys.data;
    size_t count = level->keys.size / sizeof(*pair);

    if (level->items.size == 0) /* what was in it has been refused */
        count = 0;
    if (count > 0)
        qsort_r(pair, count, sizeof(*pair), compare_pairs, level->items.data);
    (void)sopool_put_map(w, count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 &&
            compare_pairs(&pair[i - 1], &pair[i], level->items.data) == 0)
            return false;
        (void)sopool_put_raw(w, level->items.data + pair[i].key,
                             pair[i].end - pair[i].key);
    }
    return true;
}

/* The innermost container ends: it becomes an item of the one around it, or
 * the value itself. */
static void end_level(struct reader *r, struct values *v, yaml_mark_t at)
{
    struct level *level = &v->level[v->depth - 1];
    struct level *outer = v->depth > 1 ? level - 1 : NULL;
    struct buf *to = outer != NULL ? &outer->items : &r->options->initargs;
    sopool_writer w = buf_writer(to);

    if (level->map) {
        if (!put_pairs(&w, level)) {
            complain(r, at,
                     "initargs: a mapping with a key twice; allowed: "
                     "each key once");
            v->failed = true;
        }
    } else {
        (void)sopool_put_array(&w, level->count);
        (void)sopool_put_raw(&w, level->items.data, level->items.size);
    }
    v->failed = buf_written(to, &w) != 0 || v->failed;
    buf_finish(&level->items);
    buf_finish(&level->keys);
    v->depth--;
    if (outer != NULL)
        note_end(outer);
}

static void begin_level(struct values *v, const yaml_event_t *event)
{
    v->level[v->depth++] = (struct level){
        .map = event->type == YAML_MAPPING_START_EVENT,
    };
}

static void put_scalar(struct values *v, const yaml_event_t *event)
{
    struct level *level = &v->level[v->depth - 1];
    bool key = level->map && level->count % 2 == 0;
    sopool_writer w = buf_writer(&level->items);

    scalar_put(&w, (const char *)event->data.scalar.value,
               event->data.scalar.length,
               !key && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                   event->data.scalar.plain_implicit);
    v->failed = buf_written(&level->items, &w) != 0 || v->failed;
    note_end(level);
}

static void put_value(struct reader *r, struct values *v,
                      const yaml_event_t *event)
{
    struct level *level = &v->level[v->depth - 1];
    bool key = level->map && level->count % 2 == 0;

    if (refuse_node(r, event) || (key && is_start(event))) {
        if (key && is_start(event))
            complain(r, event->start_mark,
                     "initargs: a key that is no text; allowed: texts");
        v->failed = true;
        skip_value(r, event);
        (void)note_pair(level);
        note_end(level);
        return;
    }
    if (note_pair(level) != 0) {
        v->failed = true;
        skip_value(r, event);
    } else if (is_start(event)) {
        begin_level(v, event);
    } else {
        put_scalar(v, event);
    }
}

static void read_args(struct reader *r, const yaml_event_t *event,
                      const struct option_key *key)
{
    struct values v = {.depth = 1};

    option_clear(r->options, key);
    r->initargs_at = event->start_mark;
    if (event->type != YAML_SEQUENCE_START_EVENT) {
        wrong_type(r, event, key);
        return;
    }
    while (v.depth > 0) {
        yaml_event_t inner;

        if (!next_event(r, &inner))
            break;
        if (is_end(&inner))
            end_level(r, &v, inner.start_mark);
        else
            put_value(r, &v, &inner);
        yaml_event_delete(&inner);
    }
    close_levels(&v);
    if (v.failed && r->complaints == 0)
        complain(r, r->initargs_at, "out of memory");
}

/* ---- keys -------------------------------------------------------------- */

static void unknown_key(struct reader *r, const yaml_event_t *event,
                        const char *name)
{
    const char *meant = option_meant(name);

    if (meant != NULL)
        complain(r, event->start_mark,
                 "unknown key '%.60s'; did you mean '%s'?", name, meant);
    else
        complain(r, event->start_mark,
                 "unknown key '%.60s'; allowed: plugins, processes, "
                 "start_method, initializer, initargs, maxtasksperchild, "
                 "chunksize, timeout, retries, threads_per_worker, limits",
                 name);
}

static bool is_section(const char *name)
{
    return strcmp(name, "plugins") == 0 || strcmp(name, "limits") == 0;
}

static void read_section(struct reader *r, const yaml_event_t *event,
                         const char *prefix);

static void read_key(struct reader *r, const yaml_event_t *at, const char *name,
                     const yaml_event_t *value)
{
    const struct option_key *key = option_find(name);
    size_t index;

    if (key == NULL || key->command_only) {
        unknown_key(r, at, name);
        skip_value(r, value);
        return;
    }
    index = (size_t)(key - option_keys);
    if (r->seen[index]) {
        complain(r, at->start_mark, "'%s' is there twice; allowed: once", name);
        skip_value(r, value);
        return;
    }
    r->seen[index] = true;
    if (key->kind == OPTION_LIST || key->kind == OPTION_FOLDERS)
        read_list(r, value, key);
    else if (key->kind == OPTION_ARGS)
        read_args(r, value, key);
    else
        read_scalar(r, value, key);
}

/* One key of a mapping and its value. */
static void read_pair(struct reader *r, const yaml_event_t *at,
                      const char *prefix, unsigned *sections)
{
    char name[NAME_ROOM];
    yaml_event_t value;

    (void)snprintf(name, sizeof(name), "%s%s", prefix,
                   (const char *)at->data.scalar.value);
    if (!next_event(r, &value))
        return;
    if (refuse_node(r, &value)) {
        skip_value(r, &value);
    } else if (prefix[0] == '\0' && is_section(name)) {
        unsigned bit = name[0] == 'p' ? 1u : 2u;

        if (*sections & bit) {
            complain(r, at->start_mark, "'%s' is there twice; allowed: once",
                     name);
            skip_value(r, &value);
        } else {
            read_section(r, &value, name[0] == 'p' ? "plugins." : "limits.");
        }
        *sections |= bit;
    } else {
        read_key(r, at, name, &value);
    }
    yaml_event_delete(&value);
}

/* The keys up to the end of a mapping that has begun. */
static void read_keys(struct reader *r, const char *prefix)
{
    unsigned sections = 0;

    for (;;) {
        yaml_event_t event;
        bool end;

        if (!next_event(r, &event))
            return;
        end = event.type == YAML_MAPPING_END_EVENT;
        if (!end && event.type == YAML_SCALAR_EVENT &&
            !refuse_node(r, &event)) {
            read_pair(r, &event, prefix, &sections);
        } else if (!end) {
            yaml_event_t value;

            if (is_start(&event))
                complain(r, event.start_mark,
                         "a key that is no text; allowed: a key's name");
            skip_value(r, &event);
            if (next_event(r, &value)) {
                skip_value(r, &value);
                yaml_event_delete(&value);
            }
        }
        yaml_event_delete(&event);
        if (end)
            return;
    }
}

static void read_section(struct reader *r, const yaml_event_t *event,
                         const char *prefix)
{
    if (event->type == YAML_MAPPING_START_EVENT) {
        read_keys(r, prefix);
        return;
    }
    complain(r, event->start_mark, "%.*s: %s is not right; allowed: %s",
             (int)strlen(prefix) - 1, prefix, describe(event),
             prefix[0] == 'p' ? "a mapping with path and load"
                              : "a mapping with memory, cpu and open_files");
    skip_value(r, event);
}

/* ---- the document ------------------------------------------------------ */

static void read_root(struct reader *r)
{
    yaml_event_t event;

    if (!next_event(r, &event))
        return;
    if (refuse_node(r, &event))
        skip_value(r, &event);
    else if (event.type == YAML_MAPPING_START_EVENT)
        read_keys(r, "");
    else {
        complain(r, event.start_mark,
                 "%s is no pool config; allowed: a mapping of keys and values",
                 describe(&event));
        skip_value(r, &event);
    }
    yaml_event_delete(&event);
}

static void read_stream(struct reader *r)
{
    unsigned documents = 0;
    bool end = false;

    while (!end) {
        yaml_event_t event;

        if (!next_event(r, &event))
            return;
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            if (documents++ == 0) {
                read_root(r);
            } else {
                complain(r, event.start_mark,
                         "a second document; allowed: one in a file");
                end = true;
            }
        }
        yaml_event_delete(&event);
    }
    if (documents == 0)
        complain(r, file_start,
                 "the file is empty; allowed: at least one key, such as "
                 "'processes: auto'");
}

static void check_whole(struct reader *r)
{
    const struct option_key *args = option_find("initargs");

    if (r->seen[args - option_keys] && r->options->initializer == NULL)
        complain(r, r->initargs_at,
                 "initargs without an initializer; allowed: both, or neither");
}

/* ---- the file ---------------------------------------------------------- */

static int read_file(struct reader *r, struct buf *out)
{
    CLEANUP_FD int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        complain(r, file_start, "cannot be opened: %s", strerror(errno));
        return -1;
    }
    if (S_ISDIR(st.st_mode)) {
        complain(r, file_start, "is a folder; allowed: a YAML file");
        return -1;
    }
    while (out->size <= FILE_BYTES) {
        void *to = buf_room(out, 65536);
        ssize_t got = to == NULL ? -1 : read(fd, to, 65536);

        if (got == 0)
            return 0;
        if (got < 0) {
            complain(r, file_start, "cannot be read: %s",
                     to == NULL ? "out of memory" : strerror(errno));
            return -1;
        }
        out->size += (size_t)got;
    }
    complain(r, file_start, "is larger than 1 MiB; allowed: a pool's config");
    return -1;
}

static void read_config(struct reader *r)
{
    struct buf text = {0};

    if (read_file(r, &text) == 0) {
        if (yaml_parser_initialize(&r->parser)) {
            yaml_parser_set_input_string(&r->parser, text.data, text.size);
            yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
            read_stream(r);
            if (!r->over)
                check_whole(r);
            yaml_parser_delete(&r->parser);
        } else {
            complain(r, file_start, "out of memory");
        }
    }
    buf_finish(&text);
}

static void swap(sopool_options *a, sopool_options *b)
{
    struct sopool_options keep = *a;

    *a = *b;
    *b = keep;
}

int sopool_options_load(sopool_options *options, const char *path,
                        sopool_report_fn *report, void *ctx, sopool_error *err)
{
    struct reader r = {.path = path, .report = report, .ctx = ctx};

    _Static_assert(KEYS >= 16, "room for every key");
    r.options = options_copy(options);
    if (r.options == NULL)
        return error_nomem(err);
    read_config(&r);
    if (r.complaints == 0)
        swap(options, r.options);
    sopool_options_free(r.options);
    if (r.complaints > 0 && err != NULL)
        *err = r.first;
    return r.complaints == 0 ? 0 : -1;
}
