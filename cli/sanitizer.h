/* sanitizer.h - the sanitizers that a plugin was built with, in processes that
 * were not. Their library must be the first of a process. */
#ifndef SOPOOL_CLI_SANITIZER_H
#define SOPOOL_CLI_SANITIZER_H

#include "elffacts.h"

/* The library of the plugin's sanitizer, as its file names it; NULL: it has
 * none. Borrowed. */
const char *sanitizer_of(const struct elf_facts *facts);

/* Has programs that are started from now on begin with that library, and adds
 * to what the user has told sanitizers, such as "log_path=x:halt_on_error=1":
 * 0, or -1 after a message. */
int sanitizer_preload(const char *library, const char *options);

#endif
