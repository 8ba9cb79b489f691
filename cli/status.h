/* status.h - how the command ends. Ended by signal N, it is 128 + N. */
#ifndef SOPOOL_CLI_STATUS_H
#define SOPOOL_CLI_STATUS_H

enum {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1, /* a call failed, or results could not be written */
    EXIT_USAGE = 2,  /* the command line, a config file or a plugin is wrong */
    EXIT_BROKEN = 3, /* the pool can run nothing any more */
};

#endif
