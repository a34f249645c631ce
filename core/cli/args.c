/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/print.h"
#include "plugin/builtin.h"
#include "plugin/crash.h"

#include <nnrun/version.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int nn_exit_code(nn_status status)
{
    switch (status) {
    case NN_OK:
        return 0;
    case NN_ERR_USAGE:
    case NN_ERR_SPEC:
    case NN_ERR_PARAM:
    case NN_ERR_SHAPE:
    case NN_ERR_NOT_FOUND:
        return 2;
    case NN_ERR_DATA:
        return 3;
    case NN_ERR_PLUGIN:
        return 4;
    case NN_ERR_NUMERIC:
        return 5;
    case NN_ERR_CHECKPOINT:
        return 6;
    case NN_ERR_EXPECT:
        return 7;
    case NN_ERR_INTERRUPTED:
        return 75;
    case NN_ERR_ABORTED:
        return 130;
    case NN_ERR_MEMORY:
    case NN_ERR_IO:
    case NN_ERR_UNSUPPORTED:
    case NN_ERR_STATE:
    case NN_ERR_BUSY:
    case NN_ERR_CHECK:
        break;
    }
    return 1;
}

static size_t option_count(const nn_command *command)
{
    size_t n = 0;
    while (command->options != NULL && command->options[n].name != NULL) {
        n++;
    }
    return n;
}

static size_t find_option(const nn_command *command, const char *name, size_t length)
{
    size_t n = option_count(command);
    for (size_t i = 0; i < n; i++) {
        const char *known = command->options[i].name;
        if (strlen(known) == length && strncmp(known, name, length) == 0) {
            return i;
        }
    }
    return n;
}

bool nn_cli_flag(const nn_cli *cli, const char *name)
{
    return nn_cli_value(cli, name) != NULL;
}

const char *nn_cli_value(const nn_cli *cli, const char *name)
{
    size_t i = find_option(cli->command, name, strlen(name));
    return i < option_count(cli->command) ? cli->values[i] : NULL;
}

nn_status nn_cli_number(const nn_cli *cli, const char *name, unsigned long long least,
                        unsigned long long fallback, unsigned long long *out)
{
    const char *text = nn_cli_value(cli, name);
    if (text == NULL) {
        *out = fallback;
        return NN_OK;
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || value < least) {
        return nn_fail(NN_ERR_USAGE, "%s takes a whole number of at least %llu, not \"%s\"", name,
                       least, text);
    }
    *out = value;
    return NN_OK;
}

nn_plugin_places nn_cli_places(const nn_cli *cli)
{
    return (nn_plugin_places){
        .paths = cli->plugin_paths,
        .path_count = cli->plugin_path_count,
        .environment = getenv("NNRUN_PLUGIN_PATH"),
        .installed = cli->installed_plugins,
    };
}

nn_status nn_cli_diagnostics(nn_cli *cli, nn_session *session, nn_status status)
{
    nn_text text = {0};
    nn_session_news(session, &text);
    fputs(nn_text_view(&text), stderr);
    nn_text_finish(&text);
    cli->told = status != NN_OK && nn_session_error_count(session) > 0;
    return status;
}

static nn_status unknown_option(const nn_command *command, const char *option)
{
    const char *names[64];
    size_t n = option_count(command);
    for (size_t i = 0; i < n; i++) {
        names[i] = command->options[i].name;
    }
    const char *nearest = nn_text_nearest(option, names, n);
    if (nearest != NULL) {
        return nn_fail(NN_ERR_USAGE, "nnrun %s has no option %s; did you mean %s?", command->name,
                       option, nearest);
    }
    return nn_fail(NN_ERR_USAGE, "nnrun %s has no option %s; see nnrun %s --help", command->name,
                   option, command->name);
}

/* Takes the option at *at (and its value); moves *at past what it took. */
static nn_status take_option(nn_cli *cli, int count, char **arguments, int *at)
{
    const char *word = arguments[(*at)++];
    const char *equals = strchr(word, '=');
    size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);
    size_t i = find_option(cli->command, word, length);
    if (i == option_count(cli->command)) {
        return unknown_option(cli->command, word);
    }
    const nn_option *option = &cli->command->options[i];
    const char *value = "";
    if (option->value == NULL && equals != NULL) {
        return nn_fail(NN_ERR_USAGE, "%s takes no value", option->name);
    }
    if (option->value != NULL) {
        value = equals != NULL ? equals + 1 : *at < count ? arguments[(*at)++] : NULL;
        if (value == NULL) {
            return nn_fail(NN_ERR_USAGE, "%s needs a value: %s %s", option->name, option->name,
                           option->value);
        }
    }
    if (strcmp(option->name, "--plugin-path") == 0) {
        cli->plugin_paths[cli->plugin_path_count++] = value;
    }
    cli->values[i] = value;
    return NN_OK;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static nn_status parse(nn_cli *cli, int count, char **arguments, int at, bool *help)
{
    bool options = true;
    while (at < count) {
        const char *word = arguments[at];
        if (options && is_help(word)) {
            *help = true;
            return NN_OK;
        }
        if (options && strcmp(word, "--") == 0) {
            options = false;
            at++;
        } else if (options && word[0] == '-' && word[1] != '\0') {
            NN_TRY(take_option(cli, count, arguments, &at));
        } else {
            cli->positional[cli->positional_count++] = word;
            at++;
        }
    }
    const nn_command *c = cli->command;
    if (cli->positional_count < c->least || cli->positional_count > c->most) {
        return nn_fail(NN_ERR_USAGE, "usage: nnrun %s %s", c->name, c->arguments);
    }
    return NN_OK;
}

/* The command of the first word; `run` where it is no command but a spec or an override. */
static nn_status find_command(const char *word, const nn_command **out, bool *named)
{
    const char *names[64];
    size_t n = 0;
    for (const nn_command *const *c = nn_commands; *c != NULL; c++) {
        names[n++] = (*c)->name;
        if (strcmp((*c)->name, word) == 0) {
            *out = *c;
            *named = true;
            return NN_OK;
        }
    }
    *named = false;
    *out = nn_commands[0];
    bool like_a_file = strchr(word, '.') != NULL || strchr(word, '/') != NULL || word[0] == '-'
                    || nn_path_is_file(word);
    if (like_a_file) {
        return NN_OK;
    }
    const char *nearest = nn_text_nearest(word, names, n);
    if (nearest != NULL) {
        return nn_fail(NN_ERR_USAGE, "there is no command \"%s\"; did you mean \"%s\"?", word,
                       nearest);
    }
    return nn_fail(NN_ERR_USAGE, "there is no command and no file \"%s\"; see nnrun --help", word);
}

/* The plugins that belong to this binary: in itself, beside it in a build tree, in ../lib once installed. */
static nn_status find_installed(nn_arena *arena, const char **out)
{
    char self[4096];
    *out = NULL;
    if (nn_plugin_has_builtins()) {
        *out = NN_BUILTIN;
        return NN_OK;
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        return NN_OK;
    }
    self[length] = '\0';
    const char *folder, *near;
    NN_TRY(nn_path_folder(arena, self, &folder));
    NN_TRY(nn_path_join(arena, folder, "plugins", &near));
    if (!nn_path_is_folder(near)) {
        NN_TRY(nn_path_join(arena, folder, NNRUN_RELATIVE_PLUGIN_DIR, &near));
    }
    return nn_path_is_folder(near) ? nn_path_absolute(arena, near, out) : NN_OK;
}

static nn_status make_cli(nn_arena *arena, nn_cli *cli, int count, char **arguments)
{
    size_t n = (size_t)count + 1;
    NN_TRY(NN_ARENA_ALLOC(arena, &cli->positional, n));
    NN_TRY(NN_ARENA_ALLOC(arena, &cli->plugin_paths, n));
    NN_TRY(NN_ARENA_ALLOC(arena, &cli->values, 64));
    cli->argument_count = count;
    cli->arguments = arguments;
    return find_installed(arena, &cli->installed_plugins);
}

static nn_status run_command(nn_cli *cli, int count, char **arguments)
{
    bool named = false, help = false;
    NN_TRY(find_command(arguments[1], &cli->command, &named));
    NN_TRY(parse(cli, count, arguments, named ? 2 : 1, &help));
    if (help) {
        nn_help_command(cli->command, cli->positional_count > 0 ? cli->positional[0] : NULL, stdout);
        return NN_OK;
    }
    cli->log = (nn_log){.least = nn_cli_flag(cli, "--quiet") ? NN_ERROR : NN_INFO,
                        .line = nn_log_to_stderr};
    return cli->command->run(cli);
}

static void tell(const nn_cli *cli, nn_status status)
{
    if (cli->told) {
        return;
    }
    /* A copy: running out of memory below would tell its own story over this one. */
    char story[8192];
    snprintf(story, sizeof story, "%s", nn_story()[0] != '\0' ? nn_story() : nn_status_sentence(status));
    nn_text safe = {0};
    for (const char *line = story; line != NULL; line = strchr(line, '\n')) {
        line += line[0] == '\n';
        nn_text_put(&safe, line == story ? "nnrun: error: " : "    ");
        nn_text_escape(&safe, line, strcspn(line, "\n"));
        nn_text_put(&safe, "\n");
    }
    if (safe.failed) {
        fprintf(stderr, "nnrun: error: %s\n", story);
    } else {
        fputs(nn_text_view(&safe), stderr);
    }
    nn_text_finish(&safe);
}

int nn_cli_main(int count, char **arguments)
{
    if (count < 2 || is_help(arguments[1])) {
        nn_help_all(count < 2 ? stderr : stdout);
        return count < 2 ? nn_exit_code(NN_ERR_USAGE) : 0;
    }
    if (strcmp(arguments[1], "--version") == 0) {
        puts("nnrun " NNRUN_VERSION);
        return 0;
    }
    nn_crash_watch();
    nn_arena *arena = NULL;
    nn_cli cli = {0};
    nn_status status = nn_arena_create(&arena);
    if (status == NN_OK) {
        status = make_cli(arena, &cli, count, arguments);
    }
    if (status == NN_OK) {
        status = run_command(&cli, count, arguments);
    }
    if (status == NN_OK) {
        status = nn_print_flush();
    }
    if (status != NN_OK) {
        tell(&cli, status);
    }
    nn_arena_destroy(arena);
    return nn_exit_code(status);
}
