/* text.c - counting in files and texts; regular expressions by PCRE2. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <sopool/task.h>

enum {
    BLOCK = 64 * 1024,
    /* A file that is searched is read whole. */
    SEARCHED_BYTES = 256 << 20,
    /* Steps that a match may take: a hostile pattern fails, it cannot hang. */
    MATCH_LIMIT = 10 * 1000 * 1000,
};

/* A text as a C string, until the call ends; NULL after sopool_fail. */
static char *c_string(sopool_call *call, sopool_text text)
{
    char *copy = (char *)sopool_scratch(call, text.size + 1);

    if (copy == NULL) {
        (void)sopool_fail(call, "no memory");
        return NULL;
    }
    memcpy(copy, text.ptr, (size_t)text.size);
    copy[text.size] = '\0';
    if (strlen(copy) == text.size)
        return copy;
    (void)sopool_fail(call, "a path has no NUL characters");
    return NULL;
}

static FILE *open_file(sopool_call *call, const char *path)
{
    FILE *file = fopen(path, "re");

    if (file == NULL)
        (void)sopool_fail(call, "%s: %s", path, strerror(errno));
    return file;
}

/* ---- count ------------------------------------------------------------- */

struct counts {
    uint64_t bytes, lines, words;
    bool in_word;
};

/* Words are what stands between the white space of ASCII. */
static void count_block(struct counts *c, const char *block, size_t size)
{
    c->bytes += size;
    for (size_t i = 0; i < size; i++) {
        bool space = block[i] == ' ' || (block[i] >= '\t' && block[i] <= '\r');

        c->lines += block[i] == '\n';
        c->words += !space && !c->in_word;
        c->in_word = !space;
    }
}

static int32_t count_file(sopool_call *call, FILE *file, const char *path,
                          struct counts *c)
{
    static __thread char block[BLOCK];
    size_t got;

    while ((got = fread(block, 1, sizeof(block), file)) > 0) {
        count_block(c, block, got);
        if (sopool_should_stop(call))
            return sopool_fail(call, "%s: stopped", path);
    }
    if (ferror(file))
        return sopool_fail(call, "%s: %s", path, strerror(errno));
    return SOPOOL_OK;
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, count, map,
                 "How many bytes, lines and words a file has.", (str, path))
{
    char *path = c_string(call, a->path);
    struct counts c = {0, 0, 0, false};
    int32_t status;
    FILE *file;

    if (path == NULL || (file = open_file(call, path)) == NULL)
        return SOPOOL_FAILED;
    status = count_file(call, file, path, &c);
    (void)fclose(file);
    if (status != SOPOOL_OK)
        return status;
    (void)sopool_put_map(out, 3);
    (void)sopool_put_text(out, "bytes", 5);
    (void)sopool_put_u64(out, c.bytes);
    (void)sopool_put_text(out, "lines", 5);
    (void)sopool_put_u64(out, c.lines);
    (void)sopool_put_text(out, "words", 5);
    (void)sopool_put_u64(out, c.words);
    return SOPOOL_OK;
}

/* ---- matches ----------------------------------------------------------- */

/* The pattern that a thread used last: mostly it is the next one too. */
struct pattern {
    char *text;
    uint64_t size;
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

static __thread struct pattern last;

static void forget_pattern(void)
{
    pcre2_match_context_free(last.context);
    pcre2_match_data_free(last.data);
    pcre2_code_free(last.code);
    free(last.text);
    memset(&last, 0, sizeof(last));
}

static int32_t refuse_pattern(sopool_call *call, int error, size_t offset)
{
    PCRE2_UCHAR why[256];

    (void)pcre2_get_error_message(error, why, sizeof(why));
    return sopool_fail(call, "the pattern is wrong at character %zu: %s",
                       offset + 1, (const char *)why);
}

static int32_t compile(sopool_call *call, sopool_text pattern)
{
    PCRE2_SIZE offset = 0;
    int error = 0;

    if (last.code != NULL && last.size == pattern.size &&
        memcmp(last.text, pattern.ptr, (size_t)pattern.size) == 0)
        return SOPOOL_OK;
    forget_pattern();
    last.code = pcre2_compile((PCRE2_SPTR)pattern.ptr, (size_t)pattern.size,
                              PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                                  PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C,
                              &error, &offset, NULL);
    if (last.code == NULL)
        return refuse_pattern(call, error, offset);
    (void)pcre2_jit_compile(last.code, PCRE2_JIT_COMPLETE);
    last.data = pcre2_match_data_create_from_pattern(last.code, NULL);
    last.context = pcre2_match_context_create(NULL);
    last.text = (char *)malloc((size_t)pattern.size + 1);
    if (last.data == NULL || last.context == NULL || last.text == NULL) {
        forget_pattern();
        return sopool_fail(call, "no memory for the pattern");
    }
    (void)pcre2_set_match_limit(last.context, MATCH_LIMIT);
    memcpy(last.text, pattern.ptr, (size_t)pattern.size);
    last.size = pattern.size;
    return SOPOOL_OK;
}

/* Where to look on after an empty match: behind the next character. */
static size_t step(const char *text, size_t size, size_t at)
{
    do {
        at++;
    } while (at < size && ((unsigned char)text[at] & 0xc0) == 0x80);
    return at;
}

static int32_t count_matches(sopool_call *call, const char *text, size_t size,
                             uint64_t *out)
{
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(last.data);
    size_t at = 0;

    *out = 0;
    while (at <= size) {
        int status = pcre2_match(last.code, (PCRE2_SPTR)text, size, at, 0,
                                 last.data, last.context);
        PCRE2_UCHAR why[256];

        if (status == PCRE2_ERROR_NOMATCH)
            break;
        if (status < 0) {
            (void)pcre2_get_error_message(status, why, sizeof(why));
            return sopool_fail(call, "the search failed at byte %zu: %s", at,
                               (const char *)why);
        }
        ++*out;
        at = found[1] > at || found[1] > found[0] ? found[1]
                                                  : step(text, size, at);
        if (found[1] == found[0] && at == found[1])
            at = step(text, size, at);
        if (sopool_should_stop(call))
            return sopool_fail(call, "stopped at byte %zu", at);
    }
    return SOPOOL_OK;
}

/* The whole file, to be freed; NULL after sopool_fail. */
static char *read_file(sopool_call *call, const char *path, size_t *size)
{
    FILE *file = open_file(call, path);
    char *data = NULL, *grown;
    size_t room = 0, got = 1;

    *size = 0;
    if (file == NULL)
        return NULL;
    while (got > 0 && *size <= SEARCHED_BYTES) {
        if (room - *size < BLOCK) {
            room = room * 2 + BLOCK;
            grown = (char *)realloc(data, room);
            if (grown == NULL)
                break;
            data = grown;
        }
        got = fread(data + *size, 1, BLOCK, file);
        *size += got;
    }
    if (got == 0 && !ferror(file)) {
        (void)fclose(file);
        return data;
    }
    if (ferror(file))
        (void)sopool_fail(call, "%s: %s", path, strerror(errno));
    else
        (void)sopool_fail(call, "%s: larger than 256 MiB, or no memory", path);
    (void)fclose(file);
    free(data);
    return NULL;
}

SOPOOL_TASK_WITH(SOPOOL_IDEMPOTENT, matches, u64,
                 "How often a regular expression matches in a file.",
                 (str, pattern), (str, path))
{
    char *path = c_string(call, a->path);
    int32_t status;
    size_t size;
    char *data;

    if (path == NULL || compile(call, a->pattern) != SOPOOL_OK ||
        (data = read_file(call, path, &size)) == NULL)
        return SOPOOL_FAILED;
    status = count_matches(call, data, size, out);
    free(data);
    return status;
}

SOPOOL_TASK_WITH(SOPOOL_PURE, match_count, u64,
                 "How often a regular expression matches in a text.",
                 (str, pattern), (str, text))
{
    if (compile(call, a->pattern) != SOPOOL_OK)
        return SOPOOL_FAILED;
    return count_matches(call, a->text.ptr, (size_t)a->text.size, out);
}

SOPOOL_PLUGIN(text, "1.0", count, matches, match_count);
