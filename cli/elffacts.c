/* elffacts.c - see elffacts.h. By libelf, which checks what it reads. */
#include "elffacts.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

int names_add(struct names *names, const char *name)
{
    char **grown = reallocarray(names->name, names->count + 1, sizeof(*grown));

    if (grown == NULL)
        return -1;
    names->name = grown;
    grown[names->count] = strdup(name);
    if (grown[names->count] == NULL)
        return -1;
    names->count++;
    return 0;
}

void names_finish(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){0};
}

void elf_facts_finish(struct elf_facts *facts)
{
    names_finish(&facts->needed);
    names_finish(&facts->undefined);
    free(facts->runpath);
    *facts = (struct elf_facts){0};
}

#ifndef HAVE_LIBELF

bool elf_facts_known(void)
{
    return false;
}

int elf_facts_read(struct elf_facts *facts, const char *path)
{
    (void)path;
    *facts = (struct elf_facts){0};
    return 0;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

bool elf_facts_known(void)
{
    return true;
}

/* A file that is being read. */
struct reading {
    struct elf_facts *facts;
    Elf *elf;
};

/* ---- the dynamic section ----------------------------------------------- */

static int take_entry(struct reading *r, const GElf_Dyn *entry,
                      const GElf_Shdr *section)
{
    struct elf_facts *facts = r->facts;
    const char *text =
        elf_strptr(r->elf, section->sh_link, (size_t)entry->d_un.d_val);

    switch (entry->d_tag) {
    case DT_NEEDED:
        return text == NULL ? 0 : names_add(&facts->needed, text);
    case DT_RUNPATH:
    case DT_RPATH:
        free(facts->runpath);
        facts->runpath = text == NULL ? NULL : strdup(text);
        return text != NULL && facts->runpath == NULL ? -1 : 0;
    case DT_BIND_NOW:
        facts->now = true;
        break;
    case DT_TEXTREL:
        facts->textrel = true;
        break;
    case DT_FLAGS:
        facts->now |= (entry->d_un.d_val & DF_BIND_NOW) != 0;
        facts->textrel |= (entry->d_un.d_val & DF_TEXTREL) != 0;
        break;
    case DT_FLAGS_1:
        facts->now |= (entry->d_un.d_val & DF_1_NOW) != 0;
        break;
    default:
        break;
    }
    return 0;
}

static int read_dynamic(struct reading *r, Elf_Scn *scn,
                        const GElf_Shdr *section)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    GElf_Dyn entry;

    for (int i = 0; gelf_getdyn(data, i, &entry) != NULL; i++) {
        if (entry.d_tag == DT_NULL)
            break;
        if (take_entry(r, &entry, section) != 0)
            return -1;
    }
    return 0;
}

/* ---- symbols ----------------------------------------------------------- */

/* memcpy that checks is __memcpy_chk, and so are the others. */
static bool is_checked(const char *name)
{
    size_t size = strlen(name);

    return size > 6 && strncmp(name, "__", 2) == 0 &&
           strcmp(name + size - 4, "_chk") == 0;
}

static int take_symbol(struct reading *r, const GElf_Sym *symbol,
                       const GElf_Shdr *section)
{
    struct elf_facts *facts = r->facts;
    const char *name = elf_strptr(r->elf, section->sh_link, symbol->st_name);

    if (symbol->st_shndx != SHN_UNDEF || name == NULL || name[0] == '\0')
        return 0;
    facts->canary |= strcmp(name, "__stack_chk_fail") == 0;
    facts->fortify |= is_checked(name);
    /* A weak one may be missing. */
    return GELF_ST_BIND(symbol->st_info) == STB_GLOBAL
               ? names_add(&facts->undefined, name)
               : 0;
}

static int read_symbols(struct reading *r, Elf_Scn *scn,
                        const GElf_Shdr *section)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    GElf_Sym symbol;

    for (int i = 1; gelf_getsym(data, i, &symbol) != NULL; i++)
        if (take_symbol(r, &symbol, section) != 0)
            return -1;
    return 0;
}

/* ---- the whole --------------------------------------------------------- */

static int read_sections(struct reading *r)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr section;
    int status = 0;

    while (status == 0 && (scn = elf_nextscn(r->elf, scn)) != NULL) {
        if (gelf_getshdr(scn, &section) == NULL)
            continue;
        if (section.sh_type == SHT_DYNAMIC)
            status = read_dynamic(r, scn, &section);
        else if (section.sh_type == SHT_DYNSYM)
            status = read_symbols(r, scn, &section);
    }
    return status;
}

static void read_segments(struct reading *r)
{
    GElf_Phdr segment;
    size_t count = 0;

    (void)elf_getphdrnum(r->elf, &count);
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(r->elf, (int)i, &segment) == NULL)
            continue;
        if (segment.p_type == PT_GNU_RELRO)
            r->facts->relro = true;
        else if (segment.p_type == PT_GNU_STACK)
            r->facts->nx_stack = (segment.p_flags & PF_X) == 0;
    }
}

int elf_facts_read(struct elf_facts *facts, const char *path)
{
    struct reading r = {.facts = facts};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int status = 0;

    *facts = (struct elf_facts){0};
    (void)elf_version(EV_CURRENT);
    if (fd >= 0)
        r.elf = elf_begin(fd, ELF_C_READ, NULL);
    if (r.elf == NULL) {
        message("%s: cannot be read: %s", path,
                fd < 0 ? strerror(errno) : elf_errmsg(-1));
        status = -1;
    } else {
        read_segments(&r);
        status = read_sections(&r);
        if (status != 0)
            message("out of memory");
    }
    (void)elf_end(r.elf);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

#endif
