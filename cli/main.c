/* main.c - the `sopool` command: which commands there are. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sopool.h>

#include "apply.h"
#include "check.h"
#include "complete.h"
#include "inspect.h"
#include "list.h"
#include "map.h"
#include "message.h"
#include "near.h"
#include "new.h"
#include "option.h"
#include "output.h"
#include "replay.h"
#include "serve.h"
#include "session.h"
#include "status.h"
#include "test.h"
#include "top.h"

#define CALL_STATUS                                                            \
    "  0    every call gave a result\n"                                        \
    "  1    a call failed, or not all could be written\n"                      \
    "  2    the command line, a config file or a plugin is wrong\n"            \
    "  3    the pool can run nothing any more\n"                               \
    "  128+N  ended by signal N"

#define LINE_DETAILS                                                           \
    "Without a FILE, or when FILE is -, lines come from standard input. An\n"  \
    "empty line is an input too. Results come in the order of the inputs, "    \
    "as\n"                                                                     \
    "soon as they are there; any number of lines runs in constant memory.\n"   \
    "\n"                                                                       \
    "A failed call prints nothing on standard output and one line on\n"        \
    "standard error: the input, its line, the task and the reason. With\n"     \
    "--output json every input gives one line, {\"error\": {...}} if it\n"     \
    "failed; --unordered adds the input's \"index\", counted from 0."

static const struct command commands[] = {
    {
        .name = "list",
        .synopsis = "[PLUGIN|TASK]",
        .summary = "Shows the tasks that the plugins offer",
        .details = "For each task: its name, its signature and what it does. "
                   "Of one TASK\nall details are shown. Plugins are looked "
                   "for in --plugin-path, then\nin SOPOOL_PLUGIN_PATH (a list "
                   "with colons), then where the config file\nsays, or else "
                   "in ~/.local/lib/sopool and in the system's folder.",
        .examples = "  sopool list\n"
                    "  sopool list math.square\n"
                    "  sopool list --json math\n"
                    "  sopool list --service hash",
        .status = "  0    shown\n"
                  "  1    the service does not answer\n"
                  "  2    there is no such plugin or task, or an option is "
                  "wrong",
        .group = {&option_group_listing, &option_group_service,
                  &option_group_config, &option_group_pool, &option_group_help},
        .run = list_run,
    },
    {
        .name = "apply",
        .synopsis = "TASK [ARGUMENT...]",
        .summary = "Runs one call and prints its result",
        .details = "Options stand before TASK; what follows it are arguments, "
                   "and may\nbegin with a minus. Arguments are read as the "
                   "task's signature asks;\nlists, maps and values of any type "
                   "are written in JSON.",
        .examples = "  sopool apply math.square -3\n"
                    "  sopool apply --output json math.factor 360\n"
                    "  sopool apply --timeout 2s hash.sha512 -- --help",
        .status = CALL_STATUS,
        .task_first = true,
        .group = {&option_group_input, &option_group_output,
                  &option_group_service, &option_group_config,
                  &option_group_pool, &option_group_help},
        .run = apply_run,
    },
    {
        .name = "map",
        .synopsis = "TASK [FILE...]",
        .summary = "Runs one call for each line of the files",
        .details = LINE_DETAILS,
        .examples =
            "  sopool map hash.sha512 /usr/share/dict/words >digests\n"
            "  seq 1000 | sopool map math.is_prime\n"
            "  find . -type f -print0 | sopool map -0 hash.sha256_file\n"
            "  sopool map --tag --each-file hash.sha256 *.iso\n"
            "  sopool map --arg seed=1 math.estimate_pi <samples",
        .status = CALL_STATUS,
        .group = {&option_group_lines, &option_group_inputs,
                  &option_group_outputs, &option_group_runs,
                  &option_group_pictures, &option_group_service,
                  &option_group_config, &option_group_pool, &option_group_help},
        .seen = true,
        .run = map_run,
    },
    {
        .name = "starmap",
        .synopsis = "TASK [FILE...]",
        .summary = "Runs one call for each line, which has all arguments",
        .details = LINE_DETAILS,
        .examples = "  echo '[1000, 7]' | sopool starmap math.estimate_pi\n"
                    "  sopool starmap --unordered --output json TASK <calls\n"
                    "  sopool starmap --input csv math.estimate_pi runs.csv",
        .status = CALL_STATUS,
        .group = {&option_group_lines, &option_group_inputs,
                  &option_group_outputs, &option_group_runs,
                  &option_group_pictures, &option_group_service,
                  &option_group_config, &option_group_pool, &option_group_help},
        .seen = true,
        .run = starmap_run,
    },
    {
        .name = "serve",
        .synopsis = "",
        .summary = "Serves the tasks of a pool to other programs",
        .details =
            "Its workers and what their initializer has done stay, and any "
            "number of\nprograms can call them: 'sopool apply --service "
            "NAME', or by JSON-RPC 2.0\nin lines on its socket; see "
            "docs/service.md. A plugin that is installed anew\nis used from "
            "then on; calls that run are finished by the old one.\n"
            "\n"
            "SIGHUP reads the config file again, SIGUSR1 says how far it is, "
            "SIGTERM and\nSIGINT end it: calls that it has taken are "
            "finished, up to --grace.",
        .examples = "  sopool serve --config hash.yaml &\n"
                    "  sopool apply --service hash hash.sha512 hello\n"
                    "  sopool map --service hash hash.sha512 <words >digests",
        .status = "  0    it was told to end\n"
                  "  1    it cannot listen\n"
                  "  2    the command line, the config file or a plugin is "
                  "wrong\n"
                  "  3    the pool can run nothing any more",
        .group = {&option_group_serve, &option_group_config, &option_group_pool,
                  &option_group_help},
        .seen = true,
        .run = serve_run,
    },
    {
        .name = "check",
        .synopsis = "FILE...",
        .summary = "Validates config files",
        .details = "Says FILE: ok, or on standard error all that is wrong "
                   "with it, as\nFILE:LINE:COLUMN: what is wrong; what is "
                   "allowed.",
        .examples = "  sopool check configs/*.yaml",
        .status = "  0    all files are right\n"
                  "  2    one is not",
        .group = {&option_group_config, &option_group_pool, &option_group_help},
        .run = check_run,
    },
    {
        .name = "new",
        .synopsis = "NAME",
        .summary = "Begins a project for a plugin",
        .details = "Makes the folder NAME, with a task, its build, a test and "
                   "a README; then\nsays how to build it and run the task.",
        .examples = "  sopool new hello\n"
                    "  sopool new --lang c++ --build meson hello",
        .status = "  0    made\n"
                  "  1    a file or the folder cannot be written\n"
                  "  2    the command line is wrong",
        .group = {&option_group_new, &option_group_help},
        .run = new_run,
    },
    {
        .name = "inspect",
        .synopsis = "PLUGIN.so",
        .summary = "Shows what a plugin's file is, and whether it can be used",
        .details =
            "Its name, version and tasks, the ABI that it was built for, "
            "whether pools\ntrust it, the libraries that it needs and where "
            "they are, symbols that none\nof them has, and what the compiler "
            "could have done for its safety. Nothing\nof the plugin runs; the "
            "libraries are opened in a process of their own.",
        .examples = "  sopool inspect ./hello.so\n"
                    "  sopool inspect --json ./hello.so | jq .unresolved",
        .status = "  0    a pool can use it\n"
                  "  1    it is not trusted, or something that it needs is "
                  "missing\n"
                  "  2    it is no plugin for this sopool, or cannot be read",
        .group = {&option_group_inspect, &option_group_help},
        .run = inspect_run,
    },
    {
        .name = "test",
        .synopsis = "PLUGIN.so [CASES.yaml]",
        .summary = "Tries a plugin's tasks: cases, and made-up arguments",
        .details =
            "CASES.yaml is a list of calls and what they are to give:\n"
            "\n"
            "  - {task: hello, args: [world], result: \"Hello, world!\"}\n"
            "  - {task: root, args: [2], result: 1.4142, within: 1e-4}\n"
            "  - {task: root, args: {x: -1}, error: negative}\n"
            "\n"
            "Each runs in a worker of its own, which can write to no file "
            "outside a\nfolder that is taken away afterwards (its TMPDIR), and "
            "reach no network.\nA case may also have a timeout (else "
            "--timeout, "
            "else 10s; in valgrind 60s)\nand a name. With --fuzz, calls go on "
            "until one kills or hangs its worker;\nit is then made as simple "
            "as "
            "it can be. What comes of it is printed as TAP.",
        .examples = "  sopool test ./hello.so hello.yaml\n"
                    "  sopool test --fuzz 30s --task hello ./hello.so\n"
                    "  sopool test --valgrind ./hello.so hello.yaml",
        .status = "  0    all is as it should be\n"
                  "  1    a case failed, or something was found\n"
                  "  2    the command line, the cases or the plugin are wrong",
        .group = {&option_group_test, &option_group_config, &option_group_pool,
                  &option_group_help},
        .run = test_run,
    },
    {
        .name = "replay",
        .synopsis = "BUNDLE",
        .summary = "Runs a call that crashed again",
        .details =
            "BUNDLE is a folder that --crash-dir has made. The call runs in "
            "this\nprocess, with the arguments that it had and after the "
            "pool's initializer,\nso that it crashes here. If it does not, "
            "its result is printed. The file\nreport.txt in BUNDLE says what "
            "is known of the crash.",
        .examples = "  sopool replay crashes/crash-20260101T120000Z-17-1\n"
                    "  sopool replay --gdb crashes/crash-20260101T120000Z-17-1",
        .status = "  0    the call gave a result\n"
                  "  1    it failed\n"
                  "  2    the bundle or its plugin cannot be used\n"
                  "  128+N  it crashed, by signal N",
        .group = {&option_group_replay, &option_group_help},
        .run = replay_run,
    },
    {
        .name = "top",
        .synopsis = "",
        .summary = "Shows the pools that are running, and their workers",
        .details =
            "Of each pool of yours: how far it is, what each worker runs and "
            "since\nwhen, what waits, and how often workers were replaced. "
            "The pools of map\nand starmap are seen, and those that have "
            "status: true in their config\nfile. Arrows scroll, q quits.",
        .examples = "  sopool top\n"
                    "  sopool top --once --json | jq '.[].workers[].task'",
        .status = "  0    shown, even if there is no pool\n"
                  "  1    pools cannot be looked for\n"
                  "  2    the command line is wrong, or there is no terminal",
        .group = {&option_group_top, &option_group_help},
        .run = top_run,
    },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS + 2] = {"help", "version"};
    const char *near;

    for (size_t i = 0; i < COMMANDS; i++)
        names[i + 2] = commands[i].name;
    near = near_word(name, names, COMMANDS + 2);
    if (near != NULL)
        return usage(NULL, "unknown command '%.60s'; did you mean '%s'?", name,
                     near);
    return usage(NULL, "unknown command '%.60s'", name);
}

static int version(void)
{
    static struct output out = {.fd = STDOUT_FILENO};

    output_format(&out, "sopool %s\n", sopool_version());
    output_flush(&out);
    return EXIT_GOOD;
}

static int help(void)
{
    static struct output out = {.fd = STDOUT_FILENO};

    output_text(&out, "Usage: sopool COMMAND [OPTION...] [ARGUMENT...]\n\n"
                      "Runs the tasks of plugins in a pool of worker "
                      "processes.\n\nCommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        output_format(&out, "  %-9s %s\n", commands[i].name,
                      commands[i].summary);
    output_text(&out,
                "  help      Shows this, or the help of a command\n"
                "  version   Shows the version (also --version)\n"
                "\n"
                "'sopool COMMAND --help' shows the options of a command.\n"
                "\n"
                "Examples:\n"
                "  sopool list\n"
                "  sopool apply math.square 9\n"
                "  sopool map hash.sha512 /usr/share/dict/words >digests\n"
                "\n"
                "Exit status:\n" CALL_STATUS "\n");
    output_flush(&out);
    return EXIT_GOOD;
}

/* What is not for people: see complete.h. */
static int help_machine(int argc, char **argv)
{
    if (strcmp(argv[0], "--complete") == 0)
        return complete_words(commands, COMMANDS, argc - 1, argv + 1);
    if (strcmp(argv[0], "--options") == 0)
        return complete_dump(commands, COMMANDS);
    return usage(NULL, "help takes a command, not '%.60s'", argv[0]);
}

static int help_on(int argc, char **argv)
{
    const char *name = argv[0];
    const struct command *command = find(name);

    if (name[0] == '-')
        return help_machine(argc, argv);

    if (command == NULL)
        return unknown(name);
    option_help(command);
    return EXIT_GOOD;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct settings settings = {
        .seen = command->seen, .mode = 0600, .grace_ms = 30000};
    int first = option_read(command, &settings, argc, argv);
    int status = EXIT_USAGE;

    if (first >= 0 && settings.help) {
        option_help(command);
        status = EXIT_GOOD;
    } else if (first >= 0)
        status = command->run(command, &settings, argc - first, argv + first);
    settings_finish(&settings);
    return status;
}

/* Is the word an option, of any command, whose value is the next word? */
static bool takes_next(const char *word)
{
    for (size_t i = 0; option_value(word) == NULL && i < COMMANDS; i++) {
        const struct option_spec *spec = option_find(&commands[i], word);

        if (spec != NULL && spec->arg != NULL)
            return true;
    }
    return false;
}

/* Options may stand before the command: brings it to the front of them. -1:
 * there is none. */
static int bring_command(int argc, char **argv)
{
    int at = 1;
    char *command;

    while (at < argc && argv[at][0] == '-')
        at += takes_next(argv[at]) ? 2 : 1;
    if (at >= argc)
        return -1;
    command = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof(*argv));
    argv[1] = command;
    return 0;
}

int main(int argc, char **argv)
{
    const struct command *command;
    const char *name = argc > 1 ? argv[1] : NULL;

    session_init();
    if (name == NULL)
        return usage(NULL, "a command is missing");
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0 ||
        strcmp(name, "version") == 0)
        return version();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0)
        return argc > 2 && name[0] != '-' ? help_on(argc - 2, argv + 2)
                                          : help();
    if (name[0] == '-' && bring_command(argc, argv) != 0)
        return usage(NULL, "%.60s: there is no command behind it", name);
    name = argv[1];
    command = find(name);
    return command != NULL ? run(command, argc - 1, argv + 1) : unknown(name);
}
