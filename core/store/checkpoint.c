/* SPDX-License-Identifier: MIT */
#include "store/checkpoint.h"

#include "base/memory.h"
#include "base/path.h"
#include "store/parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 64, PATH_ROOM = 4096 };
static const char in_folder[] = "checkpoints";

/* A checkpoint as its file name tells it. */
struct place {
    uint64_t epoch, position;
};

static void name_of(struct place place, char name[NAME_ROOM])
{
    if (place.position == 0) {
        snprintf(name, NAME_ROOM, "epoch-%06llu.h5", (unsigned long long)place.epoch);
    } else {
        snprintf(name, NAME_ROOM, "epoch-%06llu-%06llu.h5", (unsigned long long)place.epoch,
                 (unsigned long long)place.position);
    }
}

/* Only names this file would write itself. */
static bool parse_name(const char *name, struct place *out)
{
    unsigned long long epoch, position = 0;
    char again[NAME_ROOM];
    if (sscanf(name, "epoch-%llu-%llu.h5", &epoch, &position) < 1) {
        return false;
    }
    *out = (struct place){epoch, position};
    name_of(*out, again);
    return strcmp(name, again) == 0;
}

static bool is_later(struct place a, struct place b)
{
    return a.epoch != b.epoch ? a.epoch > b.epoch : a.position > b.position;
}

/* --- writing ----------------------------------------------------------------------------------------- */

struct slot {
    nn_engine *engine;
    size_t slot;
};

static void get_slot(void *context, size_t layer, size_t first, size_t count, void *weight, void *bias)
{
    const struct slot *slot = context;
    nn_engine_get_slot_units(slot->engine, slot->slot, layer, first, count, weight, bias);
}

static void set_slot(void *context, size_t layer, const void *weight, const void *bias)
{
    const struct slot *slot = context;
    nn_engine_set_slot(slot->engine, slot->slot, layer, weight, bias);
}

/* `root` is filled with the group's path, which the result points to. */
static nn_layered layered_slot(struct slot *slot, char root[NAME_ROOM])
{
    snprintf(root, NAME_ROOM, "/optimizer/%s", nn_engine_slot_name(slot->engine, slot->slot));
    return (nn_layered){.root = root, .doc = "laid out as the layer's weights", .context = slot,
                        .get = get_slot, .set = set_slot};
}

/* Slots are zero before the first update. */
static void put_optimizer(nn_build *build, nn_engine *engine, bool blank)
{
    const nn_topology *topology = nn_engine_topology(engine);
    nn_build_group(build, "/optimizer");
    if (topology->optimizer != NULL) {
        nn_build_mark(build, "/optimizer", "name", topology->optimizer->name);
    }
    for (size_t s = 0; s < nn_engine_slot_count(engine); s++) {
        char root[NAME_ROOM];
        struct slot slot = {engine, s};
        nn_layered layered = layered_slot(&slot, root);
        layered.blank = blank;
        nn_parts_layered(build, topology, &layered);
    }
    const double *scalars = nn_engine_scalars(engine);
    for (size_t s = 0; s < nn_engine_scalar_count(engine); s++) {
        char name[NAME_ROOM];
        snprintf(name, sizeof name, "scalar_%s", nn_engine_scalar_name(engine, s));
        nn_build_mark_real(build, "/optimizer", name, scalars[s]);
    }
}

static void put_state(nn_build *build, const nn_train_state *state)
{
    nn_build_count(build, "/state/epoch", state->epoch, "epochs completed");
    nn_build_count(build, "/state/step", state->step, "updates completed");
    nn_build_count(build, "/state/position", state->position,
                   "rows of the next epoch already trained on");
    nn_build_real(build, "/state/running_cost", state->running_cost, NULL,
                  "sum of the cost over those rows");
    nn_build_count(build, "/state/running_correct", state->running_correct,
                   "how many of those rows were told right");
    nn_build_real(build, "/state/seconds", state->seconds, "s", "spent so far");
    if (state->has_best) {
        nn_build_count(build, "/state/best_epoch", state->best_epoch, "the best epoch so far");
        nn_build_real(build, "/state/best_value", state->best_value, NULL, "its metric");
    }
}

static nn_status write_build(nn_build *build, nn_run_folder *folder, const char *name, bool sync)
{
    void *bytes;
    size_t length;
    NN_TRY(nn_build_take(build, &bytes, &length));
    nn_status status = nn_run_folder_write(folder, name, bytes, length, sync);
    nn_free(bytes);
    return status;
}

nn_status nn_checkpoint_write(nn_run_folder *folder, nn_engine *engine, const nn_train_state *state,
                              const nn_history *history, bool sync, nn_arena *arena,
                              const char **path)
{
    char file[NAME_ROOM], name[2 * NAME_ROOM];
    name_of((struct place){state->epoch, state->position}, file);
    snprintf(name, sizeof name, "%s/%s", in_folder, file);
    nn_build *build;
    bool blank = state->step == 0;
    NN_TRY(nn_build_create(file, nn_parts_bytes(engine, blank ? 0 : nn_engine_slot_count(engine)), &build));
    nn_parts_head(build, "checkpoint", nn_run_folder_id(folder));
    put_state(build, state);
    nn_parts_metrics(build, history);
    nn_parts_model(build, engine);
    put_optimizer(build, engine, blank);
    nn_status status = write_build(build, folder, name, sync);
    nn_build_destroy(build);
    if (status == NN_OK && path != NULL) {
        status = nn_path_join(arena, nn_run_folder_path(folder), name, path);
    }
    return status;
}

/* --- the files there are -------------------------------------------------------------------------------- */

struct places {
    struct place *items;
    size_t count, room;
};

static int newest_first(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    return is_later(*q, *p) - is_later(*p, *q);
}

static nn_status add_place(struct places *places, struct place place)
{
    if (places->count == places->room) {
        size_t room = places->room == 0 ? 16 : places->room * 2;
        NN_TRY(nn_realloc((void **)&places->items, places->count, room, sizeof *places->items,
                          "a list of checkpoints"));
        places->room = room;
    }
    places->items[places->count++] = place;
    return NN_OK;
}

/* All checkpoints of a run folder, newest first; the caller frees items. */
static nn_status list_places(const char *folder, struct places *places)
{
    char path[PATH_ROOM];
    const struct dirent *entry;
    nn_status status = NN_OK;
    *places = (struct places){0};
    snprintf(path, sizeof path, "%s/%s", folder, in_folder);
    DIR *listing = opendir(path);
    if (listing == NULL) {
        return errno == ENOENT ? NN_OK : nn_fail_errno(errno, "%s: can't be listed", path);
    }
    while (status == NN_OK && (entry = readdir(listing)) != NULL) {
        struct place place;
        if (parse_name(entry->d_name, &place)) {
            status = add_place(places, place);
        }
    }
    closedir(listing);
    if (status == NN_OK && places->count > 0) {
        qsort(places->items, places->count, sizeof *places->items, newest_first);
    }
    return status;
}

static nn_status path_of(const char *folder, struct place place, nn_arena *arena, const char **out)
{
    char name[NAME_ROOM];
    name_of(place, name);
    return nn_arena_printf(arena, out, "%s/%s/%s", folder, in_folder, name);
}

/* The newest is kept whatever it is; of the others whole epochs count towards `keep`, and a checkpoint
 * inside an epoch has served once a later one exists.  The last one known to be on the disk stays
 * until a newer one is: a power cut may take all that were only renamed. */
nn_status nn_checkpoint_prune(nn_run_folder *folder, size_t keep, uint64_t best_epoch)
{
    struct places places;
    const char *synced = nn_run_folder_last_synced(folder, in_folder);
    size_t epochs = 0;
    NN_TRY(list_places(nn_run_folder_path(folder), &places));
    nn_status status = NN_OK;
    for (size_t i = 0; status == NN_OK && i < places.count; i++) {
        struct place place = places.items[i];
        char file[NAME_ROOM], name[2 * NAME_ROOM];
        name_of(place, file);
        bool whole = place.position == 0, kept = whole && epochs < keep;
        epochs += whole;
        kept = kept || i == 0 || (whole && (place.epoch == 0 || place.epoch == best_epoch));
        if (!kept && strcmp(file, synced) != 0) {
            snprintf(name, sizeof name, "%s/%s", in_folder, file);
            status = nn_run_folder_remove(folder, name);
        }
    }
    nn_free(places.items);
    return status;
}

/* --- reading ------------------------------------------------------------------------------------------- */

static nn_status read_state(const nn_image *image, nn_train_state *out)
{
    nn_train_state state = {0};
    NN_TRY(nn_image_count(image, "/state/epoch", &state.epoch));
    NN_TRY(nn_image_count(image, "/state/step", &state.step));
    NN_TRY(nn_image_count(image, "/state/position", &state.position));
    NN_TRY(nn_image_real(image, "/state/running_cost", &state.running_cost));
    NN_TRY(nn_image_count(image, "/state/running_correct", &state.running_correct));
    NN_TRY(nn_image_real(image, "/state/seconds", &state.seconds));
    state.has_best = nn_image_has(image, "/state/best_epoch");
    if (state.has_best) {
        NN_TRY(nn_image_count(image, "/state/best_epoch", &state.best_epoch));
        NN_TRY(nn_image_real(image, "/state/best_value", &state.best_value));
    }
    *out = state;
    return NN_OK;
}

/* A file that is whole may still be another's: renamed, or copied in from another run. */
static nn_status check_identity(const nn_image *image, const nn_train_state *state, nn_arena *arena)
{
    struct place place;
    const char *kind, *run, *folder, *path = nn_image_path(image);
    char id[NN_RUN_ID_TEXT];
    NN_TRY(nn_image_mark(image, "/", "kind", arena, &kind));
    NN_TRY(nn_image_mark(image, "/", "run", arena, &run));
    if (strcmp(kind, "checkpoint") != 0) {
        return nn_image_fail(image, "not a checkpoint but a %s file", kind);
    }
    if (parse_name(nn_path_name(path), &place)
        && (place.epoch != state->epoch || place.position != state->position)) {
        return nn_image_fail(image, "swapped: it holds epoch %llu (position %llu), not what its name says",
                             (unsigned long long)state->epoch, (unsigned long long)state->position);
    }
    NN_TRY(nn_path_folder(arena, path, &folder));
    NN_TRY(nn_arena_printf(arena, &folder, "%s/..", folder));
    nn_run_folder_id_of(folder, id);
    if (id[0] != '\0' && run[0] != '\0' && strcmp(id, run) != 0) {
        return nn_image_fail(image, "swapped: it belongs to another run (%s, this one is %s)", run, id);
    }
    return NN_OK;
}

static nn_status open_checkpoint(const char *path, nn_image **out, nn_train_state *state)
{
    nn_image *image;
    nn_arena *arena = NULL;
    NN_TRY(nn_image_open(path, &image));
    nn_status status = nn_arena_create(&arena);
    if (status == NN_OK) {
        status = read_state(image, state);
    }
    if (status == NN_OK) {
        status = check_identity(image, state, arena);
    }
    nn_arena_destroy(arena);
    if (status != NN_OK) {
        nn_image_close(image);
        return status;
    }
    *out = image;
    return NN_OK;
}

static nn_status check_optimizer(const nn_image *image, nn_engine *engine)
{
    const nn_topology *topology = nn_engine_topology(engine);
    nn_arena *arena;
    const char *name;
    if (topology->optimizer == NULL) {
        return NN_OK;
    }
    NN_TRY(nn_arena_create(&arena));
    nn_status status = nn_image_mark(image, "/optimizer", "name", arena, &name);
    if (status == NN_OK && strcmp(name, topology->optimizer->name) != 0) {
        status = nn_image_fail(image, "its optimizer is %s; the run's is %s", name,
                               topology->optimizer->name);
    }
    nn_arena_destroy(arena);
    for (size_t s = 0; status == NN_OK && s < nn_engine_slot_count(engine); s++) {
        char root[NAME_ROOM];
        struct slot slot = {engine, s};
        const nn_layered layered = layered_slot(&slot, root);
        status = nn_parts_check_layered(image, topology, &layered);
    }
    return status;
}

static nn_status read_optimizer(const nn_image *image, nn_engine *engine)
{
    const nn_topology *topology = nn_engine_topology(engine);
    for (size_t s = 0; s < nn_engine_slot_count(engine); s++) {
        char root[NAME_ROOM];
        struct slot slot = {engine, s};
        const nn_layered layered = layered_slot(&slot, root);
        NN_TRY(nn_parts_read_layered(image, topology, &layered));
    }
    double *scalars = nn_engine_scalars(engine);
    for (size_t s = 0; s < nn_engine_scalar_count(engine); s++) {
        char name[NAME_ROOM];
        snprintf(name, sizeof name, "scalar_%s", nn_engine_scalar_name(engine, s));
        NN_TRY(nn_image_mark_real(image, "/optimizer", name, &scalars[s]));
    }
    return NN_OK;
}

/* Moves the records of `from` to `to`, which must be of the same kind. */
static nn_status take_history(const nn_image *image, nn_history *to)
{
    nn_history *from;
    NN_TRY(nn_parts_read_metrics(image, &from));
    nn_status status = NN_OK;
    if (from->accuracy != to->accuracy || from->validation != to->validation
        || from->layer_count != to->layer_count) {
        status = nn_image_fail(image, "its metrics are not those of this run");
    } else {
        nn_history_cut(to, 0);
    }
    for (size_t i = 0; status == NN_OK && i < from->count; i++) {
        status = nn_history_append(to, &from->records[i]);
    }
    nn_history_destroy(from);
    return status;
}

nn_status nn_checkpoint_read(const char *path, nn_engine *engine, nn_train_state *state,
                             nn_history *history)
{
    nn_image *image;
    nn_train_state found;
    NN_TRY(open_checkpoint(path, &image, &found));
    nn_status status = NN_OK;
    if (engine != NULL) {
        NN_TRY_DONE(check_optimizer(image, engine));
        NN_TRY_DONE(nn_parts_read_model(image, engine));
        NN_TRY_DONE(read_optimizer(image, engine));
    }
    if (history != NULL) {
        NN_TRY_DONE(take_history(image, history));
    }
    if (state != NULL) {
        *state = found;
    }
done:
    nn_image_close(image);
    return status;
}

/* Whether one can go on from this file: it is whole, and so is the checkpoint it calls the best, whose
 * weights are needed at the end.  An older one is good enough otherwise: training on from it makes the
 * best one anew, to the same bits. */
static nn_status look_at(const char *folder, struct place place, nn_arena *arena, const char **path)
{
    nn_image *image;
    nn_train_state state, of_best;
    NN_TRY(path_of(folder, place, arena, path));
    NN_TRY(open_checkpoint(*path, &image, &state));
    nn_image_close(image);
    if (!state.has_best || (state.best_epoch == state.epoch && state.position == 0)) {
        return NN_OK;
    }
    const char *best;
    NN_TRY(path_of(folder, (struct place){state.best_epoch, 0}, arena, &best));
    nn_status status = open_checkpoint(best, &image, &of_best);
    if (status == NN_OK) {
        nn_image_close(image);
    } else {
        nn_note("which %s needs as the best epoch's", *path);
    }
    return status;
}

/* Those nobody needs now: a damaged one is named before it is. */
static nn_status look_at_rest(const char *folder, const struct places *places, size_t first,
                              const nn_log *log, nn_arena *arena)
{
    for (size_t i = first; i < places->count; i++) {
        nn_image *image;
        nn_train_state state;
        const char *path;
        NN_TRY(path_of(folder, places->items[i], arena, &path));
        nn_status status = open_checkpoint(path, &image, &state);
        if (status == NN_OK) {
            nn_image_close(image);
        } else if (status == NN_ERR_MEMORY) {
            return status;
        } else {
            nn_log_line(log, NN_WARNING, "%s; the run can't go back to it", nn_story());
        }
    }
    return NN_OK;
}

nn_status nn_checkpoint_newest(const char *folder, const nn_log *log, nn_arena *arena,
                               const char **path)
{
    struct places places;
    const char *found = NULL;
    NN_TRY(list_places(folder, &places));
    nn_status status = NN_OK;
    size_t count = places.count;
    for (size_t i = 0; status == NN_OK && found == NULL && i < count; i++) {
        const char *candidate;
        nn_status whole = look_at(folder, places.items[i], arena, &candidate);
        if (whole == NN_OK) {
            found = candidate;
            status = look_at_rest(folder, &places, i + 1, log, arena);
        } else if (whole == NN_ERR_MEMORY) {
            status = whole;
        } else {
            nn_log_line(log, NN_WARNING, "%s; an older checkpoint is tried", nn_story());
        }
    }
    nn_free(places.items);
    NN_TRY(status);
    if (count == 0) {
        return nn_fail(NN_ERR_NOT_FOUND, "%s: has no checkpoint yet", folder);
    }
    if (found == NULL) {
        return nn_fail(NN_ERR_CHECKPOINT,
                       "%s: none of its %zu checkpoints can be gone on from; start the run anew", folder,
                       count);
    }
    *path = found;
    return NN_OK;
}

nn_status nn_checkpoint_of_epoch(const char *folder, uint64_t epoch, nn_arena *arena,
                                 const char **path)
{
    const char *candidate;
    NN_TRY(path_of(folder, (struct place){epoch, 0}, arena, &candidate));
    *path = nn_path_is_file(candidate) ? candidate : NULL;
    return NN_OK;
}
