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

#include <nnrun/loader.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef O_PATH
enum {
    FOLDER_PASS = O_PATH
}; /* to a file that is named one need not be allowed to list its folder */
#else
enum { FOLDER_PASS = O_RDONLY };
#endif

enum { FOLDER_DEPTH = 64, FOLDER_LINE = 512 };

/* Why something was passed over. */
enum folder_skip {
    FOLDER_HIDDEN,
    FOLDER_OTHER,
    FOLDER_BESIDE,
    FOLDER_AGAIN,
    FOLDER_LINK,
    FOLDER_SKIPS
};

/* Files of one group lie below one folder: a class, the root, or a folder named by the user. */
struct folder_group {
    size_t path; /* in names; relative to the root */
    int32_t label;
};

struct folder_file {
    uint64_t key; /* sorts most pairs without looking at the names */
    size_t name;  /* in names; relative to the group's folder */
    uint32_t group;
    uint32_t type; /* 0: a regular file; else the S_IFMT bits; S_IFLNK: a link to nothing */
};

struct folder_place {
    dev_t device;
    ino_t inode;
};

struct folder {
    const nn_host *host;
    const char *root;                 /* NULL: paths are the user's own */
    int root_fd;                      /* AT_FDCWD where root is NULL */
    const char *const *endings;       /* ".jpg", ...; NULL-terminated */
    char *names;
    size_t names_length, names_room;
    struct folder_group *groups;
    size_t group_count, group_room;
    struct folder_file *files;
    size_t file_count, file_room;
    struct folder_place *entered; /* folders of the group being walked */
    size_t entered_count, entered_room;
    bool saw_links; /* to folders: only then can one be met twice */
    size_t skipped[FOLDER_SKIPS];
    char first_skipped[FOLDER_SKIPS][256];
    const char **class_names; /* UTF-8 */
};

/* ---- Small things ---- */

static inline nn_status folder_grow(const nn_host *host, void **items, size_t count, size_t *room,
                                    size_t wanted, size_t size)
{
    if (wanted <= *room) {
        return NN_OK;
    }
    size_t more = *room < 32 ? 64 : *room * 2;
    more = more < wanted ? wanted : more;
    void *grown = host->alloc(host, more * size);
    if (grown == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu bytes for the names of files",
                          more * size);
    }
    if (count > 0) {
        memcpy(grown, *items, count * size);
    }
    host->free(host, *items);
    *items = grown;
    *room = more;
    return NN_OK;
}

/* "directory/name" (or name where directory is "" or ".") into names; *at is where. */
static inline nn_status folder_name(struct folder *f, const char *directory, const char *name,
                                    size_t *at)
{
    bool plain = directory[0] == 0 || strcmp(directory, ".") == 0;
    size_t front = plain ? 0 : strlen(directory) + 1, back = strlen(name) + 1;
    nn_status status = folder_grow(f->host, (void **)&f->names, f->names_length, &f->names_room,
                                   f->names_length + front + back, 1);
    if (status != NN_OK) {
        return status;
    }
    char *to = f->names + f->names_length;
    if (!plain) {
        memcpy(to, directory, front - 1);
        to[front - 1] = '/';
    }
    memcpy(to + front, name, back);
    *at = f->names_length;
    f->names_length += front + back;
    return NN_OK;
}

static inline bool folder_counts(const struct folder *f, const char *name)
{
    size_t length = strlen(name);
    for (const char *const *e = f->endings; *e != NULL; e++) {
        size_t ending = strlen(*e);
        if (length > ending && strcasecmp(name + length - ending, *e) == 0) {
            return true;
        }
    }
    return false;
}

static inline void folder_skip(struct folder *f, enum folder_skip why, const char *directory,
                               const char *name)
{
    if (f->skipped[why]++ == 0) {
        bool plain = directory[0] == 0 || strcmp(directory, ".") == 0;
        snprintf(f->first_skipped[why], sizeof f->first_skipped[why], "%.120s%s%.120s",
                 plain ? "" : directory, plain ? "" : "/", name);
    }
}

/* Control bytes and what is no UTF-8 as \xNN, so that any folder's name makes a class name.  Returns
 * the bytes needed with the final 0; writes where `to` is not NULL. */
static inline size_t folder_utf8(const char *name, char *to)
{
    size_t length = 0;
    for (const unsigned char *p = (const unsigned char *)name; *p != 0;) {
        size_t n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : 4;
        bool good = *p >= 0x20 && *p != 0x7f && (*p < 0x80 || (*p >= 0xc2 && *p < 0xf5));
        for (size_t i = 1; good && i < n; i++) {
            good = (p[i] & 0xc0) == 0x80;
        }
        /* Overlong forms, surrogates and what lies above U+10FFFF. */
        good = good && !(*p == 0xe0 && p[1] < 0xa0) && !(*p == 0xed && p[1] > 0x9f)
               && !(*p == 0xf0 && p[1] < 0x90) && !(*p == 0xf4 && p[1] > 0x8f);
        if (good) {
            if (to != NULL) {
                memcpy(to + length, p, n);
            }
            length += n;
            p += n;
        } else {
            if (to != NULL) {
                static const char digits[] = "0123456789abcdef";
                const char escaped[] = {'\\', 'x', digits[*p >> 4], digits[*p & 15]};
                memcpy(to + length, escaped, 4);
            }
            length += 4;
            p++;
        }
    }
    if (to != NULL) {
        to[length] = 0;
    }
    return length + 1;
}

/* A name for a message: one line, whatever the bytes. */
static inline const char *folder_shown(const char *name, char buffer[FOLDER_LINE])
{
    char cut[FOLDER_LINE / 4 - 1];
    snprintf(cut, sizeof cut, "%s", name);
    folder_utf8(cut, buffer);
    return buffer;
}

/* ---- Order ---- */

static inline size_t folder_digits(const char *name)
{
    size_t n = 0;
    while (name[n] >= '0' && name[n] <= '9') {
        n++;
    }
    return n;
}

/* All digits, up to an ending where `ending`. */
static inline bool folder_is_number(const char *name, bool ending)
{
    size_t n = folder_digits(name);
    const char *rest = name + n;
    return n > 0 && (*rest == 0 || (ending && *rest == '.' && strchr(rest, '/') == NULL
                                      && strchr(rest + 1, '.') == NULL));
}

static inline int folder_by_number(const char *a, const char *b)
{
    const char *x = a + strspn(a, "0"), *y = b + strspn(b, "0");
    size_t m = folder_digits(x), n = folder_digits(y);
    int order = m != n ? (m < n ? -1 : 1) : memcmp(x, y, m);
    return order != 0 ? order : strcmp(a, b);
}

static inline int folder_by_number_text(const void *a, const void *b)
{
    return folder_by_number(*(const char *const *)a, *(const char *const *)b);
}

/* The next 8 bytes from `at` as a big-endian number: orders as memcmp() does. */
static inline uint64_t folder_key_of_bytes(const char *name, size_t at)
{
    uint64_t key = 0;
    bool ended = false;
    for (size_t i = 0; i < 8; i++) {
        unsigned char byte = ended ? 0 : (unsigned char)name[at + i];
        ended = ended || byte == 0;
        key = key << 8 | byte;
    }
    return key;
}

/* The number, as far as it fits. */
static inline uint64_t folder_key_of_number(const char *name)
{
    const char *digits = name + strspn(name, "0");
    size_t n = folder_digits(digits);
    uint64_t key = 0;
    for (size_t i = 0; i < n && n < 20; i++) {
        key = key * 10 + (uint64_t)(digits[i] - '0');
    }
    return n < 20 ? key : UINT64_MAX;
}

struct folder_order {
    const char *names;
    bool by_number;
};

static inline int folder_compare(const void *a, const void *b, void *context)
{
    const struct folder_file *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    const struct folder_order *order = context;
    return order->by_number ? folder_by_number(order->names + x->name, order->names + y->name)
                            : strcmp(order->names + x->name, order->names + y->name);
}

/* By their keys, byte by byte from the last on, `other` being as large; true where they lie in other then. */
static inline bool folder_sort_keys(struct folder_file *files, struct folder_file *other, size_t count)
{
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++) {
        differ |= files[i].key ^ files[0].key;
    }
    bool moved = false;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & 255) == 0) {
            continue;
        }
        size_t starts[257] = {0};
        for (size_t i = 0; i < count; i++) {
            starts[(files[i].key >> shift & 255) + 1]++;
        }
        for (size_t byte = 1; byte < 256; byte++) {
            starts[byte] += starts[byte - 1];
        }
        for (size_t i = 0; i < count; i++) {
            other[starts[files[i].key >> shift & 255]++] = files[i];
        }
        struct folder_file *sorted = other;
        other = files;
        files = sorted;
        moved = !moved;
    }
    return moved;
}

/* Files of equal keys, which follow each other, by their names. */
static inline void folder_sort_ties(struct folder_file *files, size_t count, struct folder_order *order)
{
    for (size_t from = 0, to; from < count; from = to) {
        to = from + 1;
        while (to < count && files[to].key == files[from].key) {
            to++;
        }
        if (to - from > 1) {
            qsort_r(files + from, to - from, sizeof *files, folder_compare, order);
        }
    }
}

/* Sorts files first .. file_count - 1. */
static inline void folder_sort(struct folder *f, size_t first, bool ending)
{
    size_t count = f->file_count - first;
    if (count < 2) {
        return;
    }
    struct folder_file *files = f->files + first;
    struct folder_order order = {f->names, true};
    const char *front = f->names + files[0].name;
    size_t common = strlen(front);
    for (size_t i = 0; i < count; i++) {
        const char *name = f->names + files[i].name;
        order.by_number = order.by_number && folder_is_number(name, ending);
        size_t same = 0;
        while (same < common && name[same] == front[same]) {
            same++;
        }
        common = same;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = f->names + files[i].name;
        files[i].key = order.by_number ? folder_key_of_number(name)
                                       : folder_key_of_bytes(name, common);
    }
    struct folder_file *other = f->host->alloc(f->host, count * sizeof *other);
    if (other == NULL) { /* slower, but as good */
        qsort_r(files, count, sizeof *files, folder_compare, &order);
        return;
    }
    if (folder_sort_keys(files, other, count)) {
        memcpy(files, other, count * sizeof *files);
    }
    f->host->free(f->host, other);
    folder_sort_ties(files, count, &order);
}

/* ---- Walking ---- */

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

/* The folder of a path, which is cut there; "" where the path is to be used as it is. */
static inline const char *folder_of_path(char *path, const char **name)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || (slash == path + 1 && path[0] == '.')) {
        *name = path;
        return "";
    }
    *slash = 0;
    *name = slash + 1;
    return path;
}

/* One file named by the user.  Those that follow each other in one folder are a group. */
static inline nn_status folder_add_path(struct folder *f, const char *path, uint32_t type)
{
    char *copy = f->host->alloc(f->host, strlen(path) + 1);
    if (copy == NULL) {
        return f->host->fail(f->host, NN_ERR_MEMORY, "out of memory: the name of a file");
    }
    const char *name, *folder = folder_of_path(strcpy(copy, path), &name);
    bool joins =
        f->group_count > 0 && strcmp(f->names + f->groups[f->group_count - 1].path, folder) == 0;
    f->group_count -= joins;
    nn_status status = folder_add_file(f, "", name, type);
    f->group_count += joins;
    if (status == NN_OK && !joins) {
        status = folder_add_group(f, folder, -1);
    }
    f->host->free(f->host, copy);
    return status;
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

/* ---- Files ---- */

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

/* One thread's way to the files: the folder it reads from now, and a buffer it reuses. */
struct folder_reader {
    int fd; /* of `group`'s folder */
    uint32_t group;
    uint8_t *bytes;
    size_t length, room;
};

static inline void folder_reader_init(struct folder_reader *r)
{
    *r = (struct folder_reader){.fd = -1, .group = UINT32_MAX};
}

static inline void folder_reader_finish(const nn_host *host, struct folder_reader *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    host->free(host, r->bytes);
}

/* The descriptor names of this file's group are relative to; -1 with errno. */
static inline int folder_reach(const struct folder *f, struct folder_reader *r, size_t index)
{
    uint32_t group = f->files[index].group;
    const char *path = f->names + f->groups[group].path;
    if (path[0] == 0) {
        return AT_FDCWD;
    }
    if (group != r->group) {
        if (r->fd >= 0) {
            close(r->fd);
        }
        r->fd = openat(f->root_fd, path, FOLDER_PASS | O_DIRECTORY | O_CLOEXEC);
        r->group = r->fd >= 0 ? group : UINT32_MAX;
    }
    return r->fd;
}

static inline void folder_bad(nn_read_status *status, nn_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void folder_bad(nn_read_status *status, nn_status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status->message, sizeof status->message, format, arguments);
    va_end(arguments);
    status->code = code;
}

static inline const char *folder_type_name(uint32_t type)
{
    return type == S_IFDIR    ? "it is a folder, not a file"
           : type == S_IFIFO  ? "it is a FIFO, not a file"
           : type == S_IFSOCK ? "it is a socket, not a file"
           : type == S_IFLNK  ? "it is a link to nothing"
                              : "it is a device, not a file";
}

/* Whose fault an errno is: the file's own, which makes it bad, or the machine's. */
static inline nn_status folder_blame(int number)
{
    switch (number) {
    case ENOMEM:
        return NN_ERR_MEMORY;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EACCES:
    case EPERM:
    case EISDIR:
    case ENXIO:
    case ENODEV:
    case EAGAIN:
    case EOVERFLOW:
        return NN_ERR_DATA;
    default:
        return NN_ERR_IO;
    }
}

/* Reads the rest of `fd` behind r->length bytes; at most `most` in all. */
static inline bool folder_read_rest(const nn_host *host, struct folder_reader *r, int fd,
                                    size_t most, nn_read_status *status)
{
    for (;;) {
        if (r->length == r->room) {
            if (r->length >= most) {
                folder_bad(status, NN_ERR_DATA, "the file is longer than %zu MB", most >> 20);
                return false;
            }
            nn_status grown = folder_grow(host, (void **)&r->bytes, r->length, &r->room,
                                          r->room == 0 ? (size_t)1 << 16 : 2 * r->room, 1);
            if (grown != NN_OK) {
                folder_bad(status, grown, "out of memory: the file is longer than %zu bytes",
                           r->length);
                return false;
            }
        }
        ssize_t got = read(fd, r->bytes + r->length, r->room - r->length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            folder_bad(status, folder_blame(errno), "it can't be read: %s", strerror(errno));
            return false;
        }
        r->length += (size_t)got;
        /* A regular file gives less than asked for at its end only. */
        if (r->length < r->room) {
            return true;
        }
    }
}

/* Reads file `index` whole into r->bytes; false: *status says why not.  Never blocks: what was no
 * regular file when the folder was walked is not opened, and what became none since is not waited
 * for. */
static inline bool folder_read(const struct folder *f, struct folder_reader *r, size_t index,
                               size_t most, nn_read_status *status)
{
    const struct folder_file *file = &f->files[index];
    if (file->type != 0) {
        folder_bad(status, NN_ERR_DATA, "%s", folder_type_name(file->type));
        return false;
    }
    int at = folder_reach(f, r, index);
    int fd = at == -1 ? -1
                      : openat(at, f->names + file->name,
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        folder_bad(status, folder_blame(errno), "it can't be opened: %s", strerror(errno));
        return false;
    }
    r->length = 0;
    bool good = folder_read_rest(f->host, r, fd, most, status);
    close(fd);
    if (good && r->length == 0) {
        folder_bad(status, NN_ERR_DATA, "the file is empty");
        return false;
    }
    return good;
}

/* nn_loader.stat for these files. */
static inline void folder_stat(const struct folder *f, struct folder_reader *r, size_t first,
                               size_t n, uint64_t hash[2])
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    for (size_t i = first; i < first + n; i++) {
        struct stat about = {0};
        int at = folder_reach(f, r, i);
        if (at != -1) {
            (void)fstatat(at, f->names + f->files[i].name, &about, 0);
        }
        const uint64_t tuple[] = {
            (uint64_t)about.st_dev,          (uint64_t)about.st_ino,
            (uint64_t)about.st_size,         (uint64_t)about.st_mtim.tv_sec,
            (uint64_t)about.st_mtim.tv_nsec, (uint64_t)about.st_ctim.tv_sec,
            (uint64_t)about.st_ctim.tv_nsec, f->files[i].type,
        };
        XXH3_128bits_update(&state, tuple, sizeof tuple);
    }
    XXH128_hash_t out = XXH3_128bits_digest(&state);
    hash[0] = out.low64;
    hash[1] = out.high64;
}

#endif
