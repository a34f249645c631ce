/* SPDX-License-Identifier: MIT */
/* Which folder RUN means, and how a run stands as seen from outside. */
#include "store/folder.h"

#include "base/memory.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STATUS_MOST = 65536, TIME_CHARACTERS = 16 /* 20261123T150405Z */ };

/* A growing list of arena texts. */
struct paths {
    const char **items;
    size_t count, room;
};

static nn_status add(struct paths *paths, const char *path)
{
    if (paths->count == paths->room) {
        size_t room = paths->room == 0 ? 32 : paths->room * 2;
        NN_TRY(nn_realloc((void **)&paths->items, paths->count, room, sizeof *paths->items,
                          "a list of runs"));
        paths->room = room;
    }
    paths->items[paths->count++] = path;
    return NN_OK;
}

/* A run folder has said what it is: a resolved spec, or results. */
static bool is_run(nn_arena *arena, const char *path)
{
    const char *spec, *results;
    return nn_path_join(arena, path, "spec.resolved.yaml", &spec) == NN_OK
        && nn_path_join(arena, path, "run.h5", &results) == NN_OK
        && (nn_path_is_file(spec) || nn_path_is_file(results));
}

/* Names in one folder are <time>-s<seed>[-k]: by time, then k, then seed, then bytes. */
struct run_name {
    unsigned long long seed, k;
};

static struct run_name parts(const char *name)
{
    struct run_name parts = {0};
    char *end;
    if (strlen(name) > TIME_CHARACTERS + 2 && name[TIME_CHARACTERS] == '-'
        && name[TIME_CHARACTERS + 1] == 's') {
        parts.seed = strtoull(name + TIME_CHARACTERS + 2, &end, 10);
        parts.k = *end == '-' ? strtoull(end + 1, NULL, 10) : 1;
    }
    return parts;
}

static int three_way(unsigned long long a, unsigned long long b)
{
    return (a > b) - (a < b);
}

static int by_age(const void *a, const void *b)
{
    const char *p = *(const char *const *)a, *q = *(const char *const *)b;
    const char *p_name = nn_path_name(p), *q_name = nn_path_name(q);
    size_t p_length = (size_t)(p_name - p), q_length = (size_t)(q_name - q);
    int order = strncmp(p, q, p_length > q_length ? p_length : q_length);
    if (p_length != q_length || strncmp(p, q, p_length) != 0) {
        return order != 0 ? order : three_way(p_length, q_length);
    }
    order = strncmp(p_name, q_name, TIME_CHARACTERS);
    struct run_name p_parts = parts(p_name), q_parts = parts(q_name);
    order = order != 0 ? order : three_way(p_parts.k, q_parts.k);
    order = order != 0 ? order : three_way(p_parts.seed, q_parts.seed);
    return order != 0 ? order : strcmp(p_name, q_name);
}

/* Adds the run folders at most `depth` levels below `path`; a run folder is not looked into. */
static nn_status collect(const char *path, int depth, nn_arena *arena, struct paths *paths)
{
    if (is_run(arena, path)) {
        return add(paths, path);
    }
    DIR *listing = depth > 0 ? opendir(path) : NULL;
    const struct dirent *entry;
    nn_status status = NN_OK;
    while (status == NN_OK && listing != NULL && (entry = readdir(listing)) != NULL) {
        const char *child;
        if (entry->d_name[0] == '.') {
            continue;
        }
        status = nn_path_join(arena, path, entry->d_name, &child);
        if (status == NN_OK && nn_path_is_folder(child)) {
            status = collect(child, depth - 1, arena, paths);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    return status;
}

static nn_status list(const char *root, int depth, nn_arena *arena, const char *const **out,
                      size_t *count)
{
    struct paths paths = {0};
    const char **copy = NULL;
    nn_status status = collect(root, depth, arena, &paths);
    if (status == NN_OK && paths.count > 0) {
        qsort(paths.items, paths.count, sizeof *paths.items, by_age);
        status = NN_ARENA_ALLOC(arena, &copy, paths.count);
        if (status == NN_OK) {
            memcpy(copy, paths.items, paths.count * sizeof *copy);
        }
    }
    if (status == NN_OK) {
        *out = copy;
        *count = paths.count;
    }
    nn_free(paths.items);
    return status;
}

nn_status nn_run_folder_list(const char *root, nn_arena *arena, const char *const **out,
                             size_t *count)
{
    return list(root, 2, arena, out, count);
}

/* What `path` means: a run folder, a file in one, or a folder of runs (the newest).  *out stays NULL
 * where it means none. */
static nn_status look_at(const char *path, nn_arena *arena, const char **out)
{
    const char *folder = path;
    if (nn_path_is_file(path)) {
        NN_TRY(nn_path_folder(arena, path, &folder));
        *out = is_run(arena, folder) ? folder : NULL;
        return NN_OK;
    }
    const char *const *runs;
    size_t count;
    NN_TRY(list(folder, 1, arena, &runs, &count));
    *out = count > 0 ? runs[count - 1] : NULL;
    return NN_OK;
}

nn_status nn_run_folder_find(const char *run, const char *results, nn_arena *arena, const char **out)
{
    const char *found = NULL, *below, *trimmed;
    size_t length = strlen(run);
    while (length > 1 && run[length - 1] == '/') {
        length--;
    }
    NN_TRY(nn_arena_text(arena, run, length, &trimmed));
    NN_TRY(nn_path_join(arena, results, trimmed, &below));
    NN_TRY(look_at(trimmed, arena, &found));
    if (found == NULL && strcmp(trimmed, below) != 0) {
        NN_TRY(look_at(below, arena, &found));
    }
    if (found == NULL) {
        return nn_fail(NN_ERR_NOT_FOUND,
                       "%s: no such run; looked for a run folder or its run.h5 at %s, and for runs of "
                       "that name in %s",
                       run, trimmed, below);
    }
    *out = found;
    return NN_OK;
}

/* Whether a process holds the lock of a folder. */
static bool is_held(const char *lock)
{
    int file = open(lock, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool held = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (file >= 0) {
        close(file);
    }
    return held;
}

nn_status nn_run_folder_state(const char *path, nn_arena *arena, const char **word,
                              const char **line)
{
    const char *name, *lock;
    char *bytes;
    size_t length;
    NN_TRY(nn_path_join(arena, path, "STATUS", &name));
    NN_TRY(nn_path_join(arena, path, ".lock", &lock));
    if (!nn_path_is_file(name)) {
        *word = "unknown";
        *line = "";
        return NN_OK;
    }
    NN_TRY(nn_file_read(name, STATUS_MOST, &bytes, &length));
    size_t first = strcspn(bytes, "\n");
    const char *rest = bytes[first] == '\n' ? bytes + first + 1 : "";
    const char *text, *where;
    nn_status status = nn_arena_text(arena, bytes, first, &text);
    if (status == NN_OK) {
        status = nn_arena_text(arena, rest, strcspn(rest, "\n"), &where);
    }
    nn_free(bytes);
    NN_TRY(status);
    *word = strcmp(text, "running") == 0 && !is_held(lock) ? "killed" : text;
    *line = where;
    return NN_OK;
}
