/* elf.c - a section of an ELF file of this machine's kind, and which function
 * is where in it; read by pread: a file may be cut while it is read, and a
 * mapping of it would then be a bus error. Nothing that stands in the file is
 * believed before it is bounded. */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "plugin/manifest.h"

enum { SECTIONS = 4096, SECTION_BYTES = 1 << 20 };

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif
#define NATIVE_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

static const struct {
    unsigned machine;
    const char *name;
} machines[] = {
    {EM_X86_64, "x86-64"}, {EM_386, "x86"},     {EM_AARCH64, "aarch64"},
    {EM_ARM, "arm"},       {EM_RISCV, "riscv"}, {EM_PPC64, "ppc64"},
    {EM_S390, "s390"},     {EM_MIPS, "mips"},
};

static unsigned native_machine(void)
{
#if defined(__x86_64__)
    return EM_X86_64;
#elif defined(__i386__)
    return EM_386;
#elif defined(__aarch64__)
    return EM_AARCH64;
#elif defined(__arm__)
    return EM_ARM;
#elif defined(__riscv)
    return EM_RISCV;
#elif defined(__powerpc64__)
    return EM_PPC64;
#elif defined(__s390__)
    return EM_S390;
#else
    return EM_NONE; /* not compared */
#endif
}

static const char *machine_name(unsigned machine)
{
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].machine == machine)
            return machines[i].name;
    return "another machine";
}

static int bad(sopool_error *err, const char *what)
{
    return error_set(err, SOPOOL_E_PLUGIN, "%s", what);
}

/* Exactly `size` bytes at `at`. */
static int read_at(int fd, void *to, size_t size, uint64_t at,
                   sopool_error *err)
{
    char *next = to;

    if (at > (uint64_t)INT64_MAX - size)
        return bad(err, "a damaged ELF file: an offset beyond its end");
    while (size > 0) {
        ssize_t got = pread(fd, next, size, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, "cannot be read");
        if (got == 0)
            return bad(err, "a damaged ELF file: it ends too early");
        next += got;
        at += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

static int check_header(const ElfW(Ehdr) * header, sopool_error *err)
{
    unsigned native = native_machine();

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return bad(err, "not an ELF file");
    if (header->e_ident[EI_CLASS] != NATIVE_CLASS ||
        header->e_ident[EI_DATA] != NATIVE_DATA ||
        (native != EM_NONE && header->e_machine != native))
        return error_set(
            err, SOPOOL_E_PLUGIN,
            "built for %s, this machine is %s (%zu bits); " MANIFEST_BUILD,
            machine_name(header->e_machine), machine_name(native),
            sizeof(void *) * 8);
    if (header->e_type != ET_DYN)
        return bad(err,
                   "an ELF file, but not a shared object; " MANIFEST_BUILD);
    if (header->e_shentsize != sizeof(ElfW(Shdr)) || header->e_shnum == 0 ||
        header->e_shnum > SECTIONS || header->e_shstrndx >= header->e_shnum)
        return bad(err, "a damaged ELF file: no table of sections");
    return 0;
}

static int read_header(int fd, ElfW(Ehdr) * header, sopool_error *err)
{
    uint8_t magic[SELFMAG];

    if (pread(fd, magic, sizeof(magic), 0) != (ssize_t)sizeof(magic) ||
        memcmp(magic, ELFMAG, SELFMAG) != 0)
        return bad(err, "not an ELF file");
    if (read_at(fd, header, sizeof(*header), 0, err) != 0)
        return -1;
    return check_header(header, err);
}

/* A file's sections, read in one go: there are dozens. */
struct sections {
    ElfW(Shdr) * table; /* owned */
    unsigned count;
    unsigned names; /* the one with their names */
};

static void free_sections(struct sections *sections)
{
    free(sections->table);
    *sections = (struct sections){0};
}

static int read_sections(int fd, struct sections *out, sopool_error *err)
{
    ElfW(Ehdr) header;

    *out = (struct sections){0};
    if (read_header(fd, &header, err) != 0)
        return -1;
    out->count = header.e_shnum;
    out->names = header.e_shstrndx;
    out->table = calloc(out->count, sizeof(*out->table));
    if (out->table == NULL)
        return error_nomem(err);
    if (read_at(fd, out->table, out->count * sizeof(*out->table),
                header.e_shoff, err) == 0)
        return 0;
    free_sections(out);
    return -1;
}

static int add_section(int fd, const ElfW(Shdr) * section, struct buf *out,
                       sopool_error *err)
{
    void *to = buf_room(out, section->sh_size);

    if (to == NULL)
        return error_nomem(err);
    if (read_at(fd, to, section->sh_size, section->sh_offset, err) != 0)
        return -1;
    out->size += section->sh_size;
    return 0;
}

static int read_names(int fd, const struct sections *sections, struct buf *out,
                      sopool_error *err)
{
    const ElfW(Shdr) *names = &sections->table[sections->names];

    if (names->sh_size > SECTION_BYTES)
        return bad(err, "a damaged ELF file: too many names of sections");
    return add_section(fd, names, out, err);
}

static bool has_name(const struct buf *names, const ElfW(Shdr) * section,
                     const char *name)
{
    size_t size = strlen(name) + 1;

    return section->sh_name <= names->size &&
           names->size - section->sh_name >= size &&
           memcmp(names->data + section->sh_name, name, size) == 0;
}

static int copy_section(int fd, const ElfW(Shdr) * section, struct buf *out,
                        sopool_error *err)
{
    if (section->sh_type != SHT_PROGBITS || section->sh_size == 0 ||
        section->sh_size > SECTION_BYTES)
        return bad(err, "a damaged manifest: no section of a fitting size");
    return add_section(fd, section, out, err);
}

/* The first of that name, or NULL. */
static const ElfW(Shdr) * find_section(const struct sections *sections,
                                       const struct buf *names,
                                       const char *name)
{
    for (unsigned i = 0; i < sections->count; i++)
        if (has_name(names, &sections->table[i], name))
            return &sections->table[i];
    return NULL;
}

static int copy_named(int fd, const struct sections *sections, const char *name,
                      struct buf *out, sopool_error *err)
{
    const ElfW(Shdr) *section = NULL;
    struct buf names = {0};
    int status = read_names(fd, sections, &names, err);

    if (status == 0)
        section = find_section(sections, &names, name);
    buf_finish(&names);
    if (section != NULL)
        return copy_section(fd, section, out, err);
    if (status != 0)
        return -1;
    return error_set(
        err, SOPOOL_E_PLUGIN,
        "not a sopool plugin: it has no section %s; end its source "
        "with SOPOOL_PLUGIN(...), and " MANIFEST_BUILD,
        name);
}

int elf_read_section(int fd, const char *name, struct buf *out,
                     sopool_error *err)
{
    struct sections sections;
    int status;

    if (read_sections(fd, &sections, err) != 0)
        return -1;
    status = copy_named(fd, &sections, name, out, err);
    free_sections(&sections);
    return status;
}

/* ---- the build-id ------------------------------------------------------ */

enum { NOTE_BYTES = 4096 };

/* The GNU note of that kind among those of a section: its bytes, or NULL. */
static const uint8_t *find_note(const uint8_t *notes, size_t size,
                                uint32_t kind, size_t *out_size)
{
    size_t at = 0;

    while (size - at >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        size_t name, desc, next;

        memcpy(&note, notes + at, sizeof(note));
        name = at + sizeof(note);
        if (note.n_namesz > size || note.n_descsz > size)
            return NULL;
        desc = name + ((note.n_namesz + 3U) & ~3U);
        next = desc + ((note.n_descsz + 3U) & ~3U);
        if (desc + note.n_descsz > size)
            return NULL;
        if (note.n_type == kind && note.n_namesz == 4 &&
            memcmp(notes + name, "GNU", 4) == 0) {
            *out_size = note.n_descsz;
            return notes + desc;
        }
        if (next > size)
            return NULL;
        at = next;
    }
    return NULL;
}

/* False: it is in another section. */
static bool print_id(int fd, const ElfW(Shdr) * section, char *out, size_t room)
{
    uint8_t notes[NOTE_BYTES];
    const uint8_t *id;
    size_t size;

    if (section->sh_type != SHT_NOTE || section->sh_size > sizeof(notes) ||
        read_at(fd, notes, section->sh_size, section->sh_offset, NULL) != 0)
        return false;
    id = find_note(notes, section->sh_size, NT_GNU_BUILD_ID, &size);
    if (id == NULL || size * 2 >= room)
        return false;
    for (size_t k = 0; k < size; k++)
        (void)snprintf(out + 2 * k, 3, "%02x", id[k]);
    return true;
}

void elf_build_id(int fd, char *out, size_t room)
{
    struct sections sections;

    out[0] = '\0';
    if (read_sections(fd, &sections, NULL) != 0)
        return;
    for (unsigned i = 0; i < sections.count; i++)
        if (print_id(fd, &sections.table[i], out, room))
            break;
    free_sections(&sections);
}

/* ---- functions --------------------------------------------------------- */

enum { SYMBOLS = 1 << 20 };

/* The symbol of the function at that offset among `count` of them from `at` on;
 * 1, 0: there is none, -1. */
static int find_symbol(int fd, uint64_t at, uint64_t count, uint64_t offset,
                       ElfW(Sym) * out)
{
    ElfW(Sym) some[128];

    for (uint64_t i = 0; i < count; i += 128) {
        size_t many = count - i < 128 ? (size_t)(count - i) : 128;

        if (read_at(fd, some, many * sizeof(*some), at + i * sizeof(*some),
                    NULL) != 0)
            return -1;
        for (size_t k = 0; k < many; k++)
            if ((some[k].st_info & 0xf) == STT_FUNC &&
                some[k].st_value <= offset &&
                offset - some[k].st_value < some[k].st_size) {
                *out = some[k];
                return 1;
            }
    }
    return 0;
}

static int read_name(int fd, const ElfW(Shdr) * names, uint64_t at, char *out,
                     size_t room)
{
    uint64_t left;

    if (at >= names->sh_size)
        return -1;
    left = names->sh_size - at;
    memset(out, 0, room);
    return read_at(fd, out, left < room ? (size_t)left : room - 1,
                   names->sh_offset + at, NULL);
}

static int symbol_in(int fd, const struct sections *sections,
                     const ElfW(Shdr) * table, uint64_t offset, char *out,
                     size_t room, uint64_t *delta)
{
    uint64_t count = table->sh_size / sizeof(ElfW(Sym));
    ElfW(Sym) symbol;

    if (count > SYMBOLS || table->sh_link >= sections->count ||
        find_symbol(fd, table->sh_offset, count, offset, &symbol) != 1 ||
        read_name(fd, &sections->table[table->sh_link], symbol.st_name, out,
                  room) != 0)
        return -1;
    *delta = offset - symbol.st_value;
    return 0;
}

int elf_function(int fd, uint64_t offset, char *out, size_t room,
                 uint64_t *delta)
{
    struct sections sections;
    int status = -1;

    if (read_sections(fd, &sections, NULL) != 0)
        return -1;
    for (unsigned i = 0; i < sections.count && status != 0; i++) {
        const ElfW(Shdr) *section = &sections.table[i];

        if (section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM)
            status =
                symbol_in(fd, &sections, section, offset, out, room, delta);
    }
    free_sections(&sections);
    return status;
}
