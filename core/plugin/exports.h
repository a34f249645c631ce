/* SPDX-License-Identifier: MIT */
/* What a shared object exports, read from the file. */
#ifndef NN_PLUGIN_EXPORTS_H
#define NN_PLUGIN_EXPORTS_H

#include "base/text.h"

/* Appends the names of the defined dynamic symbols, separated by spaces, and counts them.  NN_ERR_PLUGIN
 * where the file's tables are damaged, NN_ERR_IO where it can't be read. */
nn_status nn_plugin_exports(const char *path, nn_text *names, size_t *count);

#endif
