/* sanitizer.c - see sanitizer.h. */
#include "sanitizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

static const char *const libraries[] = {"libasan.so",  "libtsan.so",
                                        "liblsan.so",  "libhwasan.so",
                                        "libclang_rt", "libubsan.so"};

const char *sanitizer_of(const struct elf_facts *facts)
{
    for (size_t l = 0; l < sizeof(libraries) / sizeof(libraries[0]); l++)
        for (size_t i = 0; i < facts->needed.count; i++)
            if (strncmp(facts->needed.name[i], libraries[l],
                        strlen(libraries[l])) == 0)
                return facts->needed.name[i];
    return NULL;
}

/* Sets a variable to two lists, of which one may be nothing. */
static int set_both(const char *variable, const char *first, const char *second)
{
    bool both = first != NULL && second != NULL;
    char *text;
    int status;

    if (asprintf(&text, "%s%s%s", first != NULL ? first : "", both ? ":" : "",
                 second != NULL ? second : "") < 0)
        return -1;
    status = setenv(variable, text, 1);
    free(text);
    return status;
}

int sanitizer_preload(const char *library, const char *options)
{
    static const char *const variables[] = {"ASAN_OPTIONS", "LSAN_OPTIONS",
                                            "TSAN_OPTIONS", "UBSAN_OPTIONS"};
    int status = set_both("LD_PRELOAD", library, getenv("LD_PRELOAD"));

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        if (status == 0)
            status = set_both(variables[i], getenv(variables[i]), options);
    if (status != 0)
        message("out of memory");
    return status;
}
