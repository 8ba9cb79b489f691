/* channel.c - the memory file under a channel. See channel.h. */
#include "channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "channel/layout.h"

#define CHANNEL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int map(struct shared **shared, int fd, sopool_error *err)
{
    void *at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                    MAP_SHARED, fd, 0);

    if (at == MAP_FAILED)
        return error_errno(err, "cannot map a channel of %zu bytes",
                           sizeof(struct shared));
    *shared = at;
    return 0;
}

int channel_create(struct shared **shared, int *fd, sopool_error *err)
{
    CLEANUP_FD int file =
        memfd_create("sopool-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (file < 0)
        return error_errno(err, "cannot make a channel's memory file");
    if (ftruncate(file, sizeof(struct shared)) != 0)
        return error_errno(err, "cannot size a channel's memory file");
    if (fcntl(file, F_ADD_SEALS, CHANNEL_SEALS) != 0)
        return error_errno(err, "cannot seal a channel's memory file");
    if (map(shared, file, err) != 0)
        return -1;
    *fd = file;
    file = -1;
    return 0;
}

int channel_attach(struct shared **shared, int fd, sopool_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return error_errno(err, "cannot examine a channel's memory file");
    if (st.st_size != (off_t)sizeof(struct shared))
        return error_set(err, SOPOOL_E_PROTOCOL,
                         "the channel has %lld bytes, this build of sopool "
                         "uses %zu; use a sopool-worker of the same version",
                         (long long)st.st_size, sizeof(struct shared));
    return map(shared, fd, err);
}

void channel_unmap(struct shared *shared)
{
    if (shared != NULL)
        (void)munmap(shared, sizeof(*shared));
}
