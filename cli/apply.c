/* apply.c - see apply.h. */
#include "apply.h"

#include <ctype.h>
#include <string.h>

#include "arguments.h"
#include "form.h"
#include "message.h"
#include "output.h"
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
                       const struct arguments *arguments, int count)
{
    const sopool_task_info *task = arguments->task;
    size_t open = arguments->open_count;
    const char *hint = "";

    if (open == (size_t)count)
        return 0;
    if (open < (size_t)count)
        hint = "; options stand before the task";
    (void)usage(command->name, "%s takes %zu argument%s%s, not %d: %s%s",
                task->name, open, open == 1 ? "" : "s",
                open < task->param_count ? " besides those of --arg" : "",
                count, task->signature, hint);
    return -1;
}

/* ---- the call ---------------------------------------------------------- */

static int put_failure(struct form *form, const char *task, sopool_error *err)
{
    bool put;

    if (session_ending())
        session_await_end();
    if (err->task[0] == '\0')
        (void)strncpy(err->task, task, sizeof(err->task) - 1);
    put = form_failure(form, &out, 0, NULL, err);
    output_flush(&out);
    if (!put || settings_status(err->code) != EXIT_FAILED)
        message("%s: %s", task, err->message);
    return settings_status(err->code);
}

static int put_result(struct form *form, const char *task,
                      const sopool_value *value)
{
    size_t size;
    const void *item = sopool_value_cbor(value, &size);
    sopool_error err;

    if (form_result(form, &out, 0, NULL, item, size, &err) != 0)
        return put_failure(form, task, &err);
    output_flush(&out);
    return EXIT_GOOD;
}

static int call(struct form *form, sopool_pool *pool,
                struct arguments *arguments, char **word)
{
    const char *task = arguments->task->name;
    sopool_value *value = NULL;
    sopool_error err;
    sopool_args args;
    int status;

    if (arguments_words(arguments, word, &args, &err) == 0)
        value = sopool_apply(pool, task, args, &err);
    if (value != NULL)
        status = put_result(form, task, value);
    else
        status = put_failure(form, task, &err);
    sopool_value_free(value);
    return status;
}

static int run(const struct command *command, const struct settings *settings,
               sopool_pool *pool, int argc, char **argv)
{
    const sopool_task_info *task;
    struct arguments arguments;
    struct form form;
    sopool_error err;
    int status;

    task = sopool_find_task(pool, argv[0], &err);
    if (task == NULL) {
        message("%s", err.message);
        return settings_status(err.code);
    }
    status = arguments_init(&arguments, task, settings, false);
    if (status == EXIT_GOOD && check_count(command, &arguments, argc - 1) != 0)
        status = EXIT_USAGE;
    if (status == EXIT_GOOD && form_init(&form, settings) != 0)
        status = EXIT_FAILED;
    else if (status == EXIT_GOOD) {
        status = call(&form, pool, &arguments, argv + 1);
        form_finish(&form);
    }
    arguments_finish(&arguments);
    return status;
}

int apply_run(const struct command *command, const struct settings *settings,
              int argc, char **argv)
{
    sopool_pool *pool;
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
    status = run(command, settings, pool, argc, argv);
    session_finish(pool);
    return status;
}
