/* reply.c - see reply.h. */
#include "service/reply.h"

#include <inttypes.h>

#include "outcome.h"
#include "render.h"
#include "service/request.h"
#include "taskjson.h"

static void begin(struct output *out, const char *id, const char *member)
{
    output_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    output_text(out, id != NULL ? id : "null");
    output_format(out, ",\"%s\":", member);
}

static void end(struct output *out)
{
    output_text(out, "}\n");
}

void reply_result(struct output *out, const char *id, bool cbor,
                  const void *item, size_t size)
{
    begin(out, id, cbor ? "cbor" : "result");
    if (cbor) {
        output_byte(out, '"');
        render_base64(out, item, size);
        output_byte(out, '"');
    } else
        render_json(out, item, size);
    end(out);
}

void reply_error(struct output *out, const char *id, int code,
                 const sopool_error *err, bool data)
{
    begin(out, id, "error");
    output_format(out, "{\"code\":%d,\"message\":", code);
    render_string(out, err->message, strlen(err->message));
    if (data) {
        output_text(out, ",\"data\":");
        outcome_error(out, err);
    }
    output_byte(out, '}');
    end(out);
}

void reply_describe(struct output *out, const char *id, const char *name,
                    uint32_t processes, const sopool_catalog *catalog)
{
    const sopool_task_info *task;

    begin(out, id, "result");
    output_byte(out, '{');
    render_member(out, "name", name);
    render_member(out, "version", sopool_version());
    output_format(out, "\"processes\":%" PRIu32 ",\"tasks\":[", processes);
    for (size_t i = 0; (task = sopool_catalog_task(catalog, i)) != NULL; i++) {
        if (i > 0)
            output_byte(out, ',');
        task_json(out, task);
    }
    output_text(out, "]}");
    end(out);
}

void reply_stats(struct output *out, const char *id, const sopool_stats *stats,
                 size_t clients)
{
    begin(out, id, "result");
    output_format(out,
                  "{\"clients\":%zu,\"processes\":%" PRIu32
                  ",\"workers\":%" PRIu32 ",\"busy\":%" PRIu32
                  ",\"submitted\":%" PRIu64 ",\"done\":%" PRIu64
                  ",\"failed\":%" PRIu64 ",\"queued\":%" PRIu64
                  ",\"running\":%" PRIu64 ",\"started\":%" PRIu64
                  ",\"died\":%" PRIu64 ",\"retired\":%" PRIu64 "}",
                  clients, stats->processes, stats->workers, stats->busy,
                  stats->submitted, stats->done, stats->failed, stats->queued,
                  stats->running, stats->started, stats->died, stats->retired);
    end(out);
}

int reply_code(int code)
{
    switch (code) {
    case SOPOOL_E_NO_TASK:
    case SOPOOL_E_PLUGIN:
        return RPC_METHOD;
    case SOPOOL_E_ARGS:
        return RPC_PARAMS;
    default:
        return RPC_FAILED;
    }
}
