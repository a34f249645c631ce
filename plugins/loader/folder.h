/* SPDX-License-Identifier: MIT */
/* Folders of image files: what a sub-folder is, which files count, in which order, and reading them.
 *
 * The rules, alike for every loader that includes this:
 *   - a class is a sub-folder of the root, named as the folder; its files may lie in folders below
 *   - a file counts by its ending, in any case; what begins with a dot and __MACOSX do not
 *   - classes and files are ordered by name in byte order; where all names are numbers, by number
 *   - links are followed; a folder is entered once a class, so loops end
 *   - what has the ending but is no file (FIFO, device, link to nothing) is a bad sample, never opened
 *   - what is passed over is counted and said
 *
 * An includer defines _GNU_SOURCE before its first include.  Everything is static inline: a plugin is
 * one source and links nothing of nnrun.
 */
#ifndef NN_LOADER_FOLDER_H
#define NN_LOADER_FOLDER_H

#include "folder_read.h"
#include "folder_walk.h"

/* ---- Opening and closing ---- */

static inline void folder_close(struct folder *f)
{
    if (f == NULL) {
        return;
    }
    const nn_host *host = f->host;
    for (size_t c = 0; f->class_names != NULL && c < f->group_count; c++) {
        host->free(host, (void *)(uintptr_t)f->class_names[c]);
    }
    if (f->root != NULL && f->root_fd >= 0) {
        close(f->root_fd);
    }
    host->free(host, f->class_names);
    host->free(host, f->entered);
    host->free(host, f->files);
    host->free(host, f->groups);
    host->free(host, f->names);
    host->free(host, f);
}

/* Classes are the sub-folders of the root.  Ordered like files, without an ending. */
static inline nn_status folder_classes(struct folder *f)
{
    struct folder_list folders = {0};
    const char **names = NULL;
    size_t count = 0;
    nn_status status = NN_OK;
    int fd = openat(f->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    status = fd < 0 ? folder_cannot(f, ".", errno)
                    : folder_scan(f, fd, "", false, &folders, &folders);
    if (status == NN_OK) {
        status = folder_sorted(f->host, &folders, &names, &count);
    }
    /* Sorted once more by the files' rules: a class "10" comes behind "9". */
    bool by_number = true;
    for (size_t i = 0; i < count; i++) {
        by_number = by_number && folder_is_number(names[i], false);
    }
    if (by_number && count > 1) {
        qsort(names, count, sizeof *names, folder_by_number_text);
    }
    if (status == NN_OK && count == 0) {
        status = f->host->fail(
            f->host, NN_ERR_DATA,
            f->skipped[FOLDER_BESIDE] > 0
                ? "%s: holds images but no class folders; sort them into one folder a class, or say "
                  "labels: none"
                : "%s: holds no class folders (one sub-folder a class, named as the class)",
            f->root);
    }
    for (size_t i = 0; status == NN_OK && i < count; i++) {
        size_t before = f->file_count;
        status = folder_take(f, names[i], (int32_t)i);
        if (status == NN_OK && f->file_count == before) {
            char shown[FOLDER_LINE];
            f->host->log(f->host, NN_LOG_WARNING, "%s: class %s holds no images", f->root,
                         folder_shown(names[i], shown));
        }
    }
    f->host->free(f->host, names);
    f->host->free(f->host, folders.text);
    return status;
}

static inline nn_status folder_name_classes(struct folder *f)
{
    f->class_names = f->host->alloc(f->host, f->group_count * sizeof *f->class_names);
    if (f->class_names == NULL) {
        return f->host->fail(f->host, NN_ERR_MEMORY, "out of memory: class names");
    }
    memset(f->class_names, 0, f->group_count * sizeof *f->class_names);
    for (size_t c = 0; c < f->group_count; c++) {
        const char *raw = f->names + f->groups[c].path;
        char *name = f->host->alloc(f->host, folder_utf8(raw, NULL));
        if (name == NULL) {
            return f->host->fail(f->host, NN_ERR_MEMORY, "out of memory: class names");
        }
        folder_utf8(raw, name);
        f->class_names[c] = name;
    }
    return NN_OK;
}

static inline nn_status folder_create(const nn_host *host, const char *root,
                                      const char *const *endings, struct folder **out)
{
    struct folder *f = host->alloc(host, sizeof *f);
    if (f == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: a folder");
    }
    memset(f, 0, sizeof *f);
    f->host = host;
    f->root = root;
    f->endings = endings;
    f->root_fd = AT_FDCWD;
    if (root != NULL) {
        f->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->root_fd < 0) {
            int number = errno;
            host->free(host, f);
            return host->fail(host, number == ENOENT ? NN_ERR_NOT_FOUND : NN_ERR_DATA,
                              "%s: the folder can't be opened: %s", root, strerror(number));
        }
    }
    *out = f;
    return NN_OK;
}

/* Opens a folder of classes, or of files without classes. */
static inline nn_status folder_open(const nn_host *host, const char *root,
                                    const char *const *endings, bool labelled, struct folder **out)
{
    struct folder *f = NULL;
    nn_status status = folder_create(host, root, endings, &f);
    if (status != NN_OK) {
        return status;
    }
    status = labelled ? folder_classes(f) : folder_take(f, ".", 0);
    if (status == NN_OK) {
        folder_say(f);
        if (f->file_count == 0) {
            status = host->fail(host, NN_ERR_DATA, "%s: holds no files ending in %s", root,
                                endings[0]);
        }
    }
    if (status == NN_OK && labelled) {
        status = folder_name_classes(f);
    }
    if (status != NN_OK) {
        folder_close(f);
        return status;
    }
    *out = f;
    return NN_OK;
}

/* The name at the end of a path, and how many bytes of folder lie before its slash: 0 where the path is
 * to be used as it is. */
static inline const char *folder_split_path(const char *path, size_t *front)
{
    const char *slash = strrchr(path, '/');
    bool whole = slash == NULL || slash == path || (slash == path + 1 && path[0] == '.');
    *front = whole ? 0 : (size_t)(slash - path);
    return whole ? path : slash + 1;
}

static inline nn_status folder_add_path_group(struct folder *f, const char *path, size_t length)
{
    char *copy = f->host->alloc(f->host, length + 1);
    if (copy == NULL) {
        return f->host->fail(f->host, NN_ERR_MEMORY, "out of memory: the name of a folder");
    }
    memcpy(copy, path, length);
    copy[length] = 0;
    nn_status status = folder_add_group(f, copy, -1);
    f->host->free(f->host, copy);
    return status;
}

/* One file named by the user.  Those that follow each other in one folder are a group. */
static inline nn_status folder_add_path(struct folder *f, const char *path, uint32_t type)
{
    size_t front;
    const char *name = folder_split_path(path, &front);
    const char *last = f->group_count == 0 ? NULL : f->names + f->groups[f->group_count - 1].path;
    bool joins = last != NULL && strncmp(last, path, front) == 0 && last[front] == 0;
    f->group_count -= joins;
    nn_status status = folder_add_file(f, "", name, type);
    f->group_count += joins;
    return status == NN_OK && !joins ? folder_add_path_group(f, path, front) : status;
}

/* Opens files and folders named by the user, in the order given; folders give the files below.
 * `regular`: all are known to be files. */
static inline nn_status folder_open_paths(const nn_host *host, const char *const *paths,
                                          size_t count, bool regular, const char *const *endings,
                                          struct folder **out)
{
    struct folder *f = NULL;
    nn_status status = folder_create(host, NULL, endings, &f);
    if (status != NN_OK) {
        return status;
    }
    for (size_t i = 0; status == NN_OK && i < count; i++) {
        struct stat about;
        uint32_t type = regular || stat(paths[i], &about) != 0 ? 0 : about.st_mode & S_IFMT;
        status = type == S_IFDIR ? folder_take(f, paths[i], -1)
                                 : folder_add_path(f, paths[i], type == S_IFREG ? 0 : type);
    }
    if (status != NN_OK) {
        folder_close(f);
        return status;
    }
    folder_say(f);
    *out = f;
    return NN_OK;
}

/* ---- Names ---- */

static inline void folder_sample_name(const struct folder *f, size_t index, size_t room, char *name)
{
    const struct folder_file *file = &f->files[index];
    const char *group = f->names + f->groups[file->group].path;
    bool inside = group[0] != 0 && strcmp(group, ".") != 0;
    snprintf(name, room, "%s%s%s%s%s", f->root == NULL ? "" : f->root, f->root == NULL ? "" : "/",
             inside ? group : "", inside ? "/" : "", f->names + file->name);
}

/* 128 bits over the names of classes and files in their order. */
static inline void folder_identity(const struct folder *f, uint64_t identity[2])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    uint32_t group = UINT32_MAX;
    for (size_t i = 0; i < f->file_count; i++) {
        const struct folder_file *file = &f->files[i];
        if (file->group != group) {
            group = file->group;
            const char *path = f->names + f->groups[group].path;
            XXH3_128bits_update(&state, &f->groups[group].label, sizeof(int32_t));
            XXH3_128bits_update(&state, path, strlen(path) + 1);
        }
        const char *name = f->names + file->name;
        XXH3_128bits_update(&state, name, strlen(name) + 1);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    identity[0] = hash.low64;
    identity[1] = hash.high64;
}

#endif
