/* layout.c - what plugins that are built already know of the structs: nothing
 * of it may ever move. New members come behind these. On machines of 64 bits.
 */
#include <stddef.h>

#include <sopool/abi.h>

#define AT(type, member, offset)                                               \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member)

/* Since 1.0. */
AT(sopool_host, size, 0);
AT(sopool_host, minor, 4);
AT(sopool_host, reserve, 8);
AT(sopool_host, result, 16);
AT(sopool_host, scratch, 24);
AT(sopool_host, fail, 32);
AT(sopool_host, should_stop, 40);
AT(sopool_host, log, 48);
AT(sopool_host, reserved, 56);
AT(struct sopool_call, host, 0);
AT(sopool_task, size, 0);
AT(sopool_task, flags, 4);
AT(sopool_task, name, 8);
AT(sopool_task, signature, 16);
AT(sopool_task, doc, 24);
AT(sopool_task, run, 32);
AT(sopool_task, record, 40);
AT(sopool_plugin, magic, 0);
AT(sopool_plugin, size, 4);
AT(sopool_plugin, minor, 8);
AT(sopool_plugin, task_count, 12);
AT(sopool_plugin, name, 16);
AT(sopool_plugin, version, 24);
AT(sopool_plugin, tasks, 32);
AT(sopool_plugin, load, 40);
AT(sopool_plugin, record, 48);
AT(sopool_record, magic, 0);
AT(sopool_record, size, 4);
AT(sopool_record, kind, 8);
AT(sopool_record, flags, 12);
_Static_assert(sizeof(sopool_record) == 16, "texts follow it");
_Static_assert(SOPOOL_PLUGIN_MAGIC == 0x4c505053, "a plugin");
_Static_assert(SOPOOL_RECORD_MAGIC == 0x43525053, "a record");
_Static_assert(SOPOOL_OK == 0 && SOPOOL_FAILED == -1, "what tasks return");
_Static_assert(SOPOOL_IDEMPOTENT == 1 && SOPOOL_PURE == 2 &&
                   SOPOOL_NO_FORK == 4,
               "flags of tasks");
_Static_assert(SOPOOL_RECORD_PLUGIN == 1 && SOPOOL_RECORD_TASK == 2, "kinds");

/* Since 1.1. */
AT(sopool_task, direct, 48);
