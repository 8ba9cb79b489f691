/* shim.c - what archives made for the GNU C library want of musl, in a test. */
#define _GNU_SOURCE
#include <link.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* As in the GNU C library's dlfcn.h. */
struct dl_find_object {
    unsigned long long flags;
    void *start, *end;
    void *link_map, *eh_frame;
    unsigned long long reserved[7];
};

int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...);
int _dl_find_object(void *pc, struct dl_find_object *result);

/* Of libyaml. */
int __sprintf_chk(char *to, int flag, size_t room, const char *format, ...)
{
    va_list args;
    int size;

    (void)flag;
    va_start(args, format);
    size = vsnprintf(to, room, format, args);
    va_end(args);
    return size;
}

struct search {
    uintptr_t pc;
    struct dl_find_object *result;
};

static int look_at(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct search *s = ctx;
    const void *eh_frame = NULL;
    int found = 0;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_GNU_EH_FRAME)
            eh_frame = (const void *)start;
        if (part->p_type == PT_LOAD && s->pc >= start &&
            s->pc < start + part->p_memsz) {
            s->result->start = (void *)start;
            s->result->end = (void *)(start + part->p_memsz);
            found = 1;
        }
    }
    if (found)
        s->result->eh_frame = (void *)(uintptr_t)eh_frame;
    return found;
}

/* Of the compiler's unwinder, which makes backtraces. */
int _dl_find_object(void *pc, struct dl_find_object *result)
{
    struct search s = {(uintptr_t)pc, result};

    return dl_iterate_phdr(look_at, &s) == 1 && result->eh_frame != NULL ? 0
                                                                         : -1;
}
