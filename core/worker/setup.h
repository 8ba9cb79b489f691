/* setup.h - what every worker of a pool is told before its first call: which
 * plugins, which initializer, which limits.
 *
 * Made once by the pool. Workers that share memory with the pool use it as it
 * is; a program that is executed gets it as CBOR in a memory file, with the
 * plugins' descriptors beside it.
 */
#ifndef SOPOOL_WORKER_SETUP_H
#define SOPOOL_WORKER_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include <sopool/abi.h>

#include "base/buf.h"
#include "plugin/manifest.h"
#include "worker/chaos.h"

struct setup_plugin {
    const char *path;
    int fd;                        /* vetted, open for reading */
    bool skip;                     /* not to be opened with this start method */
    const sopool_task *const *own; /* functions of the program; NULL: a file */
    const struct manifest *manifest;
};

struct worker_setup {
    struct setup_plugin *plugin; /* owned array; see the two owners below */
    size_t plugin_count;
    bool has_initializer;
    uint32_t initializer;  /* a task's id */
    struct buf initargs;   /* a CBOR array */
    bool plugins_required; /* one that cannot be opened is fatal */
    uint64_t limit_memory; /* bytes; 0: none */
    int64_t limit_cpu_ns;  /* for each call; 0: none */
    uint64_t limit_files;  /* 0: as it is */
    struct chaos chaos;
};

/* A setup that was read from a memory file owns its plugins' paths, manifests
 * and descriptors; one that a pool made borrows them from its catalog. */
int setup_write(const struct worker_setup *setup, int *fd, sopool_error *err);
int setup_read(struct worker_setup *setup, int fd, sopool_error *err);

/* Sends a setup to a program that was executed, and receives it there. */
int setup_send(const struct worker_setup *setup, int sock, sopool_error *err);
int setup_receive(struct worker_setup *setup, int sock, sopool_error *err);

/* Frees a pool's setup, but for what is the catalog's. */
void setup_finish(struct worker_setup *setup);

/* Frees one that was received, and closes its descriptors. */
void setup_finish_received(struct worker_setup *setup);

#endif
