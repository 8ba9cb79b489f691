/* test.h - sopool test: a plugin's tasks against cases and made-up arguments.
 * What comes of it is in the Test Anything Protocol, version 13. */
#ifndef SOPOOL_CLI_TEST_H
#define SOPOOL_CLI_TEST_H

#include "option.h"

int test_run(const struct command *command, const struct settings *settings,
             int argc, char **argv);

#endif
