/* SPDX-License-Identifier: MIT */
/* The plugin that a use names, or what to say where none can serve. */
#include "plugin/bind_inside.h"

#include "base/text.h"
#include "plugin/kind.h"

#include <string.h>

static nn_status diagnose_unknown(nn_registry *registry, nn_kind kind, const nn_use *use,
                                  nn_arena *arena, nn_diagnostics *diagnostics)
{
    const char *const *names;
    size_t count;
    NN_TRY(nn_registry_names(registry, kind, arena, &names, &count));
    const char *nearest = nn_text_nearest(use->name, names, count);
    nn_text help = {0};
    if (nearest == NULL && nn_diagnostics_hold(diagnostics, NN_ERR_PLUGIN, NULL)) {
        return NN_OK; /* it may well lie in the place that was refused */
    }
    if (nearest != NULL) {
        nn_text_printf(&help, "did you mean \"%s\"? ", nearest);
    }
    nn_text_printf(&help, count > 0 ? "%s: " : "no %s were found; --plugin-path and NNRUN_PLUGIN_PATH "
                   "say where to look", nn__kind_info((uint32_t)kind)->plural);
    for (size_t i = 0; i < count; i++) {
        nn_text_printf(&help, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (count > 0) {
        nn_text_put(&help, "; one of your own: plugins: [FILE] in the spec, or --plugin-path DIR");
    }
    nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_SPEC, use->place, use->path,
                nn_text_view(&help), "no %s is called \"%s\"", nn_kind_name(kind), use->name);
    nn_text_finish(&help);
    return NN_OK;
}

nn_status nn__find_ops(nn_registry *registry, nn_kind kind, const nn_use *use, unsigned bits,
                       nn_isa isa, nn_arena *arena, nn_diagnostics *diagnostics,
                       const nn_plugin **plugin, const void **ops)
{
    *plugin = NULL;
    const nn_plugin *found;
    nn_status status = nn_registry_find(registry, kind, use->name, &found);
    if (status == NN_ERR_NOT_FOUND) {
        nn_story_clear();
        return nn_registry_refused(registry, use->name) ? NN_OK
                                                        : diagnose_unknown(registry, kind, use, arena, diagnostics);
    }
    if (status == NN_OK) {
        status = nn_plugin_ops(found, bits, isa, ops);
    }
    if (status == NN_ERR_MEMORY) {
        return status;
    }
    if (status != NN_OK) {
        const char *story;
        NN_TRY(nn_arena_text(arena, nn_story(), strlen(nn_story()), &story));
        if (!nn_diagnostics_hold(diagnostics, NN_ERR_PLUGIN, story)) { /* of the spec's `plugins` */
            nn_diagnose(diagnostics, NN_SEVERITY_ERROR, NN_ERR_PLUGIN, use->place, use->path, NULL,
                        "%s", story);
        }
        nn_story_clear();
        return NN_OK;
    }
    *plugin = found;
    return NN_OK;
}
