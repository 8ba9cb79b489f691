/* top.c - see top.h. */
#include "top.h"

#include <unistd.h>

#include "frame.h"
#include "message.h"
#include "output.h"
#include "render.h"
#include "screen.h"
#include "status.h"

/* How long a pool may take to answer. */
enum { ANSWER_MS = 2000 };

static struct output out = {.fd = STDOUT_FILENO};

static int put_table(const sopool_value *pools)
{
    static struct frame frame;
    int status = frame_make(&frame, pools);

    for (size_t i = 0; i < frame.count && status == 0; i++) {
        output_text(&out, frame.line[i].text);
        output_byte(&out, '\n');
    }
    frame_finish(&frame);
    if (status == 0)
        return EXIT_GOOD;
    message("out of memory");
    return EXIT_FAILED;
}

static int put_json(const sopool_value *pools)
{
    size_t size;
    const void *item = sopool_value_cbor(pools, &size);

    render_json(&out, item, size);
    output_byte(&out, '\n');
    return EXIT_GOOD;
}

static int once(const struct settings *settings)
{
    sopool_error err;
    sopool_value *pools = sopool_status(ANSWER_MS, &err);
    int status;

    if (pools == NULL) {
        message("%s", err.message);
        return EXIT_FAILED;
    }
    status = settings->json ? put_json(pools) : put_table(pools);
    output_flush(&out);
    sopool_value_free(pools);
    return status;
}

int top_run(const struct command *command, const struct settings *settings,
            int argc, char **argv)
{
    if (argc > 0)
        return usage(command->name, "top takes no argument, but got '%.60s'",
                     argv[0]);
    if (settings->json && !settings->once)
        return usage(command->name, "--json needs --once");
    return settings->once ? once(settings) : screen_run();
}
