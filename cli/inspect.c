/* inspect.c - see inspect.h. */
#include "inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sopool/abi.h>

#include "elffacts.h"
#include "message.h"
#include "output.h"
#include "render.h"
#include "resolve.h"
#include "sanitizer.h"
#include "status.h"

static struct output out = {.fd = STDOUT_FILENO};

/* All that is known of a file. */
struct subject {
    const char *path;
    sopool_catalog *catalog;
    const sopool_task_info *first; /* any of its tasks: it knows the plugin */
    sopool_error trust;
    struct elf_facts facts;
    struct resolved resolved;
};

static const struct {
    const char *name, *without;
    size_t at;
    bool good;
} hardening[] = {
    {"relro", "tables of addresses stay writable: link with -Wl,-z,relro",
     offsetof(struct elf_facts, relro), true},
    {"now", "addresses are looked up as they are used: link with -Wl,-z,now",
     offsetof(struct elf_facts, now), true},
    {"nx_stack", "the stack can be run: link with -Wl,-z,noexecstack",
     offsetof(struct elf_facts, nx_stack), true},
    {"canary", "no function looks for an overrun: -fstack-protector-strong",
     offsetof(struct elf_facts, canary), true},
    {"fortify", "no call checks its bounds: -O2 -D_FORTIFY_SOURCE=2",
     offsetof(struct elf_facts, fortify), true},
    {"textrel", "its code is written to as it is loaded: compile with -fPIC",
     offsetof(struct elf_facts, textrel), false},
};

enum { HARDENING = sizeof(hardening) / sizeof(hardening[0]) };

static bool fact(const struct subject *s, size_t i)
{
    return *(const bool *)((const char *)&s->facts + hardening[i].at);
}

static bool is_usable(const struct subject *s)
{
    if (s->trust.code != SOPOOL_E_NONE || s->resolved.missing.count > 0)
        return false;
    for (size_t i = 0; i < s->resolved.file.count; i++)
        if (s->resolved.file.name[i][0] == '\0')
            return false;
    return true;
}

static uint32_t abi_major(const struct subject *s)
{
    return s->first->plugin_abi >> 16;
}

static uint32_t abi_minor(const struct subject *s)
{
    return s->first->plugin_abi & 0xffff;
}

/* ---- for people -------------------------------------------------------- */

static void put_field(const char *name, const char *text)
{
    output_format(&out, "%-11s ", name);
    output_text(&out, text);
    output_byte(&out, '\n');
}

static void put_tasks(const struct subject *s)
{
    const sopool_task_info *task;

    for (size_t i = 0; (task = sopool_catalog_task(s->catalog, i)) != NULL;
         i++) {
        output_format(&out, "%-11s ", i == 0 ? "tasks" : "");
        output_format(&out, "%s ", task->name);
        put_field(task->signature, task->doc);
    }
}

static void put_libraries(const struct subject *s)
{
    for (size_t i = 0; i < s->facts.needed.count; i++) {
        const char *file = s->resolved.file.name[i];

        output_format(&out, "%-11s %s  ", i == 0 ? "needs" : "",
                      s->facts.needed.name[i]);
        output_text(&out, file[0] != '\0' ? file : "NOT FOUND");
        output_byte(&out, '\n');
    }
    for (size_t i = 0; i < s->resolved.missing.count; i++)
        put_field(i == 0 ? "unresolved" : "", s->resolved.missing.name[i]);
}

static void put_hardening(const struct subject *s)
{
    const char *name = "hardening";

    for (size_t i = 0; i < HARDENING; i++) {
        if (fact(s, i) == hardening[i].good)
            continue;
        put_field(name, hardening[i].without);
        name = "";
    }
    if (name[0] != '\0')
        put_field(name, "all there is");
}

static void put_text(const struct subject *s)
{
    put_field("file", s->path);
    put_field("name", s->first->plugin);
    put_field("version", s->first->plugin_version);
    output_format(&out, "%-11s %u.%u (this sopool: %u.%u)\n", "abi",
                  abi_major(s), abi_minor(s), SOPOOL_ABI_MAJOR,
                  SOPOOL_ABI_MINOR);
    put_field("build-id", s->first->build_id);
    put_field("trust",
              s->trust.code == SOPOOL_E_NONE ? "ok" : s->trust.message);
    put_tasks(s);
    if (!elf_facts_known()) {
        put_field("libraries",
                  "not known: this sopool was built without libelf");
        return;
    }
    put_libraries(s);
    if (s->facts.runpath != NULL)
        put_field("runpath", s->facts.runpath);
    put_hardening(s);
}

/* ---- for programs ------------------------------------------------------ */

static void put_string(const char *text)
{
    render_string(&out, text, strlen(text));
}

static void put_json_tasks(const struct subject *s)
{
    const sopool_task_info *task;

    output_text(&out, "\"tasks\":[");
    for (size_t i = 0; (task = sopool_catalog_task(s->catalog, i)) != NULL;
         i++) {
        output_text(&out, i > 0 ? ",{" : "{");
        render_member(&out, "name", task->name);
        render_member(&out, "signature", task->signature);
        output_text(&out, "\"doc\":");
        put_string(task->doc);
        output_byte(&out, '}');
    }
    output_byte(&out, ']');
}

static void put_json_libraries(const struct subject *s)
{
    output_text(&out, ",\"needs\":[");
    for (size_t i = 0; i < s->facts.needed.count; i++) {
        const char *file = s->resolved.file.name[i];

        output_text(&out, i > 0 ? ",{" : "{");
        render_member(&out, "name", s->facts.needed.name[i]);
        output_text(&out, "\"file\":");
        if (file[0] != '\0')
            put_string(file);
        else
            output_text(&out, "null");
        output_byte(&out, '}');
    }
    output_text(&out, "],\"unresolved\":[");
    for (size_t i = 0; i < s->resolved.missing.count; i++) {
        if (i > 0)
            output_byte(&out, ',');
        put_string(s->resolved.missing.name[i]);
    }
    output_text(&out, "],");
    render_member(&out, "runpath", s->facts.runpath);
    output_text(&out, "\"hardening\":{");
    for (size_t i = 0; i < HARDENING; i++)
        output_format(&out, "%s\"%s\":%s", i > 0 ? "," : "", hardening[i].name,
                      fact(s, i) ? "true" : "false");
    output_byte(&out, '}');
}

static void put_json(const struct subject *s)
{
    output_byte(&out, '{');
    render_member(&out, "file", s->path);
    render_member(&out, "name", s->first->plugin);
    render_member(&out, "version", s->first->plugin_version);
    output_format(&out, "\"abi\":\"%u.%u\",", abi_major(s), abi_minor(s));
    render_member(&out, "build_id", s->first->build_id);
    render_member(&out, "refused",
                  s->trust.code == SOPOOL_E_NONE ? NULL : s->trust.message);
    output_format(&out, "\"usable\":%s,", is_usable(s) ? "true" : "false");
    put_json_tasks(s);
    if (elf_facts_known())
        put_json_libraries(s);
    output_text(&out, "}\n");
}

/* ---- the whole --------------------------------------------------------- */

/* A plugin with a sanitizer can be opened only where that was first: begins
 * anew, with it. Does not return unless that cannot be done. */
static int begin_with(const char *library, const char *path, bool json)
{
    const char *argv[] = {"sopool", "inspect", json ? "--json" : "--", path,
                          NULL};

    if (sanitizer_preload(library, "detect_leaks=0") != 0)
        return -1;
    (void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    message("cannot begin anew with %s: %s", library, strerror(errno));
    return -1;
}

static int look_at_sanitizer(const struct subject *s, bool json)
{
    const char *library = sanitizer_of(&s->facts);
    const char *first = getenv("LD_PRELOAD");

    if (library == NULL || (first != NULL && strstr(first, library) != NULL))
        return 0;
    return begin_with(library, s->path, json);
}

static int look(struct subject *s, bool json)
{
    sopool_error err;

    s->catalog = sopool_catalog_open_file(s->path, &s->trust, &err);
    if (s->catalog == NULL) {
        message("%s", err.message);
        return -1;
    }
    s->first = sopool_catalog_task(s->catalog, 0);
    if (s->first == NULL) {
        message("%s: a plugin without a task", s->path);
        return -1;
    }
    if (elf_facts_read(&s->facts, s->path) != 0 ||
        look_at_sanitizer(s, json) != 0)
        return -1;
    return resolve(&s->facts, s->path, &s->resolved);
}

int inspect_run(const struct command *command, const struct settings *settings,
                int argc, char **argv)
{
    struct subject s = {0};
    int status = EXIT_USAGE;

    if (argc != 1)
        return usage(command->name, "inspect takes one plugin's file, not %d",
                     argc);
    s.path = argv[0];
    if (look(&s, settings->json) == 0) {
        if (settings->json)
            put_json(&s);
        else
            put_text(&s);
        output_flush(&out);
        status = is_usable(&s) ? EXIT_GOOD : EXIT_FAILED;
    }
    resolved_finish(&s.resolved);
    elf_facts_finish(&s.facts);
    sopool_catalog_free(s.catalog);
    return status;
}
