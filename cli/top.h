/* top.h - `sopool top`: the pools that run, and what their workers do. */
#ifndef SOPOOL_CLI_TOP_H
#define SOPOOL_CLI_TOP_H

#include "option.h"

int top_run(const struct command *command, const struct settings *settings,
            int argc, char **argv);

#endif
