/* SPDX-License-Identifier: MIT */
/* Part of folder.h: which files there are. */
#ifndef NN_LOADER_FOLDER_WALK_H
#define NN_LOADER_FOLDER_WALK_H

#include "folder_order.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static inline nn_status folder_add_file(struct folder *f, const char *directory, const char *name,
                                        uint32_t type)
{
    size_t at;
    nn_status status = folder_name(f, directory, name, &at);
    if (status == NN_OK) {
        status = folder_grow(f->host, (void **)&f->files, f->file_count, &f->file_room,
                             f->file_count + 1, sizeof *f->files);
    }
    if (status == NN_OK) {
        f->files[f->file_count++] = (struct folder_file){
            .name = at, .group = (uint32_t)f->group_count, .type = type};
    }
    return status;
}

static inline nn_status folder_add_group(struct folder *f, const char *path, int32_t label)
{
    size_t at;
    nn_status status = folder_name(f, "", path, &at);
    if (status == NN_OK) {
        status = folder_grow(f->host, (void **)&f->groups, f->group_count, &f->group_room,
                             f->group_count + 1, sizeof *f->groups);
    }
    if (status == NN_OK) {
        f->groups[f->group_count++] = (struct folder_group){at, label};
    }
    return status;
}

/* True the first time in this group. */
static inline nn_status folder_enter(struct folder *f, int fd, bool *first)
{
    struct stat about;
    *first = true;
    if (fstat(fd, &about) != 0) {
        return f->host->fail(f->host, NN_ERR_IO, "a folder can't be looked at: %s",
                             strerror(errno));
    }
    for (size_t i = 0; f->saw_links && i < f->entered_count; i++) {
        if (f->entered[i].device == about.st_dev && f->entered[i].inode == about.st_ino) {
            *first = false;
            return NN_OK;
        }
    }
    nn_status status = folder_grow(f->host, (void **)&f->entered, f->entered_count,
                                   &f->entered_room, f->entered_count + 1, sizeof *f->entered);
    if (status == NN_OK) {
        f->entered[f->entered_count++] = (struct folder_place){about.st_dev, about.st_ino};
    }
    return status;
}

/* What an entry is: its S_IFMT bits with links followed; S_IFLNK for a link to nothing. */
static inline uint32_t folder_type(int fd, const struct dirent *entry, bool *is_link)
{
    *is_link = entry->d_type == DT_LNK;
    if (entry->d_type == DT_REG) {
        return S_IFREG;
    }
    if (entry->d_type == DT_DIR) {
        return S_IFDIR;
    }
    struct stat about;
    if (entry->d_type == DT_UNKNOWN
        && fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0) {
        *is_link = S_ISLNK(about.st_mode);
    }
    return fstatat(fd, entry->d_name, &about, 0) == 0 ? about.st_mode & S_IFMT : S_IFLNK;
}

/* Folders found in one folder, kept in a text of "name\0" until it is closed. */
struct folder_list {
    char *text;
    size_t length, room;
};

static inline nn_status folder_list_add(const nn_host *host, struct folder_list *list,
                                        const char *name)
{
    size_t bytes = strlen(name) + 1;
    nn_status status = folder_grow(host, (void **)&list->text, list->length, &list->room,
                                   list->length + bytes, 1);
    if (status == NN_OK) {
        memcpy(list->text + list->length, name, bytes);
        list->length += bytes;
    }
    return status;
}

static inline nn_status folder_cannot(const struct folder *f, const char *path, int number)
{
    char shown[FOLDER_LINE];
    return f->host->fail(f->host, NN_ERR_IO, "%s%s%s: the folder can't be read: %s",
                         f->root == NULL ? "" : f->root, f->root == NULL ? "" : "/",
                         folder_shown(path, shown), strerror(number));
}

/* Looks at every entry of `fd` (taken over).  Files go to the folder where `take_files`, names of
 * folders to `folders` and, where they are links, to `links`. */
static inline nn_status folder_scan(struct folder *f, int fd, const char *directory,
                                    bool take_files, struct folder_list *folders,
                                    struct folder_list *links)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int number = errno;
        close(fd);
        return folder_cannot(f, directory, number);
    }
    nn_status status = NN_OK;
    struct dirent *entry;
    while (status == NN_OK && (errno = 0, entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            continue;
        }
        if (name[0] == '.' || strcmp(name, "__MACOSX") == 0) {
            folder_skip(f, FOLDER_HIDDEN, directory, name);
            continue;
        }
        bool is_link;
        uint32_t type = folder_type(dirfd(dir), entry, &is_link);
        if (type == S_IFDIR) {
            f->saw_links = f->saw_links || is_link;
            status = folder_list_add(f->host, is_link ? links : folders, name);
        } else if (!folder_counts(f, name)) {
            folder_skip(f, type == S_IFLNK ? FOLDER_LINK : FOLDER_OTHER, directory, name);
        } else if (!take_files) {
            folder_skip(f, FOLDER_BESIDE, directory, name);
        } else {
            status = folder_add_file(f, directory, name, type == S_IFREG ? 0 : type);
        }
    }
    if (status == NN_OK && errno != 0) {
        status = folder_cannot(f, directory, errno);
    }
    closedir(dir);
    return status;
}

static inline int folder_by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of a list, sorted; the caller frees. */
static inline nn_status folder_sorted(const nn_host *host, const struct folder_list *list,
                                      const char ***out, size_t *count)
{
    size_t n = 0;
    for (size_t at = 0; at < list->length; at += strlen(list->text + at) + 1) {
        n++;
    }
    *count = 0;
    *out = NULL;
    if (n == 0) {
        return NN_OK;
    }
    const char **names = host->alloc(host, n * sizeof *names);
    if (names == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: the names of %zu folders", n);
    }
    n = 0;
    for (size_t at = 0; at < list->length; at += strlen(list->text + at) + 1) {
        names[n++] = list->text + at;
    }
    qsort(names, n, sizeof *names, folder_by_text);
    *out = names;
    *count = n;
    return NN_OK;
}

static inline nn_status folder_walk(struct folder *f, int parent_fd, const char *name,
                                    const char *directory, size_t depth);

static inline nn_status folder_walk_list(struct folder *f, int fd, const struct folder_list *list,
                                         const char *directory, size_t depth)
{
    const char **names;
    size_t count;
    nn_status status = folder_sorted(f->host, list, &names, &count);
    for (size_t i = 0; status == NN_OK && i < count; i++) {
        /* `directory` may lie in f->names, which grows: each level has its own copy. */
        size_t front = strlen(directory), back = strlen(names[i]);
        char *below = f->host->alloc(f->host, front + back + 2);
        if (below == NULL) {
            status = f->host->fail(f->host, NN_ERR_MEMORY, "out of memory: a folder's name");
            break;
        }
        sprintf(below, "%s%s%s", directory, front > 0 ? "/" : "", names[i]);
        status = folder_walk(f, fd, names[i], below, depth + 1);
        f->host->free(f->host, below);
    }
    f->host->free(f->host, names);
    return status;
}

/* Takes the files of folder `name` of parent_fd and of those below; `directory` is its path from the
 * group's folder. */
static inline nn_status folder_walk(struct folder *f, int parent_fd, const char *name,
                                    const char *directory, size_t depth)
{
    if (depth > FOLDER_DEPTH) {
        char shown[FOLDER_LINE];
        return f->host->fail(f->host, NN_ERR_DATA, "%s: folders are nested more than %d deep",
                             folder_shown(directory, shown), FOLDER_DEPTH);
    }
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return folder_cannot(f, depth == 0 ? name : directory, errno);
    }
    bool first;
    nn_status status = folder_enter(f, fd, &first);
    if (status != NN_OK || !first) {
        if (!first) {
            folder_skip(f, FOLDER_AGAIN, directory, "");
        }
        close(fd);
        return status;
    }
    struct folder_list folders = {0}, links = {0};
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0) {
        status = folder_cannot(f, depth == 0 ? name : directory, errno);
    } else {
        status = folder_scan(f, own, directory, true, &folders, &links);
    }
    if (status == NN_OK) {
        status = folder_walk_list(f, fd, &folders, directory, depth);
    }
    if (status == NN_OK) {
        status = folder_walk_list(f, fd, &links, directory, depth);
    }
    f->host->free(f->host, folders.text);
    f->host->free(f->host, links.text);
    close(fd);
    return status;
}

/* A group of all files at and below `path`, in order. */
static inline nn_status folder_take(struct folder *f, const char *path, int32_t label)
{
    size_t first = f->file_count;
    f->entered_count = 0;
    nn_status status = folder_walk(f, f->root_fd, path, "", 0);
    if (status == NN_OK) {
        folder_sort(f, first, true);
        status = folder_add_group(f, path, label);
    }
    return status;
}

/* ---- What was passed over ---- */

static inline void folder_say(const struct folder *f)
{
    static const struct {
        int level;
        const char *what;
    } lines[FOLDER_SKIPS] = {
        [FOLDER_HIDDEN] = {NN_LOG_INFO, "hidden files or folders"},
        [FOLDER_OTHER] = {NN_LOG_INFO, "files of other kinds"},
        [FOLDER_BESIDE] = {NN_LOG_WARNING, "images beside the class folders, in no class"},
        [FOLDER_AGAIN] = {NN_LOG_WARNING, "links to folders already read"},
        [FOLDER_LINK] = {NN_LOG_WARNING, "links to nothing"},
    };
    for (size_t i = 0; i < FOLDER_SKIPS; i++) {
        char shown[FOLDER_LINE];
        if (f->skipped[i] > 0) {
            f->host->log(f->host, lines[i].level, "%s: passed over %zu %s (first: %s)",
                         f->root == NULL ? "files" : f->root, f->skipped[i], lines[i].what,
                         folder_shown(f->first_skipped[i], shown));
        }
    }
}

#endif
