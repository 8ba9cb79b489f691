/* done.c - see done.h.
 *
 * An array: first of the log's lines, then sorted, with an entry for each key.
 */
#include "done.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    char key[KEY_SIZE];
    uint32_t good, failed; /* inputs that ended so and were not taken */
    uint32_t run;          /* of the latest of those that failed */
};

struct done {
    struct entry *entry; /* owned */
    size_t count, room;
};

struct done *done_new(void)
{
    return calloc(1, sizeof(struct done));
}

void done_free(struct done *done)
{
    if (done == NULL)
        return;
    free(done->entry);
    free(done);
}

int done_add(struct done *done, const char key[KEY_SIZE], bool failed,
             uint32_t run)
{
    struct entry *entry;

    if (done->count == done->room) {
        size_t room = done->room * 2 + 1024;
        struct entry *grown = reallocarray(done->entry, room, sizeof(*grown));

        if (grown == NULL)
            return -1;
        done->entry = grown;
        done->room = room;
    }
    entry = &done->entry[done->count++];
    memcpy(entry->key, key, KEY_SIZE);
    entry->good = !failed;
    entry->failed = failed;
    entry->run = run;
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return memcmp(x->key, y->key, KEY_SIZE);
}

/* One more line of the same key; what was run again had failed before. */
static void join(struct entry *to, const struct entry *line)
{
    if (line->run > 1 && to->failed > 0)
        to->failed--;
    to->good += line->good;
    to->failed += line->failed;
    if (line->run > to->run)
        to->run = line->run;
}

/* In whichever order the lines of a key come to stand, as many inputs of it
 * ended well, and so many failed: all that were run again follow one that
 * failed. So those that were run first are joined first. */
static int by_key_and_run(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = by_key(a, b);

    if (order != 0)
        return order;
    return x->run < y->run ? -1 : x->run > y->run;
}

void done_seal(struct done *done)
{
    size_t kept = 0;

    if (done->count == 0)
        return;
    qsort(done->entry, done->count, sizeof(*done->entry), by_key_and_run);
    for (size_t i = 1; i < done->count; i++)
        if (by_key(&done->entry[kept], &done->entry[i]) == 0)
            join(&done->entry[kept], &done->entry[i]);
        else
            done->entry[++kept] = done->entry[i];
    done->count = kept + 1;
}

uint32_t done_take(struct done *done, const char key[KEY_SIZE], bool again)
{
    struct entry wanted, *found = NULL;

    memcpy(wanted.key, key, KEY_SIZE);
    if (done->count > 0)
        found =
            bsearch(&wanted, done->entry, done->count, sizeof(wanted), by_key);
    if (found == NULL || (found->good == 0 && found->failed == 0))
        return 1;
    if (found->good > 0) {
        found->good--;
        return 0;
    }
    found->failed--;
    return again ? found->run + 1 : 0;
}

uint64_t done_count(const struct done *done)
{
    uint64_t count = 0;

    for (size_t i = 0; i < done->count; i++)
        count += (uint64_t)done->entry[i].good + done->entry[i].failed;
    return count;
}

uint64_t done_failed(const struct done *done)
{
    uint64_t count = 0;

    for (size_t i = 0; i < done->count; i++)
        count += done->entry[i].failed;
    return count;
}
