/* dryrun.c - see dryrun.h. */
#include "dryrun.h"

#include <stdlib.h>

#include "message.h"
#include "render.h"
#include "status.h"

/* task["a", 2], as JSON has it. */
static int print(struct dryrun *run, const sopool_args *args)
{
    size_t size;
    void *list;

    if (arguments_list(args, &list, &size) != 0) {
        free(list);
        message("out of memory");
        return -1;
    }
    output_text(run->out, run->task->name);
    output_byte(run->out, ' ');
    render_json(run->out, list, size);
    output_byte(run->out, '\n');
    free(list);
    return 0;
}

static void say_wrong(const struct source *source, const sopool_error *why)
{
    struct spot spot = source->spot;
    char where[600];

    if (spot.line == 0)
        spot.line = source_line(source);
    source_where(source, source_file(source), spot, where, sizeof(where));
    message("%s: %s", where, why->message);
}

int dryrun(struct dryrun *run)
{
    int status = EXIT_GOOD;
    struct line line;

    while (source_next(run->source, &line) == 1) {
        struct logged logged;
        sopool_error why;
        sopool_args args;
        bool good = source_args(run->source, &line, &args, &why) == 0;
        int wanted = resume_wants(run->resume, run->task, good ? &args : NULL,
                                  line.text, line.size, &logged);

        if (wanted < 0 || (wanted == 1 && good && print(run, &args) != 0))
            return EXIT_FAILED;
        if (good || wanted == 0)
            continue;
        say_wrong(run->source, &why);
        status = EXIT_FAILED;
    }
    output_flush(run->out);
    return run->source->input.failed ? EXIT_FAILED : status;
}
