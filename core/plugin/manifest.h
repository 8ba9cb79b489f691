/* manifest.h - what a plugin offers, read from its file without running it. */
#ifndef SOPOOL_PLUGIN_MANIFEST_H
#define SOPOOL_PLUGIN_MANIFEST_H

#include "base/buf.h"
#include "sopool.h"

/* The command that mends a file which is no plugin for this machine. */
#define MANIFEST_BUILD                                                         \
    "build it here: cc -shared -fPIC $(pkg-config --cflags sopool-sdk) "       \
    "-o NAME.so NAME.c"

struct manifest_task {
    const char *name;
    const char *signature;
    const char *doc;
    uint32_t flags;
};

/* The texts stand in `raw`, a copy of the section. */
struct manifest {
    const char *name;
    const char *version;
    uint32_t abi; /* major << 16 | minor */
    size_t task_count;
    struct manifest_task *task; /* owned */
    struct buf raw;
};

/* From the bytes of the section, which may be hostile. SOPOOL_E_PLUGIN. */
int manifest_parse(struct manifest *m, const void *section, size_t size,
                   sopool_error *err);

/* From an open ELF file. */
int manifest_read(struct manifest *m, int fd, sopool_error *err);

void manifest_finish(struct manifest *m);

/* Finds the manifest's section in an open ELF file and reads it (elf.c). */
int elf_read_section(int fd, const char *name, struct buf *out,
                     sopool_error *err);

/* The build-id of an open ELF file, in hex; "" if it has none. */
void elf_build_id(int fd, char *out, size_t room);

/* The name of the function at that address of an open ELF file, as linked, and
 * how far in it the address is. -1: nothing is known of it (stripped). */
int elf_function(int fd, uint64_t offset, char *out, size_t room,
                 uint64_t *delta);

#endif
