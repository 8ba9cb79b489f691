/* tap.c - see tap.h. */
#include "tap.h"

#include <string.h>

void tap_plan(struct tap *tap, size_t count)
{
    output_format(tap->out, "TAP version 13\n1..%zu\n", count);
    output_flush(tap->out);
}

/* A # would begin a directive. */
static void put_name(struct output *out, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '#' || *name == '\\')
            output_byte(out, '\\');
        output_byte(out, *name);
    }
}

void tap_result(struct tap *tap, bool good, const char *name, const char *skip)
{
    tap->count++;
    tap->failed += !good;
    output_format(tap->out, "%s %zu - ", good ? "ok" : "not ok", tap->count);
    put_name(tap->out, name);
    if (skip != NULL) {
        output_text(tap->out, " # SKIP ");
        output_text(tap->out, skip);
    }
    output_byte(tap->out, '\n');
    output_flush(tap->out);
}

void tap_note(struct tap *tap, const char *name, const char *text)
{
    output_format(tap->out, "# %-9s", name);
    for (;;) {
        size_t size = strcspn(text, "\n");

        output_byte(tap->out, ' ');
        output_bytes(tap->out, text, size);
        output_byte(tap->out, '\n');
        text += size + (text[size] == '\n');
        if (*text == '\0')
            break;
        output_format(tap->out, "# %-9s", "");
    }
    output_flush(tap->out);
}
