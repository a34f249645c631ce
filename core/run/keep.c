/* SPDX-License-Identifier: MIT */
/* What stays of a run while it runs: events, checkpoints and run.h5 after each epoch, in an order
 * that loses nothing completed whenever the process dies. */
#include "run/inside.h"

#include <string.h>

/* spec.yaml stays as it was first given; the resolved one follows what a resume was allowed to change,
 * so that the next resume knows it too. */
static nn_status keep_spec(nn_session *s)
{
    const nn_text_source *source = s->experiment->source;
    if (s->resume_folder == NULL) {
        NN_TRY(nn_run_folder_write(s->folder, "spec.yaml", source->bytes, source->length, false));
    }
    const char *resolved = s->facts.spec_resolved;
    return nn_run_folder_write(s->folder, "spec.resolved.yaml", resolved, strlen(resolved), false);
}

static nn_status prune(nn_session *s, const nn_train_state *state)
{
    return nn_checkpoint_prune(s->folder, (size_t)s->experiment->checkpoint.keep,
                               state->has_best ? state->best_epoch : 0);
}

static nn_status keep_checkpoint(nn_session *s, const nn_train_state *state,
                                 const nn_history *history, bool sync)
{
    NN_TRY(nn_checkpoint_write(s->folder, s->engine, state, history, sync, s->arena, NULL));
    return prune(s, state);
}

static nn_status claim(nn_session *s)
{
    const nn_experiment *e = s->experiment;
    if (s->folder == NULL) {
        NN_TRY(nn_run_folder_claim(s->options.results, e->name, e->seed, NULL, &s->folder));
    }
    s->summary.folder = nn_run_folder_path(s->folder);
    NN_TRY(nn_run_folder_status(s->folder, "running", ""));
    return keep_spec(s);
}

nn_status nn__keep_unbegun(nn_session *s)
{
    const char *story;
    NN_TRY(nn_arena_printf(s->arena, &story, "%s", nn_story()));
    NN_TRY(claim(s));
    nn_story_set(story);
    return NN_ERR_INTERRUPTED;
}

nn_status nn__keep_begin(nn_session *s)
{
    NN_TRY(claim(s));
    if (s->resumed_from != NULL) {
        return prune(s, &s->state); /* what the last process did not come to */
    }
    NN_TRY(nn_results_write(s->folder, &s->facts, s->history, NULL, NULL, false));
    return keep_checkpoint(s, &s->state, s->history, false);
}

/* A checkpoint is due every `every` epochs, at the last, and whenever the epoch is the best so far
 * (its weights are tested at the end). */
static bool due(const nn_session *s, const nn_train_state *state)
{
    uint64_t every = (uint64_t)s->experiment->checkpoint.every;
    uint64_t last = s->training.until > 0 && s->training.until < s->training.epochs
                        ? s->training.until
                        : s->training.epochs;
    return (every > 0 && state->epoch % every == 0) || state->epoch == last
        || (state->has_best && state->best_epoch == state->epoch);
}

static nn_status keep_epoch(void *context, const nn_train_state *state, const nn_history *history,
                            const nn_record *record)
{
    nn_session *s = context;
    bool last = state->epoch == s->training.epochs || state->epoch == s->training.until;
    if (due(s, state)) {
        NN_TRY(keep_checkpoint(s, state, history, last));
    }
    NN_TRY(nn_events_append(s->folder, history, record));
    nn_provenance_end(s->provenance);
    return nn_results_write(s->folder, &s->facts, history, NULL, NULL, false);
}

static nn_status keep_interrupted(void *context, const nn_train_state *state,
                                  const nn_history *history)
{
    return keep_checkpoint(context, state, history, true);
}

nn_observer nn__keep_observer(nn_session *s)
{
    return (nn_observer){.context = s, .epoch = keep_epoch, .interrupted = keep_interrupted};
}
