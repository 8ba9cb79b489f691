/* setup.c - see setup.h. */
#include "worker/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "value/encode.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "worker/message.h"

/* The file is an array of nine items in the order of the struct; plugins are
 * an array of [path, manifest section, skip] triples. */
enum { SETUP_ITEMS = 9 };

static int encode(const struct worker_setup *setup, struct buf *out)
{
    sopool_writer w = buf_writer(out);

    (void)sopool_put_array(&w, SETUP_ITEMS);
    (void)sopool_put_array(&w, setup->plugin_count);
    for (size_t i = 0; i < setup->plugin_count; i++) {
        const struct setup_plugin *plugin = &setup->plugin[i];

        (void)sopool_put_array(&w, 3);
        (void)sopool_put_bytes(&w, plugin->path, strlen(plugin->path));
        (void)sopool_put_bytes(&w, plugin->manifest->raw.data,
                               plugin->manifest->raw.size);
        (void)sopool_put_bool(&w, plugin->skip);
    }
    (void)sopool_put_bool(&w, setup->has_initializer);
    (void)sopool_put_u64(&w, setup->initializer);
    (void)sopool_put_bytes(&w, setup->initargs.data, setup->initargs.size);
    (void)sopool_put_bool(&w, setup->plugins_required);
    (void)sopool_put_u64(&w, setup->limit_memory);
    (void)sopool_put_i64(&w, setup->limit_cpu_ns);
    (void)sopool_put_u64(&w, setup->limit_files);
    /* Both programs are of one build. */
    (void)sopool_put_bytes(&w, &setup->chaos, sizeof(setup->chaos));
    return buf_written(out, &w);
}

int setup_write(const struct worker_setup *setup, int *fd, sopool_error *err)
{
    struct buf encoded = {0};
    CLEANUP_FD int file = memfd_create("sopool-setup", MFD_CLOEXEC);
    int status;

    if (file < 0)
        return error_errno(err, "cannot make the workers' setup file");
    if (encode(setup, &encoded) != 0) {
        buf_finish(&encoded);
        return error_nomem(err);
    }
    status = file_write(file, encoded.data, encoded.size);
    buf_finish(&encoded);
    if (status != 0)
        return error_errno(err, "cannot write the workers' setup file");
    *fd = file;
    file = -1;
    return 0;
}

static int decode_plugin(struct setup_plugin *plugin, sopool_reader *r,
                         sopool_error *err)
{
    struct manifest *manifest;
    sopool_blob path, section;
    uint64_t parts;
    char *copy;

    if (sopool_read_array(r, &parts) != 0 || parts != 3 ||
        sopool_read_bytes(r, &path) != 0 ||
        sopool_read_bytes(r, &section) != 0 ||
        sopool_read_bool(r, &plugin->skip) != 0)
        return error_set(err, SOPOOL_E_PROTOCOL, "a damaged setup file");
    copy = strndup((const char *)path.ptr, (size_t)path.size);
    manifest = calloc(1, sizeof(*manifest));
    plugin->path = copy;
    plugin->manifest = manifest;
    plugin->fd = -1;
    if (copy == NULL || manifest == NULL)
        return error_nomem(err);
    return manifest_parse(manifest, section.ptr, (size_t)section.size, err);
}

static int decode(struct worker_setup *setup, sopool_reader *r,
                  sopool_error *err)
{
    uint64_t items, plugins, initializer = 0;
    sopool_blob initargs = {0}, chaos = {0};

    if (sopool_read_array(r, &items) != 0 || items != SETUP_ITEMS ||
        sopool_read_array(r, &plugins) != 0)
        return error_set(err, SOPOOL_E_PROTOCOL, "a damaged setup file");
    setup->plugin = calloc((size_t)plugins + 1, sizeof(*setup->plugin));
    if (setup->plugin == NULL)
        return error_nomem(err);
    while (setup->plugin_count < plugins)
        if (decode_plugin(&setup->plugin[setup->plugin_count++], r, err) != 0)
            return -1;
    if (sopool_read_bool(r, &setup->has_initializer) != 0 ||
        sopool_read_u64(r, &initializer) != 0 ||
        sopool_read_bytes(r, &initargs) != 0 ||
        sopool_read_bool(r, &setup->plugins_required) != 0 ||
        sopool_read_u64(r, &setup->limit_memory) != 0 ||
        sopool_read_i64(r, &setup->limit_cpu_ns) != 0 ||
        sopool_read_u64(r, &setup->limit_files) != 0 ||
        sopool_read_bytes(r, &chaos) != 0 || chaos.size != sizeof(setup->chaos))
        return error_set(err, SOPOOL_E_PROTOCOL, "a damaged setup file");
    memcpy(&setup->chaos, chaos.ptr, sizeof(setup->chaos));
    setup->initializer = (uint32_t)initializer;
    return buf_add(&setup->initargs, initargs.ptr, (size_t)initargs.size) == 0
               ? 0
               : error_nomem(err);
}

int setup_read(struct worker_setup *setup, int fd, sopool_error *err)
{
    sopool_reader reader;
    struct stat st;
    void *map;
    int status;

    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return error_set(err, SOPOOL_E_PROTOCOL, "an empty setup file");
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_errno(err, "cannot map the setup file");
    reader = sopool_reader_of(map, (size_t)st.st_size);
    status = decode(setup, &reader, err);
    (void)munmap(map, (size_t)st.st_size);
    return status;
}

int setup_send(const struct worker_setup *setup, int sock, sopool_error *err)
{
    CLEANUP_FD int file = -1;
    int fds[MESSAGE_FDS];
    size_t count = 0;

    if (setup_write(setup, &file, err) != 0)
        return -1;
    if (message_send(sock, MESSAGE_SETUP, 0, setup->plugin_count, &file, 1) !=
        0)
        return error_errno(err, "cannot send the setup to a worker");
    for (size_t i = 0; i < setup->plugin_count; i++) {
        fds[count++] = setup->plugin[i].fd;
        if (count < MESSAGE_FDS && i + 1 < setup->plugin_count)
            continue;
        if (message_send(sock, MESSAGE_PLUGINS, 0, 0, fds, count) != 0)
            return error_errno(err, "cannot send the plugins to a worker");
        count = 0;
    }
    return 0;
}

/* Receives one message of a kind; its descriptors go to `fds`. */
static int expect(int sock, enum message_kind kind, struct message_fds *fds,
                  sopool_error *err)
{
    struct message message;
    int got = message_receive(sock, &message, fds, 1);

    if (got < 0)
        return error_errno(err, "cannot receive the setup");
    if (got == 0)
        return error_set(err, SOPOOL_E_CLOSED, "the pool has gone");
    if (message.kind == (uint32_t)kind && fds->count > 0)
        return 0;
    message_close(fds);
    return error_set(err, SOPOOL_E_PROTOCOL, "an unexpected message");
}

int setup_receive(struct worker_setup *setup, int sock, sopool_error *err)
{
    struct message_fds fds;
    size_t plugin = 0;
    int status;

    if (expect(sock, MESSAGE_SETUP, &fds, err) != 0)
        return -1;
    status = setup_read(setup, fds.fd[0], err);
    message_close(&fds);
    while (status == 0 && plugin < setup->plugin_count) {
        status = expect(sock, MESSAGE_PLUGINS, &fds, err);
        for (size_t i = 0; status == 0 && i < fds.count; i++) {
            if (plugin < setup->plugin_count)
                setup->plugin[plugin++].fd = fds.fd[i];
            else
                (void)close(fds.fd[i]);
        }
    }
    return status;
}

void setup_finish(struct worker_setup *setup)
{
    free(setup->plugin);
    buf_finish(&setup->initargs);
    setup->plugin = NULL;
    setup->plugin_count = 0;
}

void setup_finish_received(struct worker_setup *setup)
{
    for (size_t i = 0; i < setup->plugin_count; i++) {
        struct setup_plugin *plugin = &setup->plugin[i];
        struct manifest *manifest =
            (struct manifest *)(uintptr_t)plugin->manifest;

        if (plugin->fd >= 0)
            (void)close(plugin->fd);
        if (manifest != NULL)
            manifest_finish(manifest);
        free(manifest);
        free((char *)(uintptr_t)plugin->path);
    }
    setup_finish(setup);
}
