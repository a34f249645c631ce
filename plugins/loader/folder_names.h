/* SPDX-License-Identifier: MIT */
/* Part of folder.h: what is known of a folder's files, and their names. */
#ifndef NN_LOADER_FOLDER_NAMES_H
#define NN_LOADER_FOLDER_NAMES_H

#include <nnrun/loader.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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

#endif
