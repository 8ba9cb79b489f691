/* words.c - hashes words one after the other, then in parallel, and compares.
 * With an argument, the words are the lines of that file. */
#include <string.h>

#include "example.h"

enum { MOST = 1000000 };

struct words {
    sopool_arg *word;
    size_t count;
};

static void add(struct words *words, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL || words->count == MOST)
        exit(1);
    copy[strcspn(copy, "\n")] = '\0';
    words->word[words->count++] = sopool_arg_bytes(copy, strlen(copy));
}

static void read_words(struct words *words, const char *path)
{
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    char line[256];

    words->word = calloc(MOST, sizeof(*words->word));
    if (words->word == NULL)
        exit(1);
    if (path != NULL && file == NULL) {
        perror(path);
        exit(1);
    }
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        add(words, line);
    if (file != NULL)
        fclose(file);
    for (int i = 0; path == NULL && i < 2000; i++) {
        snprintf(line, sizeof(line), "word %d", i);
        add(words, line);
    }
}

static void free_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free((void *)(uintptr_t)words->word[i].as.data.ptr);
    free(words->word);
}

/* The same text in both? */
static bool equal(const sopool_value *a, const sopool_value *b)
{
    const char *one, *two;
    size_t size_one, size_two;
    sopool_error err = {0};

    if (sopool_value_str(a, &one, &size_one, &err) != 0 ||
        sopool_value_str(b, &two, &size_two, &err) != 0)
        fail(&err);
    return size_one == size_two && memcmp(one, two, size_one) == 0;
}

int main(int argc, char **argv)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    sopool_error err = {0};
    struct words words = {0};
    sopool_result *parallel;
    size_t same = 0;

    read_words(&words, argc > 1 ? argv[1] : NULL);
    parallel =
        sopool_map(pool, "hash.sha512", words.word, words.count, NULL, &err);
    if (parallel == NULL)
        fail(&err);
    for (size_t i = 0; i < words.count; i++) {
        const sopool_args one = {&words.word[i], 1, NULL, 0};
        sopool_value *serial = sopool_apply(pool, "hash.sha512", one, &err);
        sopool_value *mapped = sopool_result_value(parallel, i, &err);

        if (serial == NULL || mapped == NULL)
            fail(&err);
        same += equal(serial, mapped);
        sopool_value_free(serial);
        sopool_value_free(mapped);
    }
    printf("%zu of %zu digests are equal\n", same, words.count);
    sopool_result_free(parallel);
    free_words(&words);
    finish(pool);
    return same == words.count ? 0 : 1;
}
