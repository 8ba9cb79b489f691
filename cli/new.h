/* new.h - `sopool new`: a project for a plugin, to begin with. */
#ifndef SOPOOL_CLI_NEW_H
#define SOPOOL_CLI_NEW_H

#include "option.h"

int new_run(const struct command *command, const struct settings *settings,
            int argc, char **argv);

#endif
