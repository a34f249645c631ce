/* SPDX-License-Identifier: MIT */
#include "data/cache_folder.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_MB = 4096 };

nn_status nn__cache_folder(nn_arena *arena, const char **out)
{
    const char *own = getenv("NNRUN_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own != NULL && own[0] != 0) {
        return nn_path_absolute(arena, own, out);
    }
    /* The XDG base directory specification: relative values are to be ignored. */
    if (xdg != NULL && xdg[0] == '/') {
        return nn_path_join(arena, xdg, "nnrun", out);
    }
    if (home != NULL && home[0] == '/') {
        return nn_path_join(arena, home, ".cache/nnrun", out);
    }
    return nn_fail(NN_ERR_NOT_FOUND,
                   "there is no place for a cache: none of NNRUN_CACHE, XDG_CACHE_HOME and HOME is set");
}

uint64_t nn__cache_most_bytes(void)
{
    const char *text = getenv("NNRUN_CACHE_MB");
    char *end;
    unsigned long long mb = text == NULL ? DEFAULT_MB : strtoull(text, &end, 10);
    if (text != NULL && (end == text || *end != 0)) {
        mb = DEFAULT_MB;
    }
    return mb > UINT64_MAX >> 20 ? UINT64_MAX : (uint64_t)mb << 20;
}

static int by_use(const void *a, const void *b)
{
    const nn_cache_entry *x = a, *y = b;
    if (x->unused_s != y->unused_s) {
        return x->unused_s < y->unused_s ? -1 : 1;
    }
    return strcmp(x->path, y->path);
}

static bool ends_so(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

static nn_status read_title(nn_arena *arena, const char *path, const char **title)
{
    nn__cache_header h;
    *title = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, &h, sizeof h);
    if (fd >= 0) {
        close(fd);
    }
    if (got != (ssize_t)sizeof h || memcmp(h.magic, NN__CACHE_MAGIC, sizeof h.magic) != 0) {
        return NN_OK;
    }
    h.title[NN__CACHE_TITLE - 1] = 0;
    return nn_arena_text(arena, h.title, strlen(h.title), title);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Removes a file that is written by nobody: its writer's lock died with it. */
static void sweep(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
        unlinkat(folder, name, 0);
    }
    close(fd);
}

/* All files of the folder; what dead processes left there is removed on the way. */
static nn_status scan(nn_arena *arena, const char *folder, nn_cache_entry **entries, size_t *count)
{
    size_t room = 0;
    *entries = NULL;
    *count = 0;
    DIR *dir = opendir(folder);
    nn_status status = NN_OK;
    double now = now_s();
    for (struct dirent *e; dir != NULL && status == NN_OK && (e = readdir(dir)) != NULL;) {
        struct stat about;
        bool temporary = strstr(e->d_name, NN__CACHE_ENDING ".tmp-") != NULL;
        if ((!temporary && !ends_so(e->d_name, NN__CACHE_ENDING))
            || fstatat(dirfd(dir), e->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0
            || !S_ISREG(about.st_mode)) {
            continue;
        }
        double unused = now - ((double)about.st_mtim.tv_sec + 1e-9 * (double)about.st_mtim.tv_nsec);
        if (temporary) {
            sweep(dirfd(dir), e->d_name);
            continue;
        }
        if (*count == room) {
            nn_cache_entry *more;
            room = room == 0 ? 16 : 2 * room;
            status = NN_ARENA_ALLOC(arena, &more, room);
            if (status != NN_OK) {
                break;
            }
            if (*count > 0) {
                memcpy(more, *entries, *count * sizeof *more);
            }
            *entries = more;
        }
        nn_cache_entry *entry = &(*entries)[*count];
        *entry = (nn_cache_entry){.title = "", .bytes = (uint64_t)about.st_size, .unused_s = unused};
        status = nn_path_join(arena, folder, e->d_name, &entry->path);
        *count += status == NN_OK;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (status == NN_OK && *count > 0) {
        qsort(*entries, *count, sizeof **entries, by_use);
    }
    return status;
}

nn_status nn_cache_list(nn_arena *arena, const char **folder, nn_cache_entry **entries,
                        size_t *count)
{
    NN_TRY(nn__cache_folder(arena, folder));
    NN_TRY(scan(arena, *folder, entries, count));
    for (size_t i = 0; i < *count; i++) {
        NN_TRY(read_title(arena, (*entries)[i].path, &(*entries)[i].title));
    }
    return NN_OK;
}

nn_status nn_cache_clear(size_t *count, uint64_t *bytes)
{
    nn_arena *arena;
    const char *folder;
    nn_cache_entry *entries;
    size_t found;
    *count = 0;
    *bytes = 0;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = NN_OK;
    NN_TRY_DONE(nn__cache_folder(arena, &folder));
    NN_TRY_DONE(scan(arena, folder, &entries, &found));
    for (size_t i = 0; i < found; i++) {
        if (unlink(entries[i].path) != 0 && errno != ENOENT) {
            status = nn_fail_errno(errno, "%s can't be removed", entries[i].path);
            goto done;
        }
        ++*count;
        *bytes += entries[i].bytes;
    }
done:
    nn_arena_destroy(arena);
    return status;
}

nn_status nn__cache_make_room(nn_arena *arena, const char *folder, uint64_t wanted,
                              const nn_log *log)
{
    nn_cache_entry *entries;
    size_t count;
    uint64_t held = 0, most = nn__cache_most_bytes();
    NN_TRY(scan(arena, folder, &entries, &count));
    for (size_t i = 0; i < count; i++) {
        held += entries[i].bytes;
    }
    while (count > 0 && held + wanted > most) {
        const nn_cache_entry *oldest = &entries[--count];
        unlink(oldest->path);
        held -= oldest->bytes;
        nn_log_line(log, NN_DEBUG, "cache: %s made room", oldest->path);
    }
    return NN_OK;
}
