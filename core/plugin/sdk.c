/* SPDX-License-Identifier: MIT */
/* Where the headers and templates are. */
#include "base/path.h"
#include "plugin/build.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static nn_status try_prefix(nn_arena *arena, const char *include, const char *templates,
                            const char **out_include, const char **out_templates)
{
    const char *header;
    NN_TRY(nn_path_join(arena, include, "nnrun/plugin.h", &header));
    if (*out_include == NULL && nn_path_is_file(header)) {
        NN_TRY(nn_path_absolute(arena, include, out_include));
        *out_templates = NULL;
        if (nn_path_is_folder(templates)) {
            NN_TRY(nn_path_absolute(arena, templates, out_templates));
        }
    }
    return NN_OK;
}

nn_status nn_plugin_sdk(nn_arena *arena, const char **include, const char **templates)
{
    /* Relative to a prefix: that of an installation, then that of a source tree. */
    static const char *const places[][2] = {{"include", "share/nnrun/template"}, {"include", "plugins/template"}};
    /* From the binary: prefix/bin/nnrun, tree/build/<preset>/nnrun, tree/build/nnrun. */
    static const char *const prefixes[] = {"..", "../..", "."};
    char exe[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[length > 0 ? length : 0] = '\0';
    const char *here, *named = getenv("NNRUN_SDK");
    NN_TRY(nn_path_folder(arena, exe, &here));
    *include = *templates = NULL;
    for (size_t i = 0; i < 4 && *include == NULL; i++) {
        const char *prefix = named;
        if (i > 0) {
            NN_TRY(nn_path_join(arena, here, prefixes[i - 1], &prefix));
        } else if (named == NULL || named[0] == '\0') {
            continue;
        }
        for (size_t k = 0; k < 2 && *include == NULL; k++) {
            const char *a, *b;
            NN_TRY(nn_path_join(arena, prefix, places[k][0], &a));
            NN_TRY(nn_path_join(arena, prefix, places[k][1], &b));
            if (k == 1 || nn_path_is_folder(b)) {
                NN_TRY(try_prefix(arena, a, b, include, templates));
            }
        }
    }
    if (*include == NULL) {
        return nn_fail(NN_ERR_PLUGIN, "nnrun/plugin.h is neither beside this nnrun nor in NNRUN_SDK: install nnrun "
                       "with its headers, or set NNRUN_SDK to a prefix that has include/nnrun");
    }
    return NN_OK;
}
