/* option.c - see option.h. */
#include "option.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "duration.h"
#include "message.h"
#include "near.h"
#include "output.h"

/* ---- the tables -------------------------------------------------------- */

static int take_flag(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    (void)value;
    *(bool *)((char *)settings + spec->at) = true;
    return 0;
}

static const char **text_of(struct settings *settings,
                            const struct option_spec *spec)
{
    return (const char **)((char *)settings + spec->at);
}

static int take_text(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    *text_of(settings, spec) = value;
    return 0;
}

static int wrong_value(const struct option_spec *spec, const char *value,
                       const char *allowed)
{
    message("--%s: '%.60s' is not right; allowed: %s", spec->name, value,
            allowed);
    return -1;
}

static int take_config(struct settings *settings,
                       const struct option_spec *spec, const char *value)
{
    if (settings->config != NULL) {
        message("--%s is given twice; allowed: one config file", spec->name);
        return -1;
    }
    settings->config = value;
    return 0;
}

static int take_pool(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    return settings_add(settings, spec->name, spec->key, value);
}

bool option_lists(const char *words, const char *value)
{
    for (const char *at = words; *at != '\0'; at += strspn(at, ", ")) {
        size_t size = strcspn(at, ",");

        if (strlen(value) == size && strncmp(at, value, size) == 0)
            return true;
        at += size;
    }
    return false;
}

/* The format of that name, if it is one of those that the option allows. */
static int take_format(const struct option_spec *spec, const char *value,
                       int *format)
{
    static const struct {
        const char *name;
        int format;
    } formats[] = {{"text", FORMAT_TEXT},  {"json", FORMAT_JSON},
                   {"jsonl", FORMAT_JSON}, {"csv", FORMAT_CSV},
                   {"tsv", FORMAT_TSV},    {"raw", FORMAT_RAW},
                   {"cbor", FORMAT_CBOR}};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i].name, value) == 0 &&
            option_lists(spec->key, value)) {
            *format = formats[i].format;
            return 0;
        }
    return wrong_value(spec, value, spec->key);
}

static int take_input(struct settings *settings, const struct option_spec *spec,
                      const char *value)
{
    return take_format(spec, value, &settings->input);
}

static int take_output(struct settings *settings,
                       const struct option_spec *spec, const char *value)
{
    return take_format(spec, value, &settings->output);
}

static int take_arg(struct settings *settings, const struct option_spec *spec,
                    const char *value)
{
    if (strchr(value, '=') != NULL && value[0] != '=')
        return settings_add_arg(settings, value);
    return wrong_value(spec, value,
                       "NAME=VALUE, a parameter of the task and its value");
}

static int take_halt(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    if (halt_parse(&settings->halt, value) == 0)
        return 0;
    return wrong_value(spec, value,
                       "never, soon, now, the latter two followed by "
                       ",fail=N or ,fail=N% or not");
}

static int take_rate(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    if (pace_rate(&settings->pace, value) == 0)
        return 0;
    return wrong_value(spec, value,
                       "a number above 0, such as 100, 100/s, "
                       "6/m or 10/h");
}

static int take_load(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    if (pace_load(&settings->pace, value) == 0)
        return 0;
    return wrong_value(spec, value,
                       "a number above 0, such as 2.5, or 80% of "
                       "the processors");
}

static int take_word(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    return option_lists(spec->key, value) ? take_text(settings, spec, value)
                                          : wrong_value(spec, value, spec->key);
}

static int take_progress(struct settings *settings,
                         const struct option_spec *spec, const char *value)
{
    if (strcmp(value, "always") == 0)
        settings->progress = PROGRESS_ALWAYS;
    else if (strcmp(value, "never") == 0)
        settings->progress = PROGRESS_NEVER;
    else if (strcmp(value, "auto") == 0)
        settings->progress = PROGRESS_AUTO;
    else
        return wrong_value(spec, value, spec->key);
    return 0;
}

static int take_picture(struct settings *settings,
                        const struct option_spec *spec, const char *value)
{
    if (*text_of(settings, spec) == NULL)
        return take_text(settings, spec, value);
    message("--%s is given twice; allowed: one file", spec->name);
    return -1;
}

static int take_duration(struct settings *settings,
                         const struct option_spec *spec, const char *value)
{
    int64_t ms = duration_ms(value);

    if (ms < 0)
        return wrong_value(spec, value,
                           "a number and ms, s, m or h, such as 30s");
    *(int64_t *)((char *)settings + spec->at) = ms;
    return 0;
}

static int take_mode(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    char *end;
    unsigned long mode = strtoul(value, &end, 8);

    if (value[0] < '0' || value[0] > '7' || *end != '\0' || mode > 0777)
        return wrong_value(spec, value, "an octal number, such as 660");
    settings->mode = (unsigned)mode;
    return 0;
}

static int take_seed(struct settings *settings, const struct option_spec *spec,
                     const char *value)
{
    char *end;

    errno = 0;
    settings->seed = strtoull(value, &end, 10);
    if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 &&
        settings->seed > 0)
        return 0;
    return wrong_value(spec, value, "a whole number above 0");
}

const struct option_group option_group_config = {
    "Where options and plugins come from",
    (const struct option_spec[]){
        {"config", 'c', "FILE", "read the pool's options from a YAML file",
         take_config, NULL, 0},
        {"plugin-path", 0, "DIR",
         "look for plugins here before all other folders\n"
         "(may be given more than once)",
         take_pool, "plugin_path", 0},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_pool = {
    "The pool (over what the config file says)",
    (const struct option_spec[]){
        {"processes", 'j', "N", "how many workers, or auto", take_pool,
         "processes", 0},
        {"start-method", 0, "METHOD",
         "how workers start: forkserver, spawn, fork or\n"
         "thread",
         take_pool, "start_method", 0},
        {"maxtasksperchild", 0, "N",
         "calls that a worker runs before it is replaced", take_pool,
         "maxtasksperchild", 0},
        {"chunksize", 0, "N", "calls that travel together, or auto", take_pool,
         "chunksize", 0},
        {"timeout", 0, "DURATION", "time limit of a call, such as 250ms or 30s",
         take_pool, "timeout", 0},
        {"retries", 0, "N",
         "how often a call is run again after its worker\n"
         "died, if its task may be",
         take_pool, "retries", 0},
        {"crash-dir", 0, "DIR",
         "keep there what is needed to run a call that\n"
         "crashed again; see 'sopool replay --help'",
         take_pool, "crash_dir", 0},
        {"status", 0, "WHEN",
         "show the pool in 'sopool top': true, false, or\n"
         "auto: if it can be (map and starmap: auto)",
         take_pool, "status", 0},
        {"chaos", 0, "FAULTS",
         "inject faults into the workers, for tests, such as\n"
         "kill=1/200,slow=1/50:20ms,init-fail=1/20,\n"
         "nomem=1/1000,seed=7",
         take_pool, "chaos", 0},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

#define ARG_OPTION                                                             \
    {                                                                          \
        "arg", 0, "NAME=VALUE",                                                \
            "give this parameter the same value in every call\n"               \
            "(for each a --arg; the input gives the others)",                  \
            take_arg, NULL, 0                                                  \
    }

const struct option_group option_group_input = {
    "Input",
    (const struct option_spec[]){
        {"input", 0, "FORMAT",
         "text: as the task's signature asks (default)\n"
         "json: values in JSON",
         take_input, "text, json", 0},
        ARG_OPTION,
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_inputs = {
    "Input",
    (const struct option_spec[]){
        {"input", 0, "FORMAT",
         "text: lines, as the task's signature asks\n"
         "json, jsonl: a line is a value in JSON, an array of\n"
         "arguments, or an object of them by name\n"
         "csv, tsv: below a header, each column being the\n"
         "parameter of its name",
         take_input, "text, json, jsonl, csv, tsv", 0},
        {"each-file", 0, NULL,
         "a call for each FILE, with its path (str) or its\n"
         "contents (bytes); without FILE, lines name them",
         take_flag, NULL, offsetof(struct settings, each_file)},
        ARG_OPTION,
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

#define OUTPUT_OPTION                                                          \
    {                                                                          \
        "output", 0, "FORMAT",                                                 \
            "text: the results alone (default)\n"                              \
            "json: {\"result\": ...} or {\"error\": {...}}\n"                  \
            "csv: a header and a row for each result\n"                        \
            "raw: as text, with nothing between results\n"                     \
            "cbor: a sequence of CBOR items (RFC 8742)",                       \
            take_output, "text, json, csv, raw, cbor", 0                       \
    }

const struct option_group option_group_output = {
    "Output",
    (const struct option_spec[]){OUTPUT_OPTION,
                                 {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_outputs = {
    "Output",
    (const struct option_spec[]){
        OUTPUT_OPTION,
        {"tag", 0, NULL, "the input beside its result, a tab between them",
         take_flag, NULL, offsetof(struct settings, tag)},
        {"results", 0, "DIR",
         "a file in DIR for each result, named by the\n"
         "input's number; nothing on standard output",
         take_text, NULL, offsetof(struct settings, results)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_lines = {
    "Lines",
    (const struct option_spec[]){
        {"null", '0', NULL, "inputs end with a NUL byte, not with a newline",
         take_flag, NULL, offsetof(struct settings, zero)},
        {"unordered", 0, NULL, "results as they come, not in input order",
         take_flag, NULL, offsetof(struct settings, unordered)},
        {"progress", 0, "WHEN",
         "show on standard error how far it is: always,\n"
         "never, or auto: if that is a terminal and standard\n"
         "output is not (default)",
         take_progress, "always, never, auto", 0},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_runs = {
    "Long runs",
    (const struct option_spec[]){
        {"joblog", 0, "FILE",
         "write a line for each call that has ended to FILE", take_text, NULL,
         offsetof(struct settings, joblog)},
        {"resume", 0, NULL, "go on with that log: what is in it is not run",
         take_flag, NULL, offsetof(struct settings, resume)},
        {"retry-failed", 0, NULL,
         "the same, but calls that failed are run again", take_flag, NULL,
         offsetof(struct settings, retry_failed)},
        {"halt", 0, "WHEN",
         "never (default); soon or now: end after a call\n"
         "failed, when those that run are done, or without\n"
         "them; such as soon,fail=3 or now,fail=10%",
         take_halt, NULL, 0},
        {"limit-rate", 0, "N",
         "begin at most N calls a second; N/m: a minute,\n"
         "N/h: an hour",
         take_rate, NULL, 0},
        {"max-load", 0, "N",
         "begin none while the load average is above N,\n"
         "or N% of the number of processors",
         take_load, NULL, 0},
        {"dry-run", 0, NULL, "print the calls, and run none", take_flag, NULL,
         offsetof(struct settings, dry_run)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_pictures = {
    "Pictures",
    (const struct option_spec[]){
        {"trace", 0, "FILE",
         "write which worker ran what when, for Perfetto or\n"
         "chrome://tracing (JSON)",
         take_picture, NULL, offsetof(struct settings, trace)},
        {"report", 0, "FILE.html",
         "write a page that sums up the run: a timeline,\n"
         "durations, the slowest calls, failures by reason",
         take_picture, NULL, offsetof(struct settings, report)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_listing = {
    "Output",
    (const struct option_spec[]){
        {"json", 0, NULL, "a JSON array of the tasks, with all details",
         take_flag, NULL, offsetof(struct settings, json)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_inspect = {
    "Output",
    (const struct option_spec[]){{"json", 0, NULL, "a JSON object", take_flag,
                                  NULL, offsetof(struct settings, json)},
                                 {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_new = {
    "Kinds of projects",
    (const struct option_spec[]){
        {"lang", 0, "LANGUAGE", "c (default), c++ or rust", take_word,
         "c, c++, rust", offsetof(struct settings, lang)},
        {"build", 0, "SYSTEM",
         "make (default), meson, cmake or autotools;\nof rust cargo", take_word,
         "make, meson, cmake, autotools, cargo",
         offsetof(struct settings, build)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_replay = {
    "Under another program",
    (const struct option_spec[]){
        {"gdb", 0, NULL, "in the debugger gdb, up to the crash", take_flag,
         NULL, offsetof(struct settings, gdb)},
        {"valgrind", 0, NULL, "in valgrind, which sees what led to it",
         take_flag, NULL, offsetof(struct settings, valgrind)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_test = {
    "How to try it",
    (const struct option_spec[]){
        {"task", 0, "TASK", "this task alone", take_text, NULL,
         offsetof(struct settings, task)},
        {"fuzz", 0, "TIME",
         "call each task for so long with arguments made up\n"
         "from its signature and the cases; 30s, 10m",
         take_duration, NULL, offsetof(struct settings, fuzz_ms)},
        {"seed", 0, "N", "make up the same arguments again", take_seed, NULL,
         0},
        {"valgrind", 0, NULL, "in workers that valgrind looks at", take_flag,
         NULL, offsetof(struct settings, valgrind)},
        {"sanitizers", 0, NULL,
         "demand that the plugin was built with sanitizers\n"
         "(if it was, they are heard in any case)",
         take_flag, NULL, offsetof(struct settings, sanitizers)},
        {"no-sandbox", 0, NULL, "let tasks write files and use the network",
         take_flag, NULL, offsetof(struct settings, no_sandbox)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_top = {
    "Output",
    (const struct option_spec[]){
        {"once", 0, NULL, "print what is there now, and end", take_flag, NULL,
         offsetof(struct settings, once)},
        {"json", 0, NULL, "with --once: a JSON array of the pools", take_flag,
         NULL, offsetof(struct settings, json)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_service = {
    "Workers of somebody else",
    (const struct option_spec[]){
        {"service", 0, "NAME",
         "that service's tasks ('sopool serve'), not those of\n"
         "a pool of one's own; or the path of its socket",
         take_text, NULL, offsetof(struct settings, service)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_serve = {
    "The service",
    (const struct option_spec[]){
        {"name", 0, "NAME", "what it is called (default: as the config file)",
         take_text, NULL, offsetof(struct settings, name)},
        {"socket", 0, "PATH",
         "where it listens (default: NAME.sock in\n"
         "$XDG_RUNTIME_DIR/sopool-services)",
         take_text, NULL, offsetof(struct settings, socket)},
        {"mode", 0, "MODE",
         "who may call it, as the mode of its socket\n"
         "(default: 600, you alone)",
         take_mode, NULL, 0},
        {"grace", 0, "DURATION",
         "how long calls may take when it is told to end\n"
         "(default: 30s); then they fail",
         take_duration, NULL, offsetof(struct settings, grace_ms)},
        {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

const struct option_group option_group_help = {
    "Help",
    (const struct option_spec[]){{"help", 'h', NULL, "show this", take_flag,
                                  NULL, offsetof(struct settings, help)},
                                 {NULL, 0, NULL, NULL, NULL, NULL, 0}},
};

/* ---- reading ----------------------------------------------------------- */

enum { MOST_OPTIONS = 64 };

/* A command's options in getopt's form. */
struct parser {
    const struct option_spec *spec[MOST_OPTIONS];
    struct option option[MOST_OPTIONS + 1];
    char letters[2 * MOST_OPTIONS + 3];
    size_t count;
};

static void add_spec(struct parser *parser, const struct option_spec *spec)
{
    char *end = parser->letters + strlen(parser->letters);
    int has = spec->arg != NULL ? required_argument : no_argument;

    parser->spec[parser->count] = spec;
    parser->option[parser->count] =
        (struct option){spec->name, has, NULL, 256 + (int)parser->count};
    parser->count++;
    if (spec->letter != 0) {
        *end++ = spec->letter;
        if (spec->arg != NULL)
            *end++ = ':';
        *end = '\0';
    }
}

static void make_parser(struct parser *parser, const struct command *command)
{
    memset(parser, 0, sizeof(*parser));
    strcpy(parser->letters, command->task_first ? "+:" : ":");
    for (size_t g = 0; command->group[g] != NULL; g++)
        for (const struct option_spec *s = command->group[g]->spec;
             s->name != NULL && parser->count < MOST_OPTIONS; s++)
            add_spec(parser, s);
}

static const struct option_spec *find_spec(const struct parser *parser,
                                           int found)
{
    if (found >= 256)
        return parser->spec[found - 256];
    for (size_t i = 0; i < parser->count; i++)
        if (parser->spec[i]->letter == found)
            return parser->spec[i];
    return NULL;
}

/* The nearest option to a word that begins with two minuses. */
static const char *near_option(const struct parser *parser, const char *word,
                               char *copy, size_t room)
{
    const char *names[MOST_OPTIONS];

    (void)snprintf(copy, room, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; i < parser->count; i++)
        names[i] = parser->spec[i]->name;
    return near_word(copy, names, parser->count);
}

static int unknown_option(const struct command *command,
                          const struct parser *parser, const char *word)
{
    char name[64];
    const char *near;

    if (optopt >= 256) {
        (void)usage(command->name, "--%s takes no value",
                    find_spec(parser, optopt)->name);
        return -1;
    }
    if (optopt != 0) {
        (void)usage(command->name, "unknown option '-%c'", optopt);
        return -1;
    }
    near = near_option(parser, word, name, sizeof(name));
    if (near != NULL)
        (void)usage(command->name,
                    "unknown option '--%s'; did you mean "
                    "'--%s'?",
                    name, near);
    else
        (void)usage(command->name, "unknown option '--%s'", name);
    return -1;
}

static int take_option(const struct command *command,
                       const struct parser *parser, struct settings *settings,
                       int found, const char *word)
{
    const struct option_spec *spec;

    if (found == '?')
        return unknown_option(command, parser, word);
    if (found == ':') {
        spec = find_spec(parser, optopt);
        (void)usage(command->name, "--%s needs a value: %s", spec->name,
                    spec->arg);
        return -1;
    }
    spec = find_spec(parser, found);
    return spec->take(settings, spec, optarg);
}

const struct option_spec *option_find(const struct command *command,
                                      const char *word)
{
    bool is_long = strncmp(word, "--", 2) == 0;
    size_t size = strcspn(word, "=");

    for (size_t g = 0; command->group[g] != NULL; g++)
        for (const struct option_spec *s = command->group[g]->spec;
             s->name != NULL; s++) {
            if (is_long && strlen(s->name) == size - 2 &&
                strncmp(word + 2, s->name, size - 2) == 0)
                return s;
            if (word[0] == '-' && s->letter != 0 && word[1] == s->letter)
                return s;
        }
    return NULL;
}

const char *option_value(const char *word)
{
    const char *value = strchr(word, '=');

    if (strncmp(word, "--", 2) == 0)
        return value != NULL ? value + 1 : NULL;
    return word[0] == '-' && word[1] != '\0' && word[2] != '\0' ? word + 2
                                                                : NULL;
}

int option_read(const struct command *command, struct settings *settings,
                int argc, char **argv)
{
    struct parser parser;
    int found;

    make_parser(&parser, command);
    opterr = 0;
    optind = 1;
    for (;;) {
        const char *word = optind < argc ? argv[optind] : "";

        optopt = 0;
        found = getopt_long(argc, argv, parser.letters, parser.option, NULL);
        if (found == -1)
            return optind;
        if (found == '?' && optind > 0)
            word = argv[optind - 1];
        if (take_option(command, &parser, settings, found, word) != 0)
            return -1;
        if (settings->help)
            return optind;
    }
}

/* ---- help -------------------------------------------------------------- */

/* A line of help for each line of the option's text. */
static void help_option(struct output *out, const struct option_spec *spec)
{
    const char *at = spec->help;
    char left[64], letter[8] = "    ";

    if (spec->letter != 0)
        (void)snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    (void)snprintf(left, sizeof(left), "  %s--%s%s%s", letter, spec->name,
                   spec->arg != NULL ? " " : "",
                   spec->arg != NULL ? spec->arg : "");
    for (;;) {
        int size = (int)strcspn(at, "\n");

        output_format(out, "%-28s %.*s\n", left, size, at);
        if (at[size] == '\0')
            return;
        at += size + 1;
        left[0] = '\0';
    }
}

static void help_text(struct output *out, const char *title, const char *text)
{
    output_text(out, title);
    output_text(out, text);
    output_byte(out, '\n');
}

void option_help(const struct command *command)
{
    static struct output out = {.fd = STDOUT_FILENO};

    output_format(&out, "Usage: sopool %s [OPTION...]%s%s\n\n%s.\n",
                  command->name, command->synopsis[0] != '\0' ? " " : "",
                  command->synopsis, command->summary);
    if (command->details != NULL)
        help_text(&out, "\n", command->details);
    for (size_t g = 0; command->group[g] != NULL; g++) {
        output_format(&out, "\n%s:\n", command->group[g]->title);
        for (const struct option_spec *s = command->group[g]->spec;
             s->name != NULL; s++)
            help_option(&out, s);
    }
    help_text(&out, "\nExamples:\n", command->examples);
    help_text(&out, "\nExit status:\n", command->status);
    output_flush(&out);
}
