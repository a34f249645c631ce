/* SPDX-License-Identifier: MIT */
#include "run/session.h"

#include "base/cores.h"
#include "base/memory.h"
#include "run/inside.h"
#include "spec/emit.h"
#include "spec/render.h"

#include <string.h>

/* The spec's own plugins lie between those of the command line and the installed ones; one that can't
 * be used is an error of the spec. */
static nn_status add_places(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    const nn_node *list = nn_node_get(e->root, "plugins");
    nn_plugin_places before = s->options.plugins, after = s->options.plugins;
    before.environment = before.installed = NULL;
    after.path_count = 0;
    NN_TRY(nn_places_add(&before, s->registry, s->arena));
    for (size_t i = 0; i < e->plugin_count; i++) {
        if (e->plugins[i] == NULL) {
            continue; /* no path: an error already */
        }
        nn_status status = nn_registry_add(s->registry, e->plugins[i], true);
        if (status == NN_ERR_MEMORY) {
            return status;
        }
        if (status != NN_OK) {
            nn_diagnose(s->diagnostics, NN_SEVERITY_ERROR, NN_ERR_PLUGIN, list->items[i]->place,
                        "plugins", NULL, "%s", nn_story());
        }
    }
    return nn_places_add(&after, s->registry, s->arena);
}

static bool same_plugins(const nn_experiment *a, const nn_experiment *b)
{
    if (a->plugin_count != b->plugin_count) {
        return false;
    }
    for (size_t i = 0; i < a->plugin_count; i++) {
        if (a->plugins[i] == NULL || b->plugins[i] == NULL
            || strcmp(a->plugins[i], b->plugins[i]) != 0) {
            return false;
        }
    }
    return true;
}

static nn_status read_spec(nn_session *s, const char *path, const nn_session *like)
{
    const char *spec;
    NN_TRY(nn_arena_text(s->arena, path, strlen(path), &spec));
    NN_TRY(nn_experiment_read(s->arena, spec, s->options.overrides, s->options.override_count,
                              s->diagnostics, &s->experiment));
    if (like != NULL && same_plugins(s->experiment, like->experiment)) {
        s->registry = like->registry;
        s->registry_borrowed = true;
    } else {
        NN_TRY(nn_registry_create(s->options.log, &s->registry));
        NN_TRY(add_places(s));
    }
    unsigned bits = s->experiment->precision == 64 ? 64 : 32;
    return nn_host_create(s->arena, bits, s->options.log, ".", &s->host);
}

nn_status nn__session_open_like(const nn_session_options *options, const char *spec,
                                const nn_session *like, nn_session **out)
{
    nn_session *s;
    NN_TRY(NN_ALLOC(&s, 1, "a session"));
    s->options = *options;
    nn_status status = nn_arena_create(&s->arena);
    if (status == NN_OK) {
        status = nn_diagnostics_create(s->arena, &s->diagnostics);
    }
    if (status == NN_OK) {
        status = nn_isa_choose(&s->isa);
    }
    if (status == NN_OK) {
        status = read_spec(s, spec, like);
    }
    if (status != NN_OK) {
        nn_session_destroy(s);
        return status;
    }
    *out = s;
    return NN_OK;
}

nn_status nn__session_open(const nn_session_options *options, const char *spec, nn_session **out)
{
    return nn__session_open_like(options, spec, NULL, out);
}

nn_status nn_session_create(const nn_session_options *options, nn_session **out)
{
    return nn__session_open(options, options->spec, out);
}

void nn_session_destroy(nn_session *s)
{
    if (s == NULL) {
        return;
    }
    nn_prefetch_destroy(s->feed.prefetch);
    nn_engine_destroy(s->engine);
    nn_history_destroy(s->history);
    nn__sources_close(&s->sources);
    for (size_t i = 0; i < s->components.all_count; i++) {
        nn_component_finish(s->components.all[i]);
    }
    nn_run_folder_close(s->folder);
    nn_pool_destroy(s->pool);
    if (!s->registry_borrowed) {
        nn_registry_destroy(s->registry);
    }
    nn_arena_destroy(s->arena);
    nn_free(s);
}

nn_status nn_session_check(nn_session *s, bool look_at_data)
{
    if (s->checked) {
        return nn_diagnostics_status(s->diagnostics);
    }
    NN_TRY(nn__resolve(s));
    s->checked = true;
    /* What is wrong with one part hides nothing of another. */
    nn_status status = nn__fit(s, NULL);
    return look_at_data && status != NN_ERR_MEMORY && s->components.train != NULL ? nn__peek(s)
                                                                                 : status;
}

void nn_session_diagnostics(const nn_session *s, nn_text *out)
{
    nn_diagnostics_print(s->diagnostics, out);
}

void nn_session_news(nn_session *s, nn_text *out)
{
    nn_diagnostics_print_new(s->diagnostics, out);
}

size_t nn_session_error_count(const nn_session *s)
{
    return nn_diagnostics_errors(s->diagnostics);
}

size_t nn_session_warning_count(const nn_session *s)
{
    return nn_diagnostics_warnings(s->diagnostics);
}

const nn_experiment *nn_session_experiment(const nn_session *s)
{
    return s->experiment;
}

const nn_summary *nn_session_summary(const nn_session *s)
{
    return &s->summary;
}

/* The bound component of a use, by the node both name. */
static const nn_node *resolved_component(void *context, const nn_use *use)
{
    const nn__components *c = context;
    for (size_t i = 0; i < c->all_count; i++) {
        if (c->all[i]->use.node == use->node) {
            return c->all[i]->resolved;
        }
    }
    return NULL;
}

nn_status nn__render(nn_session *s, nn_node **out)
{
    return nn_render(s->arena, s->experiment, resolved_component, &s->components, out);
}

nn_status nn_session_render(nn_session *s, bool origin, nn_text *out)
{
    nn_node *root;
    NN_TRY(nn__render(s, &root));
    nn_emit(root, origin, out);
    return nn_text_status(out);
}

/* The observers of the loop: first what must stay, then who watches. */
static nn_status train(nn_session *s)
{
    nn_observer observers[2] = {nn__keep_observer(s)};
    s->training.observers = observers;
    s->training.observer_count = 1;
    if (s->options.observer != NULL) {
        observers[s->training.observer_count++] = *s->options.observer;
    }
    nn_status status = nn_train(&s->training, &s->state, s->history, &s->summary.end);
    s->training.observers = NULL;
    s->training.observer_count = 0;
    return status;
}

static void summarise(nn_session *s)
{
    nn_summary *summary = &s->summary;
    summary->epochs = s->state.epoch;
    summary->seconds = s->state.seconds;
    summary->history = s->history;
    summary->best_metric = s->best_metric;
    summary->best_epoch = s->state.has_best ? s->state.best_epoch : 0;
    summary->best_value = s->state.best_value;
}

/* STATUS says how it ended, whatever it was; the failure itself is what counts. */
static nn_status tell_status(nn_session *s, nn_status status)
{
    static const char *const words[] = {"done", "failed", "diverged", "interrupted"};
    const char *word = words[status == NN_OK                  ? 0
                             : status == NN_ERR_NUMERIC     ? 2
                             : status == NN_ERR_INTERRUPTED ? 3
                                                            : 1];
    if (status == NN_OK) {
        return nn_run_folder_status(s->folder, s->summary.end == NN_END_UNTIL ? words[3] : word, "");
    }
    const char *story;
    if (nn_arena_printf(s->arena, &story, "%s", nn_story()) == NN_OK) {
        (void)nn_run_folder_status(s->folder, word, story);
        nn_story_set(story);
    }
    return status;
}

nn_status nn__open_network(nn_session *s)
{
    size_t threads = s->options.threads > 0 ? s->options.threads : s->experiment->threads;
    NN_TRY(nn_pool_create(threads > 0 ? threads : nn_cores(), &s->pool));
    NN_TRY(nn__sources_open(s));
    return nn__assemble(s);
}

/* Data, network, and what is known of both. */
static nn_status prepare(nn_session *s)
{
    NN_TRY(nn__open_network(s));
    return nn__facts(s);
}

static nn_status go(nn_session *s)
{
    nn_status status = train(s);
    summarise(s);
    if (status == NN_OK) {
        status = nn__finish(s);
    }
    if (status == NN_ERR_INTERRUPTED) {
        s->summary.end = NN_END_INTERRUPT;
    }
    return tell_status(s, status);
}

nn_status nn_session_run(nn_session *s)
{
    NN_TRY(nn_session_check(s, false));
    NN_TRY(nn__facts_spec(s));
    nn_status status = prepare(s);
    if (status == NN_ERR_INTERRUPTED) {
        return tell_status(s, nn__keep_unbegun(s));
    }
    NN_TRY(status);
    NN_TRY(nn__warm_start(s));
    NN_TRY(nn__keep_begin(s));
    return go(s);
}

nn_status nn_session_resume(nn_session *s)
{
    NN_TRY(nn_session_check(s, false));
    NN_TRY(nn__facts_spec(s));
    NN_TRY(nn__resume_open(s));
    NN_TRY(prepare(s));
    NN_TRY(nn__resume_same(s));
    NN_TRY(nn__resume_state(s));
    NN_TRY(nn__keep_begin(s));
    return go(s);
}
