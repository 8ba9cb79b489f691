/* check.c - see check.h. */
#include "check.h"

#include <unistd.h>

#include "message.h"
#include "output.h"
#include "status.h"

static struct output out = {.fd = STDOUT_FILENO};

static int check(const char *path)
{
    sopool_options *options = sopool_options_new();
    int status = -1;

    if (options == NULL)
        message("out of memory");
    else
        status = settings_read(options, path);
    sopool_options_free(options);
    if (status == 0) {
        output_text(&out, path);
        output_text(&out, ": ok\n");
        output_flush(&out);
    }
    return status;
}

int check_run(const struct command *command, const struct settings *settings,
              int argc, char **argv)
{
    sopool_options *options;
    int status = EXIT_GOOD;

    if (argc < 1)
        return usage(command->name, "check needs a config file");
    /* What the command line sets is checked like the files. */
    options = settings_options(settings);
    if (options == NULL)
        status = EXIT_USAGE;
    sopool_options_free(options);
    for (int i = 0; i < argc; i++)
        if (check(argv[i]) != 0)
            status = EXIT_USAGE;
    return status;
}
