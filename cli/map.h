/* map.h - the commands that run one task over many inputs. */
#ifndef SOPOOL_CLI_MAP_H
#define SOPOOL_CLI_MAP_H

#include "option.h"

/* One input, one argument. */
int map_run(const struct command *command, const struct settings *settings,
            int argc, char **argv);

/* One input, a JSON array of arguments. */
int starmap_run(const struct command *command, const struct settings *settings,
                int argc, char **argv);

#endif
