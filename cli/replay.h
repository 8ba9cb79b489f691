/* replay.h - sopool replay: a call that crashed, once more. */
#ifndef SOPOOL_CLI_REPLAY_H
#define SOPOOL_CLI_REPLAY_H

#include "option.h"

int replay_run(const struct command *command, const struct settings *settings,
               int argc, char **argv);

#endif
