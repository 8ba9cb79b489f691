/* elffacts.h - what the linker and the kernel will make of a shared object,
 * read from its file without running it. */
#ifndef SOPOOL_CLI_ELFFACTS_H
#define SOPOOL_CLI_ELFFACTS_H

#include <stdbool.h>
#include <stddef.h>

/* Names, one after the other. */
struct names {
    char **name; /* all owned */
    size_t count;
};

struct elf_facts {
    struct names needed;    /* libraries, as the file names them */
    struct names undefined; /* symbols that others must have */
    char *runpath;          /* where it looks for libraries first, or NULL */
    bool relro;             /* tables are read-only once they are filled */
    bool now;               /* and they are filled at once */
    bool nx_stack;          /* what is on the stack is not run */
    bool canary;            /* it looks whether its stack was overrun */
    bool fortify;           /* it calls functions that check their bounds */
    bool textrel;           /* its code is written to as it is loaded */
};

/* Whether this sopool can read such facts at all. */
bool elf_facts_known(void);

/* 0; -1 after a message. Either way elf_facts_finish is to be called. */
int elf_facts_read(struct elf_facts *facts, const char *path);
void elf_facts_finish(struct elf_facts *facts);

/* Adds a copy: 0, or -1 and no memory. */
int names_add(struct names *names, const char *name);
void names_finish(struct names *names);

#endif
