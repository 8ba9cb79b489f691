/* dryrun.c - see dryrun.h. */
#include "dryrun.h"

#include <inttypes.h>
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

int dryrun(struct dryrun *run)
{
    int status = EXIT_GOOD;
    struct line line;

    while (input_next(run->input, &line) == 1) {
        struct logged logged;
        sopool_error why;
        sopool_args args;
        bool good = arguments_read(run->arguments, line.text, line.size, &args,
                                   &why) == 0;
        int wanted = resume_wants(run->resume, run->task, good ? &args : NULL,
                                  line.text, line.size, &logged);

        if (wanted < 0 || (wanted == 1 && good && print(run, &args) != 0))
            return EXIT_FAILED;
        if (good || wanted == 0)
            continue;
        message("%.512s:%" PRIu64 ": %s",
                input_name(run->name, run->input->file), run->input->line,
                why.message);
        status = EXIT_FAILED;
    }
    output_flush(run->out);
    return run->input->failed ? EXIT_FAILED : status;
}
