/* sandbox.c - see sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message.h"

/* The kernel's interface (linux/landlock.h) in its newest form: the headers of
 * many systems are older than the kernels that they run. */
struct ruleset {
    uint64_t fs, net, scoped;
};

struct beneath {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

enum { ASK_VERSION = 1, RULE_BENEATH = 1 };
enum { FS_FIRST = 1, FS_REFER = 2, FS_TRUNCATE = 3, NET = 4, SCOPES = 6 };

#define WRITE_FILE (UINT64_C(1) << 1)
#define REMOVE_AND_MAKE (UINT64_C(0x1ff) << 4)
#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)
#define BIND_AND_CONNECT UINT64_C(3)
#define SOCKETS_AND_SIGNALS UINT64_C(3)

#ifdef SYS_landlock_create_ruleset

static long create(const struct ruleset *ruleset, size_t size, unsigned flags)
{
    return syscall(SYS_landlock_create_ruleset, ruleset, size, flags);
}

/* Writing there is allowed. What is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t what)
{
    struct beneath rule = {what, open(path, O_PATH | O_CLOEXEC)};
    int fd = rule.folder;
    long status;

    if (fd < 0)
        return 0;
    status = syscall(SYS_landlock_add_rule, ruleset, RULE_BENEATH, &rule, 0);
    (void)close(fd);
    return (int)status;
}

static int allow_all(int ruleset, uint64_t writing, const char *const *folder,
                     size_t count)
{
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full",
                                          "/dev/tty"};
    uint64_t of_files = writing & (WRITE_FILE | TRUNCATE);

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        if (allow(ruleset, devices[i], of_files) != 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (folder[i] != NULL && allow(ruleset, folder[i], writing) != 0)
            return -1;
    return 0;
}

/* With as much of the rules as that version knows. */
static int ruleset_of(long version, struct ruleset *rules)
{
    size_t size = sizeof(rules->fs);

    rules->fs = WRITE_FILE | REMOVE_AND_MAKE;
    if (version >= FS_REFER)
        rules->fs |= REFER;
    if (version >= FS_TRUNCATE)
        rules->fs |= TRUNCATE;
    if (version >= NET) {
        rules->net = BIND_AND_CONNECT;
        size = offsetof(struct ruleset, scoped);
    }
    if (version >= SCOPES) {
        rules->scoped = SOCKETS_AND_SIGNALS;
        size = sizeof(*rules);
    }
    return (int)create(rules, size, 0);
}

static int enter(long version, const char *const *folder, size_t count)
{
    struct ruleset rules = {0};
    int fd = ruleset_of(version, &rules);
    int status = -1;

    if (fd >= 0 && allow_all(fd, rules.fs, folder, count) == 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        status = (int)syscall(SYS_landlock_restrict_self, fd, 0);
    if (status != 0)
        message("the sandbox cannot be made: %s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return status;
}

/* Which version the kernel has; 0: none, or it is switched off. */
static long version_of_kernel(void)
{
    long version = create(NULL, 0, ASK_VERSION);

    return version > 0 ? version : 0;
}

#else

static long version_of_kernel(void)
{
    return 0;
}

static int enter(long version, const char *const *folder, size_t count)
{
    (void)version;
    (void)folder;
    (void)count;
    return 0;
}

#endif

int sandbox_enter(const char *const *folder, size_t count)
{
    const struct rlimit none = {0, 0};
    long version = version_of_kernel();

    (void)setrlimit(RLIMIT_CORE, &none);
    if (version < FS_FIRST)
        return SANDBOX_NONE;
    if (enter(version, folder, count) != 0)
        return -1;
    if (version < NET)
        return SANDBOX_FILES;
    return version < SCOPES ? SANDBOX_FILES_NET : SANDBOX_ALL;
}
