/* abi.h - what a sopool host and a plugin agree on, and nothing else.
 *
 * A plugin is a shared object that exports one symbol, `sopool_plugin_v1`, of
 * type `struct sopool_plugin`, and imports nothing from sopool: what it needs
 * of the host it is handed as a table of functions (`struct sopool_host`).
 *
 * The rules that let a plugin and a host of different ages work together:
 *  - the symbol's name carries the major version; a new major is a new name;
 *  - a struct begins with its size and only ever grows at its end, so a member
 *    is present if the size says so (SOPOOL_HAS);
 *  - fixed-width integers, pointer and length, and opaque handles only: no
 *    enum, no bit-field, no libc object, no variadic function crosses;
 *  - nobody frees the other's memory.
 * They follow those of other long-lived C plugin interfaces, libfabric's
 * operation tables above all.
 *
 * Beside the symbol, a plugin carries a manifest: the records below, in an ELF
 * section of their own. It holds no pointer, so a host reads it from the file
 * without running anything of the plugin, and later compares it with what it
 * loaded.
 *
 * Authors write tasks with <sopool/task.h>, which fills all of this in.
 */
#ifndef SOPOOL_ABI_H
#define SOPOOL_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOPOOL_ABI_MAJOR 1u
#define SOPOOL_ABI_MINOR 0u

/* The name of the one exported symbol, and of the manifest's section. */
#define SOPOOL_PLUGIN_SYMBOL "sopool_plugin_v1"
#define SOPOOL_MANIFEST_SECTION "sopool_manifest"

#define SOPOOL_PLUGIN_MAGIC UINT32_C(0x4c505053) /* "SPPL" in memory, LE */
#define SOPOOL_RECORD_MAGIC UINT32_C(0x43525053) /* "SPRC" in memory, LE */

/* What a task returns. Any other value counts as SOPOOL_FAILED. */
#define SOPOOL_OK INT32_C(0)
#define SOPOOL_FAILED INT32_C(-1)

/* Flags of a task. */
#define SOPOOL_IDEMPOTENT UINT32_C(1) /* may be run again after a crash */
#define SOPOOL_PURE UINT32_C(2)       /* result depends on arguments alone */
#define SOPOOL_NO_FORK UINT32_C(4)    /* only in a process of its own (spawn) */

/* Levels of `log`. */
#define SOPOOL_LOG_ERROR UINT32_C(0)
#define SOPOOL_LOG_WARNING UINT32_C(1)
#define SOPOOL_LOG_INFO UINT32_C(2)
#define SOPOOL_LOG_DEBUG UINT32_C(3)

/* Is `member` of the struct that `ptr` points to there in the version that
 * filled it in? */
#define SOPOOL_HAS(ptr, type, member)                                          \
    ((ptr)->size >= offsetof(type, member) + sizeof(((type *)0)->member))

typedef struct sopool_call sopool_call;

/* What the host does for a task that is running. Every function may be called
 * from the thread that runs the task, for the call it was given, until the
 * task returns; `should_stop` and `log` from any thread of the task. */
typedef struct sopool_host {
    uint32_t size;  /* of this struct, in the host's version */
    uint32_t minor; /* SOPOOL_ABI_MINOR of the host */

    /* Space for the call's result: `size` bytes where the pool will read them,
     * so that a result is written once. Called again it moves or resizes: the
     * bytes written so far are kept, the older pointer is no longer valid.
     * NULL when there is no memory. The host's; borrowed until return. */
    void *(*reserve)(sopool_call *call, uint64_t size);

    /* The call's result is the CBOR item in the `size` bytes from `start`,
     * which lie in the space reserved last. 0, or -1 if they do not. */
    int32_t (*result)(sopool_call *call, const void *start, uint64_t size);

    /* Memory that lives until the task returns, aligned for any type, freed by
     * the host. NULL when there is none. */
    void *(*scratch)(sopool_call *call, uint64_t size);

    /* The call failed, for the reason given (UTF-8, `size` bytes, copied).
     * The task then returns SOPOOL_FAILED. */
    void (*fail)(sopool_call *call, const char *reason, uint64_t size);

    /* Not zero once the caller wants the task to end early. */
    uint32_t (*should_stop)(sopool_call *call);

    /* A line for the pool's log. */
    void (*log)(sopool_call *call, uint32_t level, const char *text,
                uint64_t size);

    /* Do the `size` bytes at `ptr` lie in the space reserved last? */
    int32_t (*reserved)(sopool_call *call, const void *ptr, uint64_t size);
} sopool_host;

/* A call that is running. A plugin sees its first member alone. */
struct sopool_call {
    const sopool_host *host;
};

/* A task's entry: `args` is a CBOR array with one item a parameter, already
 * checked against the task's signature; borrowed until return. */
typedef int32_t (*sopool_entry)(sopool_call *call, const uint8_t *args,
                                uint64_t size);

/* One task. Strings are UTF-8, end with a NUL and live as long as the plugin.
 * `signature` reads "(name: type, ...) -> type", the types being
 * bool i64 u64 f64 str bytes list map any. */
typedef struct sopool_task {
    uint32_t size;
    uint32_t flags;
    const char *name;
    const char *signature;
    const char *doc;
    sopool_entry run;
    const void *record; /* its record in the manifest */
} sopool_task;

/* The one exported object. `load`, when not NULL, runs once in each process
 * that opens the plugin, before any task; it fails as a task does. */
typedef struct sopool_plugin {
    uint32_t magic; /* SOPOOL_PLUGIN_MAGIC */
    uint32_t size;
    uint32_t minor; /* SOPOOL_ABI_MINOR it was built with */
    uint32_t task_count;
    const char *name;
    const char *version;
    const sopool_task *const *tasks;
    int32_t (*load)(sopool_call *call);
    const void *record;
} sopool_plugin;

/* The manifest: records one after the other in SOPOOL_MANIFEST_SECTION, each at
 * a multiple of four bytes, with zeros between them allowed. After the head
 * come texts that each end with a NUL:
 *   of a plugin: name, version, the names of its tasks;
 *   of a task:   name, signature, doc.
 * A task's record counts only if the plugin's record names the task. */
#define SOPOOL_RECORD_PLUGIN UINT32_C(1)
#define SOPOOL_RECORD_TASK UINT32_C(2)

typedef struct sopool_record {
    uint32_t magic; /* SOPOOL_RECORD_MAGIC */
    uint32_t size;  /* of head and texts, without padding after them */
    uint32_t kind;  /* SOPOOL_RECORD_... */
    uint32_t flags; /* a task's flags; a plugin's ABI: major << 16 | minor */
} sopool_record;

#ifdef __cplusplus
}
#endif

#endif
