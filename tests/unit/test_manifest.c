/* test_manifest.c - what a plugin offers, read from its file: the section's
 * records, the ELF file around them, and what is made to harm the reader. */
#include "files.h"
#include "plugin/manifest.h"
#include "unit.h"

#include <elf.h>
#include <link.h>
#include <sopool/abi.h>
#include <sys/mman.h>

/* ---- the section ------------------------------------------------------- */

/* Appends a record; `texts` with its NULs, but for the last. */
static void add_record(struct buf *b, uint32_t kind, uint32_t flags,
                       const char *texts, size_t size)
{
    const sopool_record head = {
        SOPOOL_RECORD_MAGIC, (uint32_t)(sizeof(head) + size + 1), kind, flags};

    ck_assert_int_eq(buf_add(b, &head, sizeof(head)), 0);
    ck_assert_int_eq(buf_add(b, texts, size), 0);
    ck_assert_int_eq(buf_add(b, "\0\0\0", 4 - size % 4), 0);
}

#define ABI (SOPOOL_ABI_MAJOR << 16 | 3)
#define add_plugin(b, texts)                                                   \
    add_record(b, SOPOOL_RECORD_PLUGIN, ABI, texts, sizeof(texts) - 1)
#define add_task(b, flags, texts)                                              \
    add_record(b, SOPOOL_RECORD_TASK, flags, texts, sizeof(texts) - 1)

/* The section is refused; finishes it. */
static const char *refused(struct buf *section)
{
    static sopool_error err;
    struct manifest m;

    memset(&err, 0, sizeof(err));
    ck_assert_int_eq(manifest_parse(&m, section->data, section->size, &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    ck_assert_ptr_null(m.task);
    ck_assert_ptr_null(m.raw.data);
    buf_finish(section);
    return err.message;
}

START_TEST(section_is_read)
{
    struct buf b = {0};
    sopool_error err = {0};
    struct manifest m;

    add_task(&b, 5, "one\0() -> any\0First.");
    add_plugin(&b, "p_1\0002.0\0two\0one");
    add_task(&b, 0, "two\0(x: i64) -> str\0");
    add_task(&b, 0, "unnamed\0what is this\0"); /* not of the plugin */
    ck_assert_msg(manifest_parse(&m, b.data, b.size, &err) == 0, "%s",
                  err.message);
    buf_finish(&b); /* it has a copy */
    ck_assert_str_eq(m.name, "p_1");
    ck_assert_str_eq(m.version, "2.0");
    ck_assert_uint_eq(m.abi, ABI);
    ck_assert_uint_eq(m.task_count, 2);
    ck_assert_str_eq(m.task[0].name, "two"); /* in the plugin's order */
    ck_assert_str_eq(m.task[0].signature, "(x: i64) -> str");
    ck_assert_str_eq(m.task[0].doc, "");
    ck_assert_uint_eq(m.task[0].flags, 0);
    ck_assert_str_eq(m.task[1].name, "one");
    ck_assert_str_eq(m.task[1].doc, "First.");
    ck_assert_uint_eq(m.task[1].flags, 5);
    manifest_finish(&m);
    ck_assert_uint_eq(m.task_count, 0);
}
END_TEST

START_TEST(padding_is_passed_over)
{
    struct buf b = {0};
    struct manifest m;

    ck_assert_int_eq(buf_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0", 12), 0);
    add_plugin(&b, "p\0001");
    ck_assert_int_eq(buf_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19),
                     0);
    ck_assert_int_eq(manifest_parse(&m, b.data, b.size, NULL), 0);
    ck_assert_uint_eq(m.task_count, 0);
    manifest_finish(&m);
    buf_finish(&b);
}
END_TEST

START_TEST(another_abi)
{
    struct buf b = {0};

    add_record(&b, SOPOOL_RECORD_PLUGIN, UINT32_C(2) << 16, "p\0001", 3);
    ck_assert_has(
        refused(&b),
        "built for plugin ABI 2, this sopool runs ABI 1; build it here: "
        "cc -shared -fPIC ");
}
END_TEST

START_TEST(records_that_are_none)
{
    struct buf b = {0};
    sopool_record head = {SOPOOL_RECORD_MAGIC, 4, SOPOOL_RECORD_PLUGIN, ABI};

    ck_assert_has(refused(&b), "no SOPOOL_PLUGIN in it");
    add_task(&b, 0, "t\0() -> any\0");
    ck_assert_has(refused(&b), "no SOPOOL_PLUGIN");
    ck_assert_int_eq(buf_add(&b, "sixteen bytes...", 16), 0);
    ck_assert_has(refused(&b), "a record that is none");
    ck_assert_int_eq(buf_add(&b, &head, sizeof(head)), 0); /* too small */
    ck_assert_has(refused(&b), "a record that is none");
    head.size = 17; /* beyond the end */
    ck_assert_int_eq(buf_add(&b, &head, sizeof(head)), 0);
    ck_assert_has(refused(&b), "a record that is none");
    head.size = UINT32_MAX;
    ck_assert_int_eq(buf_add(&b, &head, sizeof(head)), 0);
    ck_assert_has(refused(&b), "a record that is none");
    head.size = sizeof(head); /* no texts */
    ck_assert_int_eq(buf_add(&b, &head, sizeof(head)), 0);
    ck_assert_has(refused(&b), "without name or version");
}
END_TEST

START_TEST(plugins_that_are_none)
{
    struct buf b = {0};

    add_plugin(&b, "p\0001");
    add_plugin(&b, "q\0001");
    ck_assert_has(refused(&b), "a damaged manifest: two plugins in one file");
    add_plugin(&b, "p");
    ck_assert_has(refused(&b), "without name or version");
    add_plugin(&b, "p\xff\0001");
    ck_assert_has(refused(&b), "without name or version");
    add_plugin(&b, "p\0001\0t");
    ck_assert_has(refused(&b), "no record of task t");
    add_plugin(&b, "p\0001\0t\0t");
    add_task(&b, 0, "t\0() -> any\0");
    ck_assert_has(refused(&b), "a task twice");
    add_plugin(&b, "p\0001\0t");
    add_task(&b, 0, "t\0() -> any\0");
    add_task(&b, 0, "t\0() -> i64\0");
    ck_assert_has(refused(&b), "two records of task t");
    add_plugin(&b, "p\0001\0t");
    add_task(&b, 0, "t\0() -> any"); /* no doc */
    ck_assert_has(refused(&b), "a task without its texts");
    add_plugin(&b, "p\0001\0t");
    add_task(&b, 0, "t\0() -> any\0\xff");
    ck_assert_has(refused(&b), "without its texts");
    add_plugin(&b, "p\0001\0t");
    add_task(&b, 0, "t\0(x: int) -> any\0");
    ck_assert_has(refused(&b), "task t: '(x: int) -> any' is not a signature");
}
END_TEST

START_TEST(text_without_its_end)
{
    struct buf b = {0};

    add_plugin(&b, "p\00012345"); /* the record ends in the version's middle */
    ((sopool_record *)(void *)b.data)->size -= 3;
    ck_assert_has(refused(&b), "without name or version");
}
END_TEST

START_TEST(names_are_checked)
{
    static const char *const wrong[] = {"",    "1a",  "A",   "aB",
                                        "a-b", "a.b", "a b", "\xc3\xa4"};
    char texts[100];
    struct buf b = {0};
    struct manifest m;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int size = snprintf(texts, sizeof(texts), "%s%c1", wrong[i], 0);

        add_record(&b, SOPOOL_RECORD_PLUGIN, ABI, texts, (size_t)size);
        ck_assert_has(refused(&b),
                      "cannot be the name of a plugin; allowed: up "
                      "to 40 lower-case letters, digits and _, "
                      "no digit first");
        if (wrong[i][0] == '\0')
            continue;
        size = snprintf(texts, sizeof(texts), "p%c1%c%s", 0, 0, wrong[i]);
        add_record(&b, SOPOOL_RECORD_PLUGIN, ABI, texts, (size_t)size);
        ck_assert_has(refused(&b), "cannot be the name of a task; allowed:");
    }
    add_plugin(&b, "p234567890123456789012345678901234567890\0001");
    ck_assert_int_eq(manifest_parse(&m, b.data, b.size, NULL), 0);
    manifest_finish(&m);
    buf_finish(&b);
    add_plugin(&b, "p2345678901234567890123456789012345678901\0001");
    ck_assert_has(refused(&b), "cannot be the name");
}
END_TEST

START_TEST(no_more_than_1024_tasks)
{
    struct buf names = {0}, b = {0};
    char texts[32];

    ck_assert_int_eq(buf_add(&names, "p\0001", 4), 0);
    for (int i = 0; i < 1025; i++) {
        int size = snprintf(texts, sizeof(texts), "t%d%c() -> any%c", i, 0, 0);

        add_record(&b, SOPOOL_RECORD_TASK, 0, texts, (size_t)size);
        ck_assert_int_eq(buf_add(&names, texts, strlen(texts) + 1), 0);
    }
    add_record(&b, SOPOOL_RECORD_PLUGIN, ABI, (char *)names.data,
               names.size - 1);
    buf_finish(&names);
    ck_assert_str_eq(refused(&b), "a damaged manifest: too many tasks");
}
END_TEST

/* "plugin.task" and a NUL have to fit into sopool_error.task. */
START_TEST(names_together)
{
    struct buf b = {0};
    sopool_error err;
    struct manifest m;

    add_plugin(&b, "p23456789012345678901234567890\0001\0"
                   "t2345678901234567890123456789012");
    add_task(&b, 0, "t2345678901234567890123456789012\0() -> any\0");
    ck_assert_int_eq(manifest_parse(&m, b.data, b.size, NULL), 0);
    ck_assert_uint_eq(strlen(m.name) + 1 + strlen(m.task[0].name) + 1,
                      sizeof(err.task));
    manifest_finish(&m);
    buf_finish(&b);
    add_plugin(&b, "p23456789012345678901234567890\0001\0"
                   "t23456789012345678901234567890123");
    add_task(&b, 0, "t23456789012345678901234567890123\0() -> any\0");
    ck_assert_has(refused(&b), "is too long; allowed: ");
}
END_TEST

/* ---- the file ---------------------------------------------------------- */

static int file_of(const struct buf *bytes)
{
    int fd = memfd_create("plugin", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes->data, bytes->size, 0),
                     (ssize_t)bytes->size);
    return fd;
}

static const char *refused_fd(int fd)
{
    static sopool_error err;
    struct manifest m;

    memset(&err, 0, sizeof(err));
    ck_assert_int_eq(manifest_read(&m, fd, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    ck_assert_uint_gt(strlen(err.message), 0);
    return err.message;
}

static const char *refused_file(const struct buf *bytes)
{
    int fd = file_of(bytes);
    const char *why = refused_fd(fd);

    (void)close(fd);
    return why;
}

static ElfW(Ehdr) * header_of(const struct buf *file)
{
    return (ElfW(Ehdr) *)(void *)file->data;
}

static ElfW(Shdr) * table_of(const struct buf *file)
{
    return (ElfW(Shdr) *)(void *)(file->data + header_of(file)->e_shoff);
}

/* The header of the names of sections. */
static ElfW(Shdr) * names_of(const struct buf *file)
{
    return table_of(file) + header_of(file)->e_shstrndx;
}

/* The header of the manifest's section. */
static ElfW(Shdr) * section_of(const struct buf *file)
{
    const ElfW(Ehdr) *header = header_of(file);
    ElfW(Shdr) *table = table_of(file);
    const char *names = (const char *)file->data + names_of(file)->sh_offset;

    for (unsigned i = 0; i < header->e_shnum; i++)
        if (strcmp(names + table[i].sh_name, SOPOOL_MANIFEST_SECTION) == 0)
            return &table[i];
    ck_abort_msg("no section");
    return NULL;
}

START_TEST(file_is_read)
{
    struct buf file = plugin_bytes("good");
    int fd = file_of(&file);
    sopool_error err = {0};
    struct manifest m;

    ck_assert_msg(manifest_read(&m, fd, &err) == 0, "%s", err.message);
    ck_assert_str_eq(m.name, "good");
    ck_assert_str_eq(m.version, "1.2");
    ck_assert_uint_eq(m.abi, SOPOOL_ABI_MAJOR << 16 | SOPOOL_ABI_MINOR);
    ck_assert_uint_eq(m.task_count, 3);
    ck_assert_str_eq(m.task[0].name, "square");
    ck_assert_str_eq(m.task[0].signature, "(x: i64) -> i64");
    ck_assert_str_eq(m.task[0].doc, "The square of x.");
    ck_assert_uint_eq(m.task[0].flags, SOPOOL_PURE | SOPOOL_IDEMPOTENT);
    ck_assert_str_eq(m.task[1].signature, "(name: str, loud: bool) -> str");
    ck_assert_str_eq(m.task[1].doc, "\"Gr\xc3\xbc\xc3\x9f"
                                    "e\" and a name.");
    ck_assert_str_eq(m.task[2].signature, "() -> any");
    ck_assert_str_eq(m.task[2].doc, "");
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0); /* left where it was */
    manifest_finish(&m);
    (void)close(fd);
    buf_finish(&file);
}
END_TEST

START_TEST(other_files)
{
    struct buf text = {0};

    ck_assert_str_eq(refused_file(&text), "not an ELF file");
    ck_assert_int_eq(buf_add(&text, "#!/bin/sh\necho hello\n", 21), 0);
    ck_assert_str_eq(refused_file(&text), "not an ELF file");
    buf_finish(&text);
}
END_TEST

START_TEST(other_machines)
{
    struct buf file = plugin_bytes("good");
    const ElfW(Half) native = header_of(&file)->e_machine;

    header_of(&file)->e_machine = native == EM_AARCH64 ? EM_S390 : EM_AARCH64;
    ck_assert_has(refused_file(&file),
                  native == EM_AARCH64 ? "for s390" : "for aarch64");
    ck_assert_has(refused_file(&file), "this machine is ");
    ck_assert_has(refused_file(&file), "; build it here: cc -shared -fPIC ");
    header_of(&file)->e_machine = native;
    header_of(&file)->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    ck_assert_has(refused_file(&file), "this machine is ");
    header_of(&file)->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    header_of(&file)->e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
    ck_assert_has(refused_file(&file), "this machine is ");
    buf_finish(&file);
}
END_TEST

START_TEST(other_elf_files)
{
    struct buf file = plugin_bytes("good");

    header_of(&file)->e_type = ET_REL;
    ck_assert_has(refused_file(&file),
                  "not a shared object; build it here: cc");
    header_of(&file)->e_type = ET_DYN;
    section_of(&file)->sh_name += 1;
    ck_assert_str_eq(refused_file(&file),
                     "not a sopool plugin: it has no section sopool_manifest; "
                     "end its source with SOPOOL_PLUGIN(...), and build it "
                     "here: cc -shared -fPIC $(pkg-config --cflags sopool-sdk) "
                     "-o NAME.so NAME.c");
    buf_finish(&file);
}
END_TEST

START_TEST(sizes_that_lie)
{
    struct buf file = plugin_bytes("good");
    ElfW(Shdr) *section = section_of(&file);
    const ElfW(Shdr) honest = *section;
    const ElfW(Ehdr) header = *header_of(&file);

    section->sh_size = (1 << 20) + 1;
    ck_assert_has(refused_file(&file), "of a fitting size");
    section->sh_size = 0;
    ck_assert_has(refused_file(&file), "of a fitting size");
    section->sh_size = 1 << 20;
    ck_assert_has(refused_file(&file), "ends too early");
    *section = honest;
    section->sh_offset = UINT64_MAX - 8;
    ck_assert_has(refused_file(&file), "beyond its end");
    section->sh_offset = INT64_MAX - 100000;
    (void)refused_file(&file);
    section->sh_offset = file.size - 8;
    ck_assert_has(refused_file(&file), "ends too early");
    section->sh_offset = 0; /* the file's own header is no record */
    ck_assert_has(refused_file(&file), "a record that is none");
    *section = honest;
    section->sh_type = SHT_NOBITS;
    ck_assert_has(refused_file(&file), "of a fitting size");
    *section = honest;
    names_of(&file)->sh_size = (1 << 20) + 1;
    ck_assert_has(refused_file(&file), "too many names of sections");
    names_of(&file)->sh_size = 0;
    ck_assert_has(refused_file(&file), "has no section sopool_manifest");
    header_of(&file)->e_shnum = 0xfeff;
    ck_assert_has(refused_file(&file), "no table of sections");
    *header_of(&file) = header;
    header_of(&file)->e_shstrndx = header.e_shnum;
    ck_assert_has(refused_file(&file), "no table of sections");
    *header_of(&file) = header;
    header_of(&file)->e_shoff = UINT64_MAX - 63;
    (void)refused_file(&file);
    buf_finish(&file);
}
END_TEST

/* Cut anywhere: the table of sections stands at the end, so all are refused. */
START_TEST(cut_files)
{
    struct buf file = plugin_bytes("good");
    const ElfW(Ehdr) *header = header_of(&file);
    size_t needed = header->e_shoff + header->e_shnum * sizeof(ElfW(Shdr));
    int fd = file_of(&file);

    ck_assert_uint_le(needed, file.size);
    for (size_t size = file.size; size-- > 0;) {
        sopool_error err = {0};
        struct manifest m;

        ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
        if (size >= needed)
            continue;
        ck_assert_msg(manifest_read(&m, fd, &err) == -1, "at %zu", size);
        ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    }
    (void)close(fd);
    buf_finish(&file);
}
END_TEST

/* What has been taken as a manifest is whole: its texts end within it. */
static void check_texts(const struct manifest *m)
{
    const char *start = (const char *)m->raw.data;
    const char *end = start + m->raw.size;

    ck_assert_uint_le(strlen(m->name), 40);
    for (size_t i = 0; i < m->task_count; i++) {
        const struct manifest_task *task = &m->task[i];

        ck_assert(task->name >= start && task->name < end);
        ck_assert_uint_le(strlen(task->name), 40);
        ck_assert(task->signature + strlen(task->signature) < end);
        ck_assert(task->doc + strlen(task->doc) < end);
    }
}

/* Turns each bit of a stretch of the file, one at a time. */
static void turn_bits(int fd, const struct buf *file, size_t from, size_t size)
{
    for (size_t at = from; at < from + size; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t turned = (uint8_t)(file->data[at] ^ 1u << bit);
            sopool_error err = {0};
            struct manifest m;

            ck_assert_int_eq(pwrite(fd, &turned, 1, (off_t)at), 1);
            if (manifest_read(&m, fd, &err) == 0) {
                check_texts(&m);
                manifest_finish(&m);
            } else {
                ck_assert_uint_gt(strlen(err.message), 0);
            }
            ck_assert_int_eq(pwrite(fd, &file->data[at], 1, (off_t)at), 1);
        }
}

START_TEST(turned_bits)
{
    struct buf file = plugin_bytes("good");
    const ElfW(Ehdr) *header = header_of(&file);
    const ElfW(Shdr) *section = section_of(&file);
    const ElfW(Shdr) *table =
        (const ElfW(Shdr) *)(const void *)(file.data + header->e_shoff);
    int fd = file_of(&file);

    turn_bits(fd, &file, 0, sizeof(*header));
    turn_bits(fd, &file, (size_t)((const uint8_t *)section - file.data),
              sizeof(*section));
    turn_bits(fd, &file, header->e_shoff + header->e_shstrndx * sizeof(*table),
              sizeof(*table));
    turn_bits(fd, &file, section->sh_offset, section->sh_size);
    (void)close(fd);
    buf_finish(&file);
}
END_TEST

START_TEST(descriptor_that_is_none)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_str_eq(refused_fd(fd), "not an ELF file");
    (void)close(fd);
    ck_assert_str_eq(refused_fd(-1), "not an ELF file");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("manifest");
    TCase *section = tcase_create("section");
    TCase *file = tcase_create("file");

    tcase_add_test(section, section_is_read);
    tcase_add_test(section, padding_is_passed_over);
    tcase_add_test(section, another_abi);
    tcase_add_test(section, records_that_are_none);
    tcase_add_test(section, plugins_that_are_none);
    tcase_add_test(section, text_without_its_end);
    tcase_add_test(section, names_are_checked);
    tcase_add_test(section, no_more_than_1024_tasks);
    tcase_add_test(section, names_together);
    suite_add_tcase(s, section);
    tcase_set_timeout(file, 60);
    tcase_add_test(file, file_is_read);
    tcase_add_test(file, other_files);
    tcase_add_test(file, other_machines);
    tcase_add_test(file, other_elf_files);
    tcase_add_test(file, sizes_that_lie);
    tcase_add_test(file, cut_files);
    tcase_add_test(file, turned_bits);
    tcase_add_test(file, descriptor_that_is_none);
    suite_add_tcase(s, file);
    return s;
}

int main(void)
{
    return unit_run_here(suite());
}
