/* pace.c - see pace.h. */
#include "pace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 1000 }; /* the kernel's average moves every five seconds */

#define NS_PER_S INT64_C(1000000000)

/* Number and what stands behind it. */
static int parse(const char *text, double *number, char **end)
{
    if (text[0] < '0' || text[0] > '9')
        return -1;
    *number = strtod(text, end);
    return *number > 0 && *number < 1e12 ? 0 : -1;
}

int pace_rate(struct pace *pace, const char *text)
{
    double number, seconds;
    char *end;

    if (parse(text, &number, &end) != 0)
        return -1;
    if (*end == '\0' || strcmp(end, "/s") == 0)
        seconds = 1;
    else if (strcmp(end, "/m") == 0)
        seconds = 60;
    else if (strcmp(end, "/h") == 0)
        seconds = 3600;
    else
        return -1;
    pace->interval = (int64_t)(seconds / number * (double)NS_PER_S);
    return pace->interval > 0 ? 0 : -1;
}

int pace_load(struct pace *pace, const char *text)
{
    double number;
    char *end;

    if (parse(text, &number, &end) != 0)
        return -1;
    if (strcmp(end, "%") == 0)
        number *= (double)sysconf(_SC_NPROCESSORS_ONLN) / 100;
    else if (*end != '\0')
        return -1;
    pace->load = number;
    return 0;
}

bool pace_on(const struct pace *pace)
{
    return pace->interval > 0 || pace->load > 0;
}

static bool is_loaded(struct pace *pace, int64_t now)
{
    double average;

    if (pace->load == 0 ||
        (pace->looked != 0 && now - pace->looked < LOOK_MS * NS_PER_S / 1000))
        return false;
    if (getloadavg(&average, 1) == 1 && average > pace->load)
        return true;
    pace->looked = now;
    return false;
}

int64_t pace_wait(struct pace *pace, int64_t now)
{
    if (is_loaded(pace, now))
        return LOOK_MS * NS_PER_S / 1000;
    if (pace->interval == 0)
        return 0;
    if (pace->next > now)
        return pace->next - now;
    /* Time that was not used is not made up for: that would be a burst. */
    pace->next =
        (pace->next + pace->interval > now ? pace->next : now) + pace->interval;
    return 0;
}
