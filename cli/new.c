/* new.c - see new.h.
 *
 * A project is made of the files of three folders: those of the language, of
 * the build system, and those that all projects have. In their names and texts
 * NAME and @words@ stand for what differs.
 */
#include "new.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "name.h"
#include "option.h"
#include "output.h"
#include "status.h"

enum { WORDS = 14 };

static struct output said = {.fd = STDOUT_FILENO};

static const struct language {
    const char *name;
    const char *builds; /* what builds it; the first if none is asked for */
    const char *folder; /* where its source is: "", or with a slash */
    const char *stem;   /* the source is called so; NULL: as the plugin */
    const char *suffix;
    const char *manual; /* what begins with it */
    const char *compiler, *flags, *standard;
    const char *meson, *cmake, *autoconf;
} languages[] = {
    {"c", "make, meson, cmake, autotools", "", NULL, "c", "`<sopool/task.h>`",
     "CC", "CFLAGS", "c11", "c", "C", "AC_PROG_CC"},
    {"c++", "make, meson, cmake, autotools", "", NULL, "cc",
     "`<sopool/task.hpp>`", "CXX", "CXXFLAGS", "c++17", "cpp", "CXX",
     "AC_PROG_CXX"},
    {"rust", "cargo", "src/", "lib", "rs", "the crate `sopool`", "", "", "", "",
     "", ""},
};

/* A plugin that others may write to is refused: only the Makefile sees to that
 * itself. */
static const struct build {
    const char *name;
    const char *command; /* that builds it */
    const char *where;   /* the plugin is then */
    const char *prefix;  /* its file's name begins with */
} builds[] = {
    {"make", "make", ".", ""},
    {"meson", "umask 022 && meson setup build && meson compile -C build",
     "build", ""},
    {"cmake", "umask 022 && cmake -B build && cmake --build build", "build",
     ""},
    {"autotools", "umask 022 && autoreconf -i && ./configure && make", ".libs",
     ""},
    {"cargo", "umask 022 && cargo build --release", "target/release", "lib"},
};

/* A project that is being made. */
struct project {
    const char *name;
    const struct language *language;
    const struct build *build;
    char source[NAME_MOST + 8];
    char file[NAME_MOST + 8]; /* the plugin */
    char crate[PATH_MAX];     /* that of the SDK, beside the templates */
    struct word {
        const char *word, *text;
    } word[WORDS];
};

/* Where templates are: installed, or where a test says. */
static const char *templates(void)
{
    const char *set = secure_getenv("SOPOOL_TEMPLATES");

    return set != NULL ? set : TEMPLATES;
}

static void fill_words(struct project *p)
{
    const struct language *l = p->language;
    const char *beside = strrchr(templates(), '/');
    const struct word words[] = {
        {"name", p->name},          {"source", p->source},
        {"manual", l->manual},      {"compiler", l->compiler},
        {"flags", l->flags},        {"standard", l->standard},
        {"meson", l->meson},        {"cmake", l->cmake},
        {"autoconf", l->autoconf},  {"build", p->build->command},
        {"where", p->build->where}, {"file", p->file},
        {"crate", p->crate},
    };

    (void)snprintf(p->source, sizeof(p->source), "%s%s.%s", l->folder,
                   l->stem != NULL ? l->stem : p->name, l->suffix);
    (void)snprintf(p->file, sizeof(p->file), "%s%s.so", p->build->prefix,
                   p->name);
    (void)snprintf(p->crate, sizeof(p->crate), "%.*s/rust",
                   beside == NULL ? 0 : (int)(beside - templates()),
                   templates());
    memcpy(p->word, words, sizeof(words));
}

/* ---- one file ---------------------------------------------------------- */

/* The text of @word@, which begins at `at`; NULL: it is no word. */
static const struct word *word_at(const struct project *p, const char *at)
{
    for (const struct word *w = p->word; w->word != NULL; w++) {
        size_t size = strlen(w->word);

        if (strncmp(at + 1, w->word, size) == 0 && at[1 + size] == '@')
            return w;
    }
    return NULL;
}

static void put_filled(const struct project *p, struct output *out,
                       const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "@");
        const struct word *word;

        output_bytes(out, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        word = word_at(p, text);
        if (word == NULL) {
            output_byte(out, *text++);
            continue;
        }
        output_text(out, word->text);
        text += strlen(word->word) + 2;
    }
}

/* All of a small file, to be freed; NULL after a message. */
static char *read_file(const char *path)
{
    enum { MOST = 64 * 1024 };
    char *text = malloc(MOST + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 0;
    ssize_t got = 1;

    while (text != NULL && fd >= 0 && size < MOST &&
           ((got = read(fd, text + size, MOST - size)) > 0 ||
            (got < 0 && errno == EINTR)))
        size += got > 0 ? (size_t)got : 0;
    if (text == NULL)
        message("out of memory");
    else if (fd < 0 || got < 0) {
        message("%s: cannot be read: %s", path, strerror(errno));
        free(text);
        text = NULL;
    } else
        text[size] = '\0';
    if (fd >= 0)
        (void)close(fd);
    return text;
}

static int write_file(const struct project *p, const char *path,
                      const char *text)
{
    static struct output out;
    int status;

    if (output_open(&out, path) != 0)
        return -1;
    put_filled(p, &out, text);
    status = output_close(&out);
    if (status == 0)
        output_format(&said, "%s\n", path);
    return status;
}

/* One file of a template: where "NAME" is in its name, there is the name. */
static int copy_file(const struct project *p, const char *folder,
                     const char *file, const char *into)
{
    const char *place = strstr(file, "NAME");
    int before = place == NULL ? 0 : (int)(place - file);
    char *from = NULL, *to = NULL, *text = NULL;
    int status = -1;

    if (asprintf(&from, "%s/%s", folder, file) < 0 ||
        asprintf(&to, "%s/%s%.*s%s%s", p->name, into, before, file,
                 place == NULL ? "" : p->name,
                 place == NULL ? file : place + strlen("NAME")) < 0)
        message("out of memory");
    else
        text = read_file(from);
    if (text != NULL)
        status = write_file(p, to, text);
    free(text);
    free(from);
    free(to);
    return status;
}

/* ---- a folder ---------------------------------------------------------- */

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* What is in a folder of the templates goes to one of the project. */
static int copy_folder(const struct project *p, const char *name,
                       const char *into)
{
    struct dirent **entry = NULL;
    char *folder = NULL;
    int count = -1, status = 0;

    if (asprintf(&folder, "%s/%s", templates(), name) < 0) {
        message("out of memory");
        return -1;
    }
    count = scandir(folder, &entry, is_file, alphasort);
    if (count < 0) {
        message("%s: the template cannot be read: %s; is sopool installed?",
                folder, strerror(errno));
        status = -1;
    }
    for (int i = 0; i < count; i++) {
        if (status == 0)
            status = copy_file(p, folder, entry[i]->d_name, into);
        free(entry[i]);
    }
    free(entry);
    free(folder);
    return status;
}

/* ---- the whole --------------------------------------------------------- */

static const struct language *find_language(const char *name)
{
    for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
        if (strcmp(languages[i].name, name) == 0)
            return &languages[i];
    return NULL;
}

/* That of the name that the text is or begins with. */
static const struct build *find_build(const char *name)
{
    size_t size = strcspn(name, ",");

    for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++)
        if (strlen(builds[i].name) == size &&
            strncmp(builds[i].name, name, size) == 0)
            return &builds[i];
    return NULL;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0755) != 0) {
        message("cannot make the folder %s: %s", path, strerror(errno));
        return -1;
    }
    /* Whatever the umask: a plugin that others can write to is refused. */
    (void)chmod(path, 0755);
    return 0;
}

static int make_source(const struct project *p)
{
    const char *folder = p->language->folder;
    char path[2 * NAME_MOST];

    (void)snprintf(path, sizeof(path), "%s/%s", p->name, folder);
    if (folder[0] != '\0' && make_folder(path) != 0)
        return -1;
    return copy_folder(p, p->language->name, folder);
}

static int make_project(const struct project *p)
{
    if (make_folder(p->name) != 0 || make_source(p) != 0 ||
        copy_folder(p, p->build->name, "") != 0 ||
        copy_folder(p, "all", "") != 0)
        return -1;
    output_format(&said,
                  "now: cd %s && %s && sopool apply --plugin-path %s "
                  "%s.hello world\n",
                  p->name, p->build->command, p->build->where, p->name);
    return 0;
}

int new_run(const struct command *command, const struct settings *settings,
            int argc, char **argv)
{
    struct project p = {
        .language =
            find_language(settings->lang != NULL ? settings->lang : "c"),
    };
    const char *allowed = p.language->builds;
    int status;

    if (argc != 1)
        return usage(command->name, "new takes the plugin's name");
    p.name = argv[0];
    if (!name_fits(p.name, strlen(p.name)))
        return usage(command->name,
                     "'%.60s' cannot be the name of a plugin; allowed: up to "
                     "%d lower-case letters, digits and _, no digit first",
                     p.name, NAME_MOST);
    if (settings->build != NULL && !option_lists(allowed, settings->build))
        return usage(command->name,
                     "--build: '%s' does not build %s; allowed: %s",
                     settings->build, p.language->name, allowed);
    p.build = find_build(settings->build != NULL ? settings->build : allowed);
    fill_words(&p);
    status = make_project(&p) == 0 ? EXIT_GOOD : EXIT_FAILED;
    output_flush(&said);
    return status;
}
