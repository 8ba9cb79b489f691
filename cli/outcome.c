/* outcome.c - see outcome.h. */
#include "outcome.h"

#include <inttypes.h>
#include <stdio.h>

#include "message.h"
#include "render.h"

static void put_member(struct output *out, const char *key, const char *text)
{
    output_format(out, ",\"%s\":", key);
    render_string(out, text, strlen(text));
}

void outcome_error(struct output *out, const sopool_error *err)
{
    char name[SIGNAL_ROOM];

    output_format(out, "{\"code\":\"%s\"", sopool_code_name(err->code));
    put_member(out, "message", err->message);
    if (err->task[0] != '\0')
        put_member(out, "task", err->task);
    if (err->pid != 0)
        output_format(out, ",\"pid\":%d", err->pid);
    if (err->signal != 0)
        put_member(out, "signal", message_signal(err->signal, name));
    if (err->pid != 0 && err->exit_status >= 0)
        output_format(out, ",\"exit_status\":%d", err->exit_status);
    if (err->ended_by != SOPOOL_BY_NOBODY)
        put_member(out, "ended_by", sopool_ender_name(err->ended_by));
    output_byte(out, '}');
}

void outcome_json(struct output *out, const uint64_t *index,
                  const struct line *input, const void *item, size_t size,
                  const sopool_error *err)
{
    output_byte(out, '{');
    if (index != NULL)
        output_format(out, "\"index\":%" PRIu64 ",", *index);
    if (input != NULL) {
        output_text(out, "\"input\":");
        render_string(out, input->text, input->size);
        output_byte(out, ',');
    }
    if (err != NULL) {
        output_text(out, "\"error\":");
        outcome_error(out, err);
    } else {
        output_text(out, "\"result\":");
        render_json(out, item, size);
    }
    output_bytes(out, "}\n", 2);
}
