/* list.h - the command that shows which tasks there are. */
#ifndef SOPOOL_CLI_LIST_H
#define SOPOOL_CLI_LIST_H

#include "option.h"

int list_run(const struct command *command, const struct settings *settings,
             int argc, char **argv);

#endif
