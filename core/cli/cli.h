/* SPDX-License-Identifier: MIT */
/* The command line: one table of commands, one table of options a command, and what was typed.
 *
 * The tables drive parsing, error messages, --help, man pages and shell completion.  Results go to
 * stdout, everything else to stderr.
 */
#ifndef NN_CLI_CLI_H
#define NN_CLI_CLI_H

#include "base/log.h"
#include "base/status.h"
#include "run/session.h"

#include <stdbool.h>
#include <stddef.h>

/* One option.  Every command also takes --help. */
typedef struct nn_option {
    const char *name;  /* "--out" */
    const char *value; /* what stands behind it: "DIR"; NULL: a flag */
    const char *doc;   /* one line */
} nn_option;

/* What a command's first argument may say, where it says what to do: its own --help. */
typedef struct nn_subcommand {
    const char *name;
    const char *arguments;      /* "KIND NAME [DIR]" */
    const char *help;           /* paragraphs under the usage line */
    const char *const *options; /* the names of those that mean something to it, ends with NULL */
} nn_subcommand;

typedef struct nn_cli nn_cli;

/* One command; lives in its file cmd_<name>.c, listed in commands.c. */
typedef struct nn_command {
    const char *name;
    const char *arguments; /* "SPEC [key=value ...]" */
    const char *summary;   /* one line */
    const char *help;      /* paragraphs under the usage line; may be NULL */
    const nn_option *options; /* ends with a NULL name; may be NULL */
    size_t least, most;    /* positional arguments; most 0 with least 0: none, SIZE_MAX: any */
    /* Returns what main() turns into the exit code; a failure's story is printed there. */
    nn_status (*run)(nn_cli *cli);
    const nn_subcommand *subcommands; /* ends with a NULL name; NULL: it has none */
} nn_command;

/* What was typed, sorted out. */
struct nn_cli {
    const nn_command *command;
    const char **positional;
    size_t positional_count;
    const char **values;  /* a value an option of the command's table; NULL: not given */
    const char **plugin_paths; /* every --plugin-path, in order */
    size_t plugin_path_count;
    int argument_count;    /* all that was typed, for provenance */
    char **arguments;
    const char *installed_plugins;
    nn_log log;            /* to stderr, silent with --quiet */
    bool told;             /* the failure has been printed already */
};

/* All commands, ending with a NULL. */
extern const nn_command *const nn_commands[];

/* Whether a flag was given; an option's value, NULL where it was not. */
bool nn_cli_flag(const nn_cli *cli, const char *name);
const char *nn_cli_value(const nn_cli *cli, const char *name);
/* A whole number of at least `least`; `fallback` where the option was not given.  NN_ERR_USAGE. */
nn_status nn_cli_number(const nn_cli *cli, const char *name, unsigned long long least,
                        unsigned long long fallback, unsigned long long *out);

/* --plugin-path and what goes with it, for session options. */
nn_plugin_places nn_cli_places(const nn_cli *cli);

/* Prints a session's errors and warnings that were not printed before to stderr and returns `status`,
 * marked as told where these are its story. */
nn_status nn_cli_diagnostics(nn_cli *cli, nn_session *session, nn_status status);

/* The process's exit code for a status: INTERFACE in README and docs. */
int nn_exit_code(nn_status status);

/* Parses and runs; everything main() does. */
int nn_cli_main(int count, char **arguments);

#define NN_OPTION_PLUGIN_PATH {"--plugin-path", "DIR", "look for plugins there first (may be repeated)"}
#define NN_OPTION_JSON {"--json", NULL, "JSON lines on stdout, for scripts"}
#define NN_OPTION_QUIET {"--quiet", NULL, "errors only"}

#endif
