/* SPDX-License-Identifier: MIT */
#include "plugin/builtin.h"

#include <string.h>

bool nn_plugin_has_builtins(void)
{
    return nn__builtins[0].path != NULL;
}

bool nn_plugin_is_builtin(const char *path)
{
    return strncmp(path, NN_BUILTIN, strlen(NN_BUILTIN)) == 0;
}

nn_plugin_function *nn__builtin_entry(const char *path)
{
    for (const nn__builtin *builtin = nn__builtins; builtin->path != NULL; builtin++) {
        if (strcmp(builtin->path, path) == 0) {
            return builtin->entry;
        }
    }
    return NULL;
}
