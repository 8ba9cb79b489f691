/* resolve.h - are the libraries there that a shared object needs, and have they
 * the symbols that it needs? */
#ifndef SOPOOL_CLI_RESOLVE_H
#define SOPOOL_CLI_RESOLVE_H

#include "elffacts.h"

struct resolved {
    struct names file;    /* of each needed library where it is; "": nowhere */
    struct names missing; /* symbols that none of them has */
};

/* Opens the libraries, but not the object itself, in a process that ends with
 * it. 0; -1 after a message. Either way resolved_finish is to be called. */
int resolve(const struct elf_facts *facts, const char *path,
            struct resolved *out);
void resolved_finish(struct resolved *out);

#endif
