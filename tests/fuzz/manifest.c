/* manifest.c - fuzzes what is read of a plugin before it is opened: any bytes
 * as the manifest's section, and as the whole file. */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plugin/manifest.h"

static void use(struct manifest *m)
{
    must(m->name != NULL && m->version != NULL);
    for (size_t i = 0; i < m->task_count; i++) {
        volatile size_t size = strlen(m->task[i].name) +
                               strlen(m->task[i].signature) +
                               strlen(m->task[i].doc);
        (void)size;
    }
    manifest_finish(m);
}

static void read_section(const uint8_t *data, size_t size)
{
    struct manifest m;
    sopool_error err;

    memset(&err, 0, sizeof(err));
    if (manifest_parse(&m, data, size, &err) == 0)
        use(&m);
    else
        must(err.code == SOPOOL_E_PLUGIN && err.message[0] != '\0');
}

static void read_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct manifest m;
    char name[64];
    uint64_t delta;

    if (fd < 0)
        fd = memfd_create("plugin", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 ||
        pwrite(fd, data, size, 0) != (ssize_t)size)
        return;
    if (manifest_read(&m, fd, NULL) == 0)
        use(&m);
    elf_build_id(fd, name, sizeof(name));
    must(strlen(name) < sizeof(name));
    if (elf_function(fd, size * 16, name, sizeof(name), &delta) == 0)
        must(strlen(name) < sizeof(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_section(data, size);
    read_file(data, size);
    return 0;
}
