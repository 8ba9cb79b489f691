/* files.h - folders and files that tests make, and the plugins made for them.
 * What fails here fails the test. */
#ifndef SOPOOL_UNIT_FILES_H
#define SOPOOL_UNIT_FILES_H

#include "unit.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define FILES_UNUSED __attribute__((unused))

typedef char path_text[512];

FILES_UNUSED static const char *path_of(path_text out, const char *dir,
                                        const char *name)
{
    int size = snprintf(out, sizeof(path_text), "%s/%s", dir, name);

    ck_assert(size > 0 && (size_t)size < sizeof(path_text));
    return out;
}

/* A new folder that nobody else may use. */
FILES_UNUSED static void make_folder(path_text out)
{
    const char *tmp = getenv("TMPDIR");

    (void)path_of(out, tmp != NULL ? tmp : "/tmp", "sopool-unit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(out));
}

/* With what is in it, which is no folder. */
FILES_UNUSED static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(path);
}

FILES_UNUSED static void write_file(const char *dir, const char *name,
                                    const void *data, size_t size)
{
    path_text path;
    FILE *file = fopen(path_of(path, dir, name), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0644), 0);
}

/* The bytes of a plugin of tests/plugins ("good"); to be finished. */
FILES_UNUSED static struct buf plugin_bytes(const char *plugin)
{
    const char *dir = getenv("SOPOOL_TEST_PLUGINS");
    struct buf out = {0};
    path_text path;
    struct stat st;
    char name[64];
    FILE *file;

    ck_assert_msg(dir != NULL, "SOPOOL_TEST_PLUGINS is not set");
    (void)snprintf(name, sizeof(name), "%s.so", plugin);
    file = fopen(path_of(path, dir, name), "rb");
    ck_assert_msg(file != NULL, "%s is missing", path);
    ck_assert_int_eq(fstat(fileno(file), &st), 0);
    ck_assert_ptr_nonnull(buf_room(&out, (size_t)st.st_size));
    out.size = fread(out.data, 1, (size_t)st.st_size, file);
    ck_assert_uint_eq(out.size, (size_t)st.st_size);
    (void)fclose(file);
    return out;
}

FILES_UNUSED static void copy_plugin(const char *plugin, const char *dir,
                                     const char *name)
{
    struct buf bytes = plugin_bytes(plugin);

    write_file(dir, name, bytes.data, bytes.size);
    buf_finish(&bytes);
}

FILES_UNUSED static int open_file(const char *dir, const char *name)
{
    path_text path;
    int fd = open(path_of(path, dir, name), O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Where the only run of those bytes in the file stands. */
FILES_UNUSED static uint8_t *only_run(const struct buf *file, const void *run,
                                      size_t size)
{
    uint8_t *found = NULL;

    for (size_t at = 0; at + size <= file->size; at++) {
        if (memcmp(file->data + at, run, size) != 0)
            continue;
        ck_assert_msg(found == NULL, "the bytes stand there twice");
        found = file->data + at;
    }
    ck_assert_msg(found != NULL, "the bytes are not there");
    return found;
}

#define ck_assert_has(text, part)                                              \
    ck_assert_msg(strstr(text, part) != NULL, "'%s' lacks '%s'", text, part)

#endif
