/* sandbox.h - bounds for code that is being tried out, and for what it starts:
 * it writes to no file outside one folder, opens no TCP connection or port, and
 * sends no signal to processes outside. Reading is allowed. By Landlock, as far
 * as the kernel has it; see landlock(7). */
#ifndef SOPOOL_CLI_SANDBOX_H
#define SOPOOL_CLI_SANDBOX_H

#include <stddef.h>

/* What this kernel can bound. */
enum sandbox_strength {
    SANDBOX_NONE = 0, /* nothing */
    SANDBOX_FILES,
    SANDBOX_FILES_NET, /* and TCP */
    SANDBOX_ALL,       /* and signals */
};

/* Bounds the calling thread, for good, and all threads and processes that it
 * starts from now on; they may write in these folders (NULL: skipped). A
 * sandbox_strength, or -1 after a message. */
int sandbox_enter(const char *const *folder, size_t count);

#endif
