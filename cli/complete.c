/* complete.c - see complete.h.
 *
 * The scripts of the shells know nothing of commands and options: they ask
 * here, so that they cannot differ from what the command takes.
 */
#include "complete.h"

#include <string.h>
#include <unistd.h>

#include "output.h"
#include "service/address.h"
#include "service/described.h"
#include "status.h"

enum { COMPLETE_SECONDS = 3 };

static struct output out = {.fd = STDOUT_FILENO};

/* ---- values of options ------------------------------------------------- */

/* The words that options take. */
static const struct {
    const char *option, *words;
} known[] = {
    {"processes", "auto"},
    {"chunksize", "auto"},
    {"start-method", "forkserver spawn fork thread"},
    {"halt", "never soon now"},
    {"status", "true false auto"},
};

/* Those whose words stand in their table, and may differ between commands. */
static const char *const listed[] = {"input", "output", "progress", "lang",
                                     "build"};

/* With spaces or commas between. */
static const char *words_of(const struct option_spec *spec)
{
    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
        if (strcmp(listed[i], spec->name) == 0)
            return spec->key;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].option, spec->name) == 0)
            return known[i].words;
    return "";
}

/* What names a value is, or NULL. */
static const char *names_of(const struct option_spec *spec)
{
    if (strcmp(spec->name, "config") == 0)
        return ":yaml";
    if (strncmp(spec->arg, "FILE", 4) == 0)
        return ":file";
    return strncmp(spec->arg, "DIR", 3) == 0 ? ":dir" : NULL;
}

/* ---- candidates -------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* One, with the first line of what it means. */
static void offer(const char *before, const char *word, size_t size,
                  const char *typed, const char *means)
{
    if (strncmp(word, typed, strlen(typed)) != 0 || size < strlen(typed))
        return;
    output_format(&out, "%s%.*s", before, (int)size, word);
    if (means != NULL)
        output_format(&out, "\t%.*s", (int)strcspn(means, "\n"), means);
    output_byte(&out, '\n');
}

static void offer_word(const char *word, const char *typed, const char *means)
{
    offer("", word, strlen(word), typed, means);
}

static void offer_names(const char *names)
{
    output_format(&out, "%s\n", names);
}

struct offered {
    const char *before, *typed;
};

static void offer_service(void *ctx, const char *name, size_t size)
{
    const struct offered *offered = ctx;

    offer(offered->before, name, size, offered->typed, "a service");
}

static void offer_values(const struct option_spec *spec, const char *before,
                         const char *typed)
{
    struct offered offered = {before, typed};
    const char *names = names_of(spec);

    if (strcmp(spec->name, "service") == 0)
        address_each(offer_service, &offered);

    for (const char *at = words_of(spec); *at != '\0';) {
        size_t size = strcspn(at, ", ");

        offer(before, at, size, typed, NULL);
        at += size + strspn(at + size, ", ");
    }
    if (names != NULL)
        offer_names(names);
}

/* ---- the words before -------------------------------------------------- */

/* What was read of them. */
struct line {
    const struct command *command;
    struct settings settings;         /* what finds tasks */
    const struct option_spec *wanted; /* the value comes next */
    int arguments;
    bool plain; /* options have ended */
};

static void take_value(struct line *line, const struct option_spec *spec,
                       const char *value)
{
    if (strcmp(spec->name, "config") == 0)
        line->settings.config = value;
    if (strcmp(spec->name, "service") == 0)
        line->settings.service = value;
    if (strcmp(spec->name, "plugin-path") == 0)
        (void)settings_add(&line->settings, spec->name, spec->key, value);
}

static void read_option(struct line *line, const char *word)
{
    const struct option_spec *spec = option_find(line->command, word);
    const char *value = option_value(word);

    if (spec == NULL || spec->arg == NULL)
        return;
    if (value != NULL)
        take_value(line, spec, value);
    else
        line->wanted = spec;
}

static void read_word(struct line *line, const char *word)
{
    if (line->wanted != NULL) {
        take_value(line, line->wanted, word);
        line->wanted = NULL;
    } else if (line->plain || word[0] != '-' || word[1] == '\0') {
        line->arguments++;
        line->plain = line->plain || line->command->task_first;
    } else if (strcmp(word, "--") == 0)
        line->plain = true;
    else
        read_option(line, word);
}

/* ---- the word itself --------------------------------------------------- */

static void offer_options(const struct command *command, const char *typed)
{
    for (size_t g = 0; command->group[g] != NULL; g++)
        for (const struct option_spec *s = command->group[g]->spec;
             s->name != NULL; s++) {
            if (strncmp(typed, "--", strlen(typed) < 2 ? strlen(typed) : 2) !=
                0)
                return;
            offer("--", s->name, strlen(s->name),
                  strlen(typed) > 2 ? typed + 2 : "", s->help);
        }
}

/* A task, and its plugin if the one before is of another. */
static void offer_task(const sopool_task_info *task, const char *typed,
                       const char **last, bool plugins)
{
    if (plugins && strcmp(task->plugin, *last) != 0)
        offer_word(task->plugin, typed, "all tasks of this plugin");
    *last = task->plugin;
    offer_word(task->name, typed, task->doc);
}

static void offer_own(const struct line *line, const char *typed, bool plugins)
{
    sopool_options *options = settings_options(&line->settings);
    sopool_catalog *catalog =
        options != NULL ? sopool_catalog_open(options, NULL, NULL, NULL) : NULL;
    const sopool_task_info *task;
    const char *last = "";

    for (size_t i = 0;
         catalog != NULL && (task = sopool_catalog_task(catalog, i)) != NULL;
         i++)
        offer_task(task, typed, &last, plugins);
    sopool_catalog_free(catalog);
    sopool_options_free(options);
}

static void offer_tasks(const struct line *line, const char *typed,
                        bool plugins)
{
    struct described described;
    const char *last = "";

    if (line->settings.service == NULL) {
        offer_own(line, typed, plugins);
        return;
    }
    /* Nobody waits for long at a TAB. */
    (void)alarm(COMPLETE_SECONDS);
    if (described_ask(&described, line->settings.service) == 0)
        for (size_t i = 0; i < described.count; i++)
            offer_task(&described.task[i], typed, &last, plugins);
    described_finish(&described);
}

static void offer_arguments(const struct line *line, const char *typed)
{
    const char *name = line->command->name;

    if (strcmp(name, "check") == 0)
        offer_names(":yaml");
    else if (strcmp(name, "replay") == 0)
        offer_names(":dir");
    else if (strcmp(name, "inspect") == 0)
        offer_names(":file");
    else if (begins(line->command->synopsis, "TASK") && line->arguments > 0)
        offer_names(":file");
    else if (begins(line->command->synopsis, "TASK"))
        offer_tasks(line, typed, false);
    else if (strcmp(name, "list") == 0 && line->arguments == 0)
        offer_tasks(line, typed, true);
}

static void offer_next(const struct line *line, const char *typed)
{
    const struct option_spec *spec = option_find(line->command, typed);
    const char *value = strchr(typed, '=');
    char before[64];

    if (line->wanted != NULL)
        offer_values(line->wanted, "", typed);
    else if (!line->plain && begins(typed, "--") && value != NULL) {
        if (spec == NULL || spec->arg == NULL ||
            value - typed >= (long)sizeof(before) - 1)
            return;
        memcpy(before, typed, (size_t)(value + 1 - typed));
        before[value + 1 - typed] = '\0';
        offer_values(spec, before, value + 1);
    } else if (!line->plain && typed[0] == '-')
        offer_options(line->command, typed);
    else
        offer_arguments(line, typed);
}

/* ---- the whole --------------------------------------------------------- */

static void offer_commands(const struct command *commands, size_t count,
                           const char *typed)
{
    for (size_t i = 0; i < count; i++)
        offer_word(commands[i].name, typed, commands[i].summary);
}

static const struct command *find(const struct command *commands, size_t count,
                                  const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int complete_words(const struct command *commands, size_t count, int argc,
                   char **argv)
{
    struct line line = {0};

    if (argc == 1) {
        offer_commands(commands, count, argv[0]);
        offer_word("help", argv[0], "Shows the help of a command");
        offer_word("version", argv[0], "Shows the version");
        offer_word("--help", argv[0], "Shows the commands");
        offer_word("--version", argv[0], "Shows the version");
    } else if (argc == 2 && strcmp(argv[0], "help") == 0)
        offer_commands(commands, count, argv[1]);
    else if (argc > 1)
        line.command = find(commands, count, argv[0]);
    if (line.command != NULL) {
        for (int i = 1; i < argc - 1; i++)
            read_word(&line, argv[i]);
        offer_next(&line, argv[argc - 1]);
    }
    settings_finish(&line.settings);
    output_flush(&out);
    return EXIT_GOOD;
}

/* ---- the dump ---------------------------------------------------------- */

static const char *or_none(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

/* Text of some lines in one. */
static void put_flat(const char *text)
{
    for (; *text != '\0'; text++)
        output_byte(&out, *text == '\n' ? ' ' : *text);
    output_byte(&out, '\n');
}

static void dump_option(const struct command *command,
                        const struct option_spec *spec)
{
    const char letter[] = {'-', spec->letter, '\0'};

    output_format(&out, "option\t%s\t--%s\t%s\t%s\t", command->name, spec->name,
                  letter, or_none(spec->arg));
    for (const char *at = or_none(words_of(spec)); *at != '\0'; at++)
        if (*at != ',')
            output_byte(&out, *at);
    output_byte(&out, '\t');
    put_flat(spec->help);
}

static void dump_keys(void)
{
    const sopool_key_info *key;

    for (size_t i = 0; (key = sopool_options_key(i)) != NULL; i++)
        output_format(&out, "key\t%s\t%s\t%s\t%s\n", key->name,
                      key->in_files ? "file" : "text", key->allowed, key->doc);
}

int complete_dump(const struct command *commands, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct command *command = &commands[i];

        output_format(&out, "command\t%s\t%s\t%s\n", command->name,
                      or_none(command->synopsis), command->summary);
        for (size_t g = 0; command->group[g] != NULL; g++)
            for (const struct option_spec *s = command->group[g]->spec;
                 s->name != NULL; s++)
                dump_option(command, s);
    }
    dump_keys();
    output_flush(&out);
    return EXIT_GOOD;
}
