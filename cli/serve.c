/* serve.c - see serve.h. */
#include "serve.h"

#include "message.h"
#include "status.h"

#if HAVE_LIBEVENT

#include "service/service.h"

int serve_run(const struct command *command, const struct settings *settings,
              int argc, char **argv)
{
    if (argc > 0)
        return usage(command->name, "serve takes no argument, such as '%.60s'",
                     argv[0]);
    return service_run(settings);
}

#else

int serve_run(const struct command *command, const struct settings *settings,
              int argc, char **argv)
{
    (void)settings;
    (void)argc;
    (void)argv;
    message("this sopool was built without libevent, which %s needs",
            command->name);
    return EXIT_USAGE;
}

#endif
