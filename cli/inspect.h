/* inspect.h - `sopool inspect`: what a plugin's file is, without running it. */
#ifndef SOPOOL_CLI_INSPECT_H
#define SOPOOL_CLI_INSPECT_H

#include "option.h"

int inspect_run(const struct command *command, const struct settings *settings,
                int argc, char **argv);

#endif
