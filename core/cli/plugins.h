/* SPDX-License-Identifier: MIT */
/* The parts of `nnrun plugins`. */
#ifndef NN_CLI_PLUGINS_H
#define NN_CLI_PLUGINS_H

#include "cli/cli.h"
#include "plugin/registry.h"

/* A registry of all places a run looks at, and more than one can do: places that are missing or refused are
 * told on stderr and left out. */
nn_status nn_plugins_open(nn_cli *cli, nn_arena *arena, nn_registry **out);

/* `[KIND/]NAME`: the plugins of that name, at most one a kind.  NN_ERR_NOT_FOUND names the nearest. */
enum { NN_PLUGINS_KINDS = 7 };
nn_status nn_plugins_named(nn_registry *registry, const char *word, nn_arena *arena,
                           const nn_plugin *found[NN_PLUGINS_KINDS], size_t *count);

nn_status nn_plugins_check(nn_cli *cli, nn_arena *arena);
nn_status nn_plugins_new(nn_cli *cli, nn_arena *arena);
nn_status nn_plugins_build(nn_cli *cli, nn_arena *arena);

#endif
