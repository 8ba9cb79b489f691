/* memory.c - see memory.h. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "render.h"

struct memory {
    FILE *to;
    char *text; /* these two are the stream's */
    size_t size;
    size_t passed;
    struct output out;
};

static void pass(void *ctx, const char *data, size_t size)
{
    struct memory *memory = ctx;

    memory->passed += size;
    (void)fwrite(data, 1, size, memory->to);
}

struct memory *memory_new(void)
{
    struct memory *memory = calloc(1, sizeof(*memory));

    if (memory == NULL)
        return NULL;
    memory->to = open_memstream(&memory->text, &memory->size);
    if (memory->to == NULL) {
        free(memory);
        return NULL;
    }
    memory->out.sink = pass;
    memory->out.ctx = memory;
    return memory;
}

struct output *memory_output(struct memory *memory)
{
    return &memory->out;
}

size_t memory_size(const struct memory *memory)
{
    return memory->passed + memory->out.size;
}

char *memory_end(struct memory *memory)
{
    char *text;

    output_flush(&memory->out);
    if (fclose(memory->to) != 0) {
        free(memory->text);
        memory->text = NULL;
    }
    text = memory->text;
    free(memory);
    return text;
}

char *memory_json(const void *item, size_t size)
{
    struct memory *memory = memory_new();

    if (memory == NULL)
        return NULL;
    render_json(&memory->out, item, size);
    return memory_end(memory);
}
