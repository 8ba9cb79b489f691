/* reasons.c - see reasons.h. */
#include "reasons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the shape of a message -------------------------------------------- */

/* The size of the number that begins here (17, 0x7f, 1.5), or 0. */
static size_t number_size(const char *at)
{
    size_t size = strspn(at, "0123456789");

    return size > 0 ? size + strspn(at + size, "0123456789abcdefx.") : 0;
}

/* A quotation with its marks, if it ends. */
static size_t quote_size(const char *at)
{
    const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;

    return end != NULL ? (size_t)(end - at) + 1 : 0;
}

static uint64_t shape_of(const char *message, char *out, size_t room)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    size_t used = 0;

    while (*message != '\0' && used + 1 < room) {
        size_t number = number_size(message), quote = quote_size(message);

        out[used] = *message;
        if (number > 0)
            out[used] = '#';
        message += number > 0 ? number : quote > 0 ? quote : 1;
        hash = (hash ^ (uint8_t)out[used++]) * 1099511628211u;
    }
    out[used] = '\0';
    return hash;
}

/* ---- groups ------------------------------------------------------------ */

/* Its group, a new one if there is room, or the last, of all others. */
static struct reason *find(struct reasons *reasons, const sopool_error *error)
{
    struct reason *reason = reasons->reason;
    char shape[sizeof(reason->shape)];
    uint64_t hash = shape_of(error->message, shape, sizeof(shape));

    for (size_t i = 0; i < reasons->count && i < REASONS; i++, reason++)
        if (reason->hash == hash && reason->code == error->code &&
            strcmp(reason->shape, shape) == 0)
            return reason;
    if (reasons->count < REASONS) {
        reason = &reasons->reason[reasons->count++];
        reason->hash = hash;
        reason->code = error->code;
        memcpy(reason->shape, shape, sizeof(shape));
        (void)snprintf(reason->message, sizeof(reason->message), "%.399s",
                       error->message);
        return reason;
    }
    reason = &reasons->reason[REASONS];
    reasons->count = REASONS + 1;
    return reason;
}

void reasons_add(struct reasons *reasons, const struct ended *ended)
{
    struct reason *reason = find(reasons, ended->error);

    if (reason->count < REASON_SAMPLES)
        reason->sample[reason->count] = sample_of(ended);
    reason->count++;
}

static int compare(const void *a, const void *b)
{
    const struct reason *one = a, *two = b;

    if (one->count != two->count)
        return one->count < two->count ? 1 : -1;
    return one->sample[0].index > two->sample[0].index ? 1 : -1;
}

/* The last group, of all others, stays the last. */
void reasons_sort(struct reasons *reasons)
{
    size_t count = reasons->count < REASONS ? reasons->count : REASONS;

    qsort(reasons->reason, count, sizeof(reasons->reason[0]), compare);
}
