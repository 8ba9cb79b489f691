/* halt.c - see halt.h. */
#include "halt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_fail(struct halt *halt, const char *text)
{
    char *end;
    double number;

    if (text[0] < '0' || text[0] > '9')
        return -1;
    number = strtod(text, &end);
    if (strcmp(end, "%") == 0 && number > 0 && number <= 100) {
        halt->percent = number;
        return 0;
    }
    errno = 0;
    halt->calls = strtoull(text, &end, 10);
    return *end == '\0' && errno == 0 && halt->calls > 0 ? 0 : -1;
}

int halt_parse(struct halt *halt, const char *text)
{
    size_t size = strcspn(text, ",");
    static const char fail[] = ",fail=";

    memset(halt, 0, sizeof(*halt));
    halt->calls = 1;
    if (strcmp(text, "never") == 0)
        return 0;
    if (size == 4 && strncmp(text, "soon", size) == 0)
        halt->when = HALT_SOON;
    else if (size == 3 && strncmp(text, "now", size) == 0)
        halt->when = HALT_NOW;
    else
        return -1;
    if (text[size] == '\0')
        return 0;
    if (strncmp(text + size, fail, sizeof(fail) - 1) != 0)
        return -1;
    return parse_fail(halt, text + size + sizeof(fail) - 1);
}

/* A part is one of something: of so many calls that one failure is no more. */
bool halt_due(const struct halt *halt, uint64_t ended, uint64_t failed)
{
    if (halt->when == HALT_NEVER || failed == 0)
        return false;
    if (halt->percent > 0)
        return (double)ended * halt->percent >= 100 &&
               (double)failed * 100 >= (double)ended * halt->percent;
    return failed >= halt->calls;
}
