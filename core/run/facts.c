/* SPDX-License-Identifier: MIT */
/* What is known of a run before its first epoch: spec, provenance, plugins, data. */
#include "run/inside.h"

#include <string.h>

static nn_status render(nn_session *s, bool origin, const char **out)
{
    nn_text text = {0};
    nn_status status = nn_session_render(s, origin, &text);
    if (status == NN_OK) {
        status = nn_arena_text(s->arena, nn_text_view(&text), text.length, out);
    }
    nn_text_finish(&text);
    return status;
}

static nn_status provenance(nn_session *s)
{
    const nn_fact extra[] = {
        {"isa", nn_isa_name(s->isa)},
    };
    NN_TRY(nn_provenance_create(s->options.argument_count, s->options.arguments, s->experiment->seed,
                                nn_pool_threads(s->pool), extra, sizeof extra / sizeof extra[0],
                                s->arena, &s->provenance));
    s->facts.provenance = nn_provenance_facts(s->provenance, &s->facts.provenance_count);
    return NN_OK;
}

/* Each plugin once, whatever number of components it serves. */
static nn_status plugins(nn_session *s)
{
    const nn__components *c = &s->components;
    nn_plugin_fact *facts;
    size_t count = 0;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &facts, c->all_count));
    for (size_t i = 0; i < c->all_count; i++) {
        const nn_plugin *plugin = c->all[i]->plugin;
        bool known = false;
        for (size_t k = 0; k < count; k++) {
            known = known || strcmp(facts[k].file, plugin->path) == 0;
        }
        if (!known) {
            facts[count++] = (nn_plugin_fact){
                .kind = nn_kind_name(plugin->kind),
                .name = plugin->name,
                .file = plugin->path,
                .sha256 = plugin->sha256,
                .built_with = plugin->manifest->built_with,
            };
        }
    }
    s->facts.plugins = facts;
    s->facts.plugin_count = count;
    return NN_OK;
}

static nn_hash128 fingerprint(const nn_dataset *dataset)
{
    return dataset == NULL ? (nn_hash128){0, 0} : nn_dataset_describe(dataset)->fingerprint;
}

static void data(nn_session *s)
{
    const nn__sources *sources = &s->sources;
    const nn_dataset_about *about = &sources->about;
    s->facts.data.train = fingerprint(sources->train);
    s->facts.data.test = fingerprint(sources->test);
    s->facts.data.validation = fingerprint(sources->validation);
    s->facts.data.class_names = about->class_names;
    s->facts.data.class_count = about->class_count;
    s->facts.data.train_count = sources->train_count;
    s->facts.data.validation_count = sources->validation_count;
    s->facts.data.test_count = sources->test_count;
    s->facts.data.skipped = about->skipped;
    s->facts.data.train_indices = sources->train_rows;
    s->facts.data.validation_indices = sources->validation_rows;
    s->facts.data.scale = sources->normalize.scale;
    s->facts.data.shift = sources->normalize.shift;
    s->facts.data.scale_count = sources->normalize.count;
    s->facts.data.height = about->height;
    s->facts.data.width = about->width;
    s->facts.data.channels = about->channels;
}

nn_status nn__facts_spec(nn_session *s)
{
    s->facts.spec_source = s->experiment->source->bytes;
    NN_TRY(render(s, false, &s->facts.spec_resolved));
    return render(s, true, &s->facts.spec_origin);
}

nn_status nn__facts(nn_session *s)
{
    NN_TRY(provenance(s));
    NN_TRY(plugins(s));
    data(s);
    return NN_OK;
}
