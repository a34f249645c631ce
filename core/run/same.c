/* SPDX-License-Identifier: MIT */
/* Whether a run that goes on is still the run that began: its data, plugins and machine against what
 * run.h5 keeps of the first start.  What only the first start knows is taken over. */
#include "base/memory.h"
#include "base/path.h"
#include "run/inside.h"
#include "store/read.h"

#include <string.h>

static const size_t SPEC_MOST = (size_t)16 << 20;

/* Facts whose change may change bits, though not what is learnt. */
static const char *const bits_depend_on[] = {"nnrun", "commit", "cpu", "isa", "compiler"};

static nn_status same_data(const char *what, nn_hash128 now, nn_hash128 before)
{
    if (now.low == before.low && now.high == before.high) {
        return NN_OK;
    }
    char a[NN_HASH_TEXT], b[NN_HASH_TEXT];
    return nn_fail(NN_ERR_DATA, "%s: the data changed since the run began (fingerprint %s, was %s); "
                   "bring the old ones back, or start a new run", what, nn_hash_hex(now, a),
                   nn_hash_hex(before, b));
}

static void same_plugin(const nn_session *s, const nn_plugin_fact *before)
{
    for (size_t i = 0; i < s->facts.plugin_count; i++) {
        const nn_plugin_fact *now = &s->facts.plugins[i];
        if (strcmp(now->kind, before->kind) == 0 && strcmp(now->name, before->name) == 0
            && strcmp(now->sha256, before->sha256) != 0) {
            nn_log_line(s->options.log, NN_WARNING, "%s %s: another file than the run began with (%s); "
                        "its results may be others", now->kind, now->name, now->file);
        }
    }
}

static void same_machine(const nn_session *s, const nn_run_data *before)
{
    nn_run_data now = {.facts = s->facts};
    for (size_t i = 0; i < sizeof bits_depend_on / sizeof bits_depend_on[0]; i++) {
        const char *a = nn_run_fact(&now, bits_depend_on[i]);
        const char *b = nn_run_fact(before, bits_depend_on[i]);
        if (a != NULL && b != NULL && strcmp(a, b) != 0) {
            nn_log_line(s->options.log, NN_WARNING, "%s is %s, was %s when the run began; the last bits "
                        "may differ from those of an unbroken run", bits_depend_on[i], a, b);
        }
    }
}

/* Without run.h5, spec.yaml still has the spec as it was given. */
static nn_status take_source(nn_session *s)
{
    const char *path;
    char *bytes;
    size_t length;
    NN_TRY(nn_path_join(s->arena, s->resume_folder, "spec.yaml", &path));
    if (!nn_path_is_file(path)) {
        return NN_OK;
    }
    NN_TRY(nn_file_read(path, SPEC_MOST, &bytes, &length));
    nn_status status = nn_arena_text(s->arena, bytes, length, &s->facts.spec_source);
    nn_free(bytes);
    return status;
}

nn_status nn__resume_same(nn_session *s)
{
    nn_run_data before;
    nn_status status = nn_run_read(s->resume_folder, s->arena, &before);
    if (status == NN_ERR_MEMORY) {
        return status;
    }
    if (status != NN_OK) {
        nn_log_line(s->options.log, NN_WARNING, "%s; whether data and plugins are those the run began "
                    "with can't be told, and run.h5 is written anew", nn_story());
        return take_source(s);
    }
    NN_TRY_DONE(same_data("data.train", s->facts.data.train, before.facts.data.train));
    NN_TRY_DONE(same_data("data.validation", s->facts.data.validation, before.facts.data.validation));
    NN_TRY_DONE(same_data("data.test", s->facts.data.test, before.facts.data.test));
    for (size_t i = 0; i < before.facts.plugin_count; i++) {
        same_plugin(s, &before.facts.plugins[i]);
    }
    same_machine(s, &before);
    s->facts.spec_source = before.facts.spec_source;
    s->facts.spec_origin = before.facts.spec_origin;
    nn_provenance_began(s->provenance, nn_run_fact(&before, "start"));
    s->facts.provenance = nn_provenance_facts(s->provenance, &s->facts.provenance_count);
done:
    nn_run_data_finish(&before);
    return status;
}
