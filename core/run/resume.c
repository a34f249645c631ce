/* SPDX-License-Identifier: MIT */
/* Going on with a run: its resolved spec, its newest good checkpoint, its folder. */
#include "base/path.h"
#include "run/inside.h"

#include <string.h>

/* Keys a resumed run may change; every other would make it another run. */
static const char *const changeable[] = {
    "training.epochs", "threads", "checkpoint", "training.early_stopping", NULL};

static bool may_change(const char *override)
{
    for (size_t i = 0; changeable[i] != NULL; i++) {
        size_t length = strlen(changeable[i]);
        if (strncmp(override, changeable[i], length) == 0
            && (override[length] == '=' || override[length] == '.')) {
            return true;
        }
    }
    return false;
}

nn_status nn_session_create_resumed(const nn_session_options *options, const char *folder,
                                    nn_session **out)
{
    for (size_t i = 0; i < options->override_count; i++) {
        if (!may_change(options->overrides[i])) {
            return nn_fail(NN_ERR_USAGE, "resume can't change \"%s\": only training.epochs, "
                           "training.early_stopping, checkpoint and threads; start a new run for "
                           "anything else", options->overrides[i]);
        }
    }
    nn_arena *arena;
    const char *spec = NULL;
    NN_TRY(nn_arena_create(&arena));
    nn_session *s = NULL;
    nn_status status = nn_path_join(arena, folder, "spec.resolved.yaml", &spec);
    if (status == NN_OK) {
        status = nn__session_open(options, spec, &s);
    }
    if (status == NN_OK) {
        status = nn_arena_text(s->arena, folder, strlen(folder), &s->resume_folder);
    }
    nn_arena_destroy(arena);
    if (status != NN_OK) {
        nn_session_destroy(s);
        return status;
    }
    *out = s;
    return NN_OK;
}

nn_status nn__resume_open(nn_session *s)
{
    NN_TRY(nn_run_folder_open(s->resume_folder, &s->folder));
    s->summary.folder = nn_run_folder_path(s->folder);
    nn_status status = nn_checkpoint_newest(s->resume_folder, s->options.log, s->arena,
                                            &s->resumed_from);
    return status == NN_ERR_NOT_FOUND ? NN_OK : status; /* killed before its first: from the start */
}

nn_status nn__resume_state(nn_session *s)
{
    if (s->resumed_from == NULL) {
        nn_log_line(s->options.log, NN_INFO, "no checkpoint yet: starting at the beginning");
        NN_TRY(nn__warm_start(s));
        return nn_events_restore(s->folder, s->history);
    }
    NN_TRY(nn_checkpoint_read(s->resumed_from, s->engine, &s->state, s->history));
    nn_log_line(s->options.log, NN_INFO, "resuming after epoch %llu from %s",
                (unsigned long long)s->state.epoch, s->resumed_from);
    return nn_events_restore(s->folder, s->history);
}
