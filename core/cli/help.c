/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include <string.h>

void nn_help_all(FILE *out)
{
    fputs("usage: nnrun SPEC [key=value ...]\n       nnrun COMMAND ...\n\n"
          "Trains the fully connected network an experiment spec describes.\n\ncommands:\n",
          out);
    for (const nn_command *const *c = nn_commands; *c != NULL; c++) {
        fprintf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
    }
    fputs("\n`nnrun COMMAND --help` says more; `nnrun --version` the version.\n"
          "RUN is a run folder, its run.h5, or an experiment's name (its newest run).\n\n"
          "exit codes: 0 done, 1 a run failed, 2 usage or spec, 3 data, 4 plugin, 5 diverged,\n"
          "6 damaged or unfit checkpoint or result, 7 an expectation did not hold,\n"
          "75 interrupted after a checkpoint, 130 aborted\n",
          out);
}

static void print_option(const char *name, const char *value, const char *doc, FILE *out)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", name, value == NULL ? "" : " ",
             value == NULL ? "" : value);
    fprintf(out, "  %-20s %s\n", left, doc);
}

static const nn_subcommand *find_subcommand(const nn_command *command, const char *word)
{
    const nn_subcommand *sub = command->subcommands;
    while (word != NULL && sub != NULL && sub->name != NULL && strcmp(sub->name, word) != 0) {
        sub++;
    }
    return word == NULL || sub == NULL || sub->name == NULL ? NULL : sub;
}

static bool takes(const nn_subcommand *sub, const char *option)
{
    const char *const *name = sub->options;
    while (*name != NULL && strcmp(*name, option) != 0) {
        name++;
    }
    return *name != NULL;
}

static void print_options(const nn_command *command, const nn_subcommand *sub, FILE *out)
{
    fputs("\noptions:\n", out);
    for (const nn_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (sub == NULL) {
            print_option(o->name, o->value, o->doc, out);
        } else if (takes(sub, o->name)) {
            /* "check: this one alone" without the word. */
            size_t length = strlen(sub->name);
            bool own = strncmp(o->doc, sub->name, length) == 0 && strncmp(o->doc + length, ": ", 2) == 0;
            print_option(o->name, o->value, own ? o->doc + length + 2 : o->doc, out);
        }
    }
    print_option("--help", NULL, "this text", out);
}

void nn_help_command(const nn_command *command, const char *word, FILE *out)
{
    const nn_subcommand *sub = find_subcommand(command, word);
    if (sub != NULL) {
        fprintf(out, "usage: nnrun %s %s %s\n\n%s\n", command->name, sub->name, sub->arguments, sub->help);
        print_options(command, sub, out);
        return;
    }
    fprintf(out, "usage: nnrun %s%s%s\n\n%s\n", command->name,
            command->arguments[0] == '\0' ? "" : " ", command->arguments, command->summary);
    if (command->help != NULL) {
        fprintf(out, "\n%s\n", command->help);
    }
    print_options(command, NULL, out);
}
