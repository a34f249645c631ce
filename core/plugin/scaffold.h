/* SPDX-License-Identifier: MIT */
/* A new plugin to begin with: source, CMakeLists.txt, a spec that uses it, README; for a loader a file to read. */
#ifndef NN_PLUGIN_SCAFFOLD_H
#define NN_PLUGIN_SCAFFOLD_H

#include "base/arena.h"

#include <nnrun/plugin.h>

/* Writes the files of a component of that kind and name into a folder, which is made; none that is
 * there is overwritten.  The source is the kind's file of plugins/template/ under the new name.
 * NN_ERR_USAGE: a bad name, or a file that is there already.  NN_ERR_IO, NN_ERR_PLUGIN: no templates. */
nn_status nn_plugin_scaffold(nn_kind kind, const char *name, const char *folder, nn_arena *arena);

#endif
