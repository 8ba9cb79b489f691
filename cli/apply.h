/* apply.h - the command that runs one call. */
#ifndef SOPOOL_CLI_APPLY_H
#define SOPOOL_CLI_APPLY_H

#include "option.h"

int apply_run(const struct command *command, const struct settings *settings,
              int argc, char **argv);

#endif
