/* apply.c - see apply.h. */
#include "apply.h"

#include <ctype.h>
#include <string.h>

#include "arguments.h"
#include "message.h"
#include "outcome.h"
#include "output.h"
#include "render.h"
#include "session.h"
#include "status.h"

static struct output out;

/* ---- arguments --------------------------------------------------------- */

/* Options end at the task, so one behind it is most likely a mistake. A "--"
 * says that it is not, and is itself no argument: drops the first. */
static int end_options(const struct command *command, int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            memmove(argv + i, argv + i + 1,
                    (size_t)(*argc - i) * sizeof(*argv));
            (*argc)--;
            return 0;
        }
        if (strncmp(argv[i], "--", 2) == 0)
            return usage(command->name,
                         "%s: options stand before the task; if it is an "
                         "argument, put -- before it",
                         argv[i]);
    }
    return 0;
}

static int check_count(const struct command *command,
                       const sopool_task_info *task, int count)
{
    const char *hint = "";

    if (task->param_count == (size_t)count)
        return 0;
    if (task->param_count < (size_t)count)
        hint = "; options stand before the task";
    (void)usage(command->name, "%s takes %zu argument%s, not %d: %s%s",
                task->name, task->param_count,
                task->param_count == 1 ? "" : "s", count, task->signature,
                hint);
    return -1;
}

/* ---- the call ---------------------------------------------------------- */

static int put_failure(const struct settings *settings, const char *task,
                       sopool_error *err)
{
    if (session_ending())
        session_await_end();
    if (err->task[0] == '\0')
        (void)strncpy(err->task, task, sizeof(err->task) - 1);
    if (settings->output == FORMAT_JSON) {
        outcome_json(&out, NULL, NULL, 0, err);
        output_flush(&out);
    }
    if (settings->output != FORMAT_JSON ||
        settings_status(err->code) != EXIT_FAILED)
        message("%s: %s", task, err->message);
    return settings_status(err->code);
}

static void put_result(const struct settings *settings,
                       const sopool_value *value)
{
    size_t size;
    const void *item = sopool_value_cbor(value, &size);

    if (settings->output == FORMAT_JSON)
        outcome_json(&out, NULL, item, size, NULL);
    else {
        render_text(&out, item, size);
        output_byte(&out, '\n');
    }
    output_flush(&out);
}

static int call(const struct settings *settings, sopool_pool *pool,
                const sopool_task_info *task, char **word)
{
    struct arguments arguments;
    sopool_value *value = NULL;
    int status = EXIT_GOOD;
    sopool_error err;
    sopool_args args;

    if (arguments_init(&arguments, task, settings->input == FORMAT_JSON,
                       false) != 0)
        return EXIT_FAILED;
    if (arguments_words(&arguments, word, &args, &err) == 0)
        value = sopool_apply(pool, task->name, args, &err);
    if (value != NULL)
        put_result(settings, value);
    else
        status = put_failure(settings, task->name, &err);
    sopool_value_free(value);
    arguments_finish(&arguments);
    return status;
}

int apply_run(const struct command *command, const struct settings *settings,
              int argc, char **argv)
{
    const sopool_task_info *task;
    sopool_pool *pool;
    sopool_error err;
    int status;

    if (argc < 1)
        return usage(command->name, "apply needs a task");
    if (end_options(command, &argc, argv) != 0)
        return EXIT_USAGE;
    if (session_begin() != 0)
        return EXIT_FAILED;
    out.fd = session_output();
    pool = settings_pool(settings, argv[0], &status);
    if (pool == NULL)
        return status;
    session_watch(pool);
    task = sopool_find_task(pool, argv[0], &err);
    if (task == NULL) {
        message("%s", err.message);
        status = settings_status(err.code);
    } else if (check_count(command, task, argc - 1) != 0)
        status = EXIT_USAGE;
    else
        status = call(settings, pool, task, argv + 1);
    session_finish(pool);
    return status;
}
