/* check.h - the command that validates config files. */
#ifndef SOPOOL_CLI_CHECK_H
#define SOPOOL_CLI_CHECK_H

#include "option.h"

int check_run(const struct command *command, const struct settings *settings,
              int argc, char **argv);

#endif
