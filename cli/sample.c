/* sample.c - see sample.h. */
#include "sample.h"

#include <stdio.h>
#include <string.h>

size_t sample_cut(const char *text, size_t size, size_t room)
{
    size_t cut = room;

    if (size <= room)
        return size;
    while (cut > 0 && room - cut < 4 && ((uint8_t)text[cut] & 0xc0) == 0x80)
        cut--;
    return cut;
}

struct sample sample_of(const struct ended *ended)
{
    struct sample sample = {
        .index = ended->index,
        .line = ended->line,
        .whole = ended->size,
    };

    sample.size =
        (uint8_t)sample_cut(ended->text, ended->size, sizeof(sample.text));
    if (sample.size > 0)
        memcpy(sample.text, ended->text, sample.size);
    (void)snprintf(sample.file, sizeof(sample.file), "%s", ended->file);
    return sample;
}

struct brief brief_of(const struct ended *ended)
{
    struct brief brief = {.index = ended->index, .whole = ended->size};

    brief.size =
        (uint8_t)sample_cut(ended->text, ended->size, sizeof(brief.text));
    if (brief.size > 0)
        memcpy(brief.text, ended->text, brief.size);
    return brief;
}
