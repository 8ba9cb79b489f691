/* nomem.c - a library to be preloaded: one allocation of a program fails.
 *
 *     NOMEM_OF=sopool NOMEM_AT=17 LD_PRELOAD=nomem.so sopool ...
 *
 * fails the 17th allocation of the program of that name. NOMEM_COUNT=FILE
 * writes how many there were to a file when the program ends.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_long made;
static atomic_long fail_at = -1; /* not known yet */

static void __attribute__((constructor)) begin(void)
{
    const char *of = getenv("NOMEM_OF"), *at = getenv("NOMEM_AT");

    if (of != NULL && strcmp(of, program_invocation_short_name) == 0)
        fail_at = at != NULL ? atol(at) : 0;
    else
        fail_at = 0;
    made = 0;
}

static void __attribute__((destructor)) end(void)
{
    const char *path = getenv("NOMEM_COUNT"), *of = getenv("NOMEM_OF");
    long count = made;
    FILE *file;

    if (path == NULL || of == NULL ||
        strcmp(of, program_invocation_short_name) != 0)
        return;
    file = fopen(path, "we");
    if (file == NULL)
        return;
    (void)fprintf(file, "%ld\n", count);
    (void)fclose(file);
}

static bool fails(void)
{
    if (fail_at < 0 || ++made != fail_at)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}
