/* serve.h - `sopool serve`: a pool that other programs call. The service itself
 * is in service/. */
#ifndef SOPOOL_CLI_SERVE_H
#define SOPOOL_CLI_SERVE_H

#include "option.h"

int serve_run(const struct command *command, const struct settings *settings,
              int argc, char **argv);

#endif
