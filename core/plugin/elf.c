/* elf.c - a section of an ELF file of this machine's kind, and which function
 * is where in it; read by pread: a file may be cut while it is read, and a
 * mapping of it would then be a bus error. Nothing that stands in the file is
 * believed before it is bounded. */
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
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

static int section_at(int fd, const ElfW(Ehdr) * header, unsigned index,
                      ElfW(Shdr) * out, sopool_error *err)
{
    return read_at(fd, out, sizeof(*out),
                   (uint64_t)header->e_shoff + index * sizeof(*out), err);
}

/* Does the section's name equal `name`? -1: the file is damaged. */
static int has_name(int fd, const ElfW(Shdr) * names,
                    const ElfW(Shdr) * section, const char *name,
                    sopool_error *err)
{
    size_t size = strlen(name) + 1;
    char found[64];

    if (size > sizeof(found) || section->sh_name > names->sh_size ||
        names->sh_size - section->sh_name < size)
        return 0;
    if (read_at(fd, found, size, names->sh_offset + section->sh_name, err) != 0)
        return -1;
    return memcmp(found, name, size) == 0;
}

static int copy_section(int fd, const ElfW(Shdr) * section, struct buf *out,
                        sopool_error *err)
{
    void *to;

    if (section->sh_type != SHT_PROGBITS || section->sh_size == 0 ||
        section->sh_size > SECTION_BYTES)
        return bad(err, "a damaged manifest: no section of a fitting size");
    to = buf_room(out, section->sh_size);
    if (to == NULL)
        return error_nomem(err);
    if (read_at(fd, to, section->sh_size, section->sh_offset, err) != 0)
        return -1;
    out->size += section->sh_size;
    return 0;
}

int elf_read_section(int fd, const char *name, struct buf *out,
                     sopool_error *err)
{
    ElfW(Ehdr) header;
    ElfW(Shdr) names, section;

    if (read_header(fd, &header, err) != 0 ||
        section_at(fd, &header, header.e_shstrndx, &names, err) != 0)
        return -1;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        int found;

        if (section_at(fd, &header, i, &section, err) != 0)
            return -1;
        found = has_name(fd, &names, &section, name, err);
        if (found < 0)
            return -1;
        if (found)
            return copy_section(fd, &section, out, err);
    }
    return error_set(
        err, SOPOOL_E_PLUGIN,
        "not a sopool plugin: it has no section %s; end its source "
        "with SOPOOL_PLUGIN(...), and " MANIFEST_BUILD,
        name);
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

void elf_build_id(int fd, char *out, size_t room)
{
    ElfW(Ehdr) header;
    ElfW(Shdr) section;
    uint8_t notes[NOTE_BYTES];
    const uint8_t *id;
    size_t size;

    out[0] = '\0';
    if (read_header(fd, &header, NULL) != 0)
        return;
    for (unsigned i = 0; i < header.e_shnum; i++) {
        if (section_at(fd, &header, i, &section, NULL) != 0)
            return;
        if (section.sh_type != SHT_NOTE || section.sh_size > sizeof(notes) ||
            read_at(fd, notes, section.sh_size, section.sh_offset, NULL) != 0)
            continue;
        id = find_note(notes, section.sh_size, NT_GNU_BUILD_ID, &size);
        if (id == NULL || size * 2 >= room)
            continue;
        for (size_t k = 0; k < size; k++)
            (void)snprintf(out + 2 * k, 3, "%02x", id[k]);
        return;
    }
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

static int symbol_in(int fd, const ElfW(Ehdr) * header,
                     const ElfW(Shdr) * table, uint64_t offset, char *out,
                     size_t room, uint64_t *delta)
{
    uint64_t count = table->sh_size / sizeof(ElfW(Sym));
    ElfW(Shdr) names;
    ElfW(Sym) symbol;

    if (count > SYMBOLS || table->sh_link >= header->e_shnum ||
        section_at(fd, header, table->sh_link, &names, NULL) != 0 ||
        find_symbol(fd, table->sh_offset, count, offset, &symbol) != 1 ||
        read_name(fd, &names, symbol.st_name, out, room) != 0)
        return -1;
    *delta = offset - symbol.st_value;
    return 0;
}

int elf_function(int fd, uint64_t offset, char *out, size_t room,
                 uint64_t *delta)
{
    ElfW(Ehdr) header;
    ElfW(Shdr) section;

    if (read_header(fd, &header, NULL) != 0)
        return -1;
    for (unsigned i = 0; i < header.e_shnum; i++)
        if (section_at(fd, &header, i, &section, NULL) == 0 &&
            (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM) &&
            symbol_in(fd, &header, &section, offset, out, room, delta) == 0)
            return 0;
    return -1;
}
