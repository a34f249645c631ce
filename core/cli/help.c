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

void nn_help_command(const nn_command *command, FILE *out)
{
    fprintf(out, "usage: nnrun %s%s%s\n\n%s\n", command->name,
            command->arguments[0] == '\0' ? "" : " ", command->arguments, command->summary);
    if (command->help != NULL) {
        fprintf(out, "\n%s\n", command->help);
    }
    fputs("\noptions:\n", out);
    for (const nn_option *o = command->options; o != NULL && o->name != NULL; o++) {
        print_option(o->name, o->value, o->doc, out);
    }
    print_option("--help", NULL, "this text", out);
}
