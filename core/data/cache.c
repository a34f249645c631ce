/* SPDX-License-Identifier: MIT */
/* A file is: header | title | labels | bytes, each part from a multiple of 64 on.  The digest is a hash
 * over the hashes of fixed blocks behind the header, so that threads share the work and any number of
 * them gives the same. */
#include "data/cache.h"

#include "base/memory.h"
#include "base/path.h"
#include "data/cache_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORMAT = 1, ALIGN = 64, BLOCK = 1 << 20 };

static void go_on(const nn_log *log, nn_log_level level)
{
    nn_log_line(log, level, "cache: %s; going on without it", nn_story());
    nn_story_clear();
}

/* ---- Key ---- */

static void add_text(nn_hasher *hasher, const char *text)
{
    nn_hasher_add(hasher, text == NULL ? "" : text, text == NULL ? 1 : strlen(text) + 1);
}

static size_t element_bytes(uint32_t type)
{
    return type == NN_TYPE_BOOL ? sizeof(bool) : sizeof(int64_t);
}

/* Parameters by value.  Paths are left out: the stat tuples say which files these are. */
static void add_parameters(nn_hasher *hasher, const nn_about *about, const void *self)
{
    for (const nn_param *p = about->params; p != NULL && p->name != NULL; p++) {
        const char *field = (const char *)self + p->offset;
        uint32_t type = p->type & ~(uint32_t)NN_TYPE_LIST;
        add_text(hasher, p->name);
        if (type == NN_TYPE_PATH) {
            continue;
        }
        if ((p->type & NN_TYPE_LIST) != 0) {
            const nn_list *list = (const void *)field;
            nn_hasher_add(hasher, &list->count, sizeof list->count);
            for (size_t i = 0; type == NN_TYPE_TEXT && i < list->count; i++) {
                add_text(hasher, ((const char *const *)list->items)[i]);
            }
            if (type != NN_TYPE_TEXT && list->count > 0) {
                nn_hasher_add(hasher, list->items, list->count * element_bytes(type));
            }
        } else if (type == NN_TYPE_TEXT) {
            add_text(hasher, *(const char *const *)(const void *)field);
        } else {
            nn_hasher_add(hasher, field, element_bytes(type));
        }
    }
}

nn_status nn_cache_key(const nn_component *loader, const nn_source *source, nn_hash128 stat,
                       nn_hash128 *key)
{
    const uint64_t numbers[] = {
        FORMAT,         stat.low,        stat.high,     source->identity[0], source->identity[1],
        source->samples, source->height, source->width, source->channels,    source->class_count,
        source->targets, (uint64_t)geteuid(),
    };
    nn_hasher *hasher;
    NN_TRY(nn_hasher_create(&hasher));
    nn_hasher_add(hasher, numbers, sizeof numbers);
    add_text(hasher, loader->name);
    add_text(hasher, loader->plugin == NULL ? NULL : loader->plugin->sha256);
    add_parameters(hasher, loader->about, loader->self);
    *key = nn_hasher_value(hasher);
    nn_hasher_destroy(hasher);
    return NN_OK;
}

/* ---- Layout and digest ---- */

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t labels_at(void)
{
    return round_up(sizeof(nn__cache_header));
}

static size_t bytes_at(const nn__cache_header *h)
{
    return labels_at() + (h->has_labels ? round_up(h->samples * sizeof(int32_t)) : 0);
}

static size_t file_bytes(const nn__cache_header *h)
{
    return bytes_at(h) + h->samples * h->features;
}

/* Hashing parts of memory block by block. */
struct digest {
    const uint8_t *parts[2];
    size_t lengths[2], blocks[2];
    nn_hash128 *hashes;
    atomic_size_t next;
};

static nn_status hash_blocks(void *context, size_t thread)
{
    (void)thread;
    struct digest *d = context;
    size_t b;
    while (nn_next(&d->next, d->blocks[0] + d->blocks[1], &b)) {
        size_t part = b < d->blocks[0] ? 0 : 1, at = (part == 0 ? b : b - d->blocks[0]) * BLOCK;
        size_t length = d->lengths[part] - at < BLOCK ? d->lengths[part] - at : BLOCK;
        d->hashes[b] = nn_hash_bytes(d->parts[part] + at, length);
    }
    return NN_OK;
}

/* Over labels, bytes and what the header says. */
static nn_status digest(const nn__cache_header *header, const int32_t *labels, const uint8_t *bytes,
                        nn_pool *pool, nn_hash128 *out)
{
    struct digest d = {
        .parts = {(const uint8_t *)labels, bytes},
        .lengths = {labels == NULL ? 0 : header->samples * sizeof *labels,
                    header->samples * header->features},
    };
    for (size_t p = 0; p < 2; p++) {
        d.blocks[p] = (d.lengths[p] + BLOCK - 1) / BLOCK;
    }
    size_t blocks = d.blocks[0] + d.blocks[1];
    NN_TRY(NN_ALLOC(&d.hashes, blocks + 1, "the cache's digest"));
    nn_status status = nn_pool_run(pool, hash_blocks, &d);
    if (status == NN_OK) {
        nn__cache_header bare = *header;
        memset(&bare.digest, 0, sizeof bare.digest);
        d.hashes[blocks] = nn_hash_bytes(&bare, sizeof bare);
        *out = nn_hash_bytes(d.hashes, (blocks + 1) * sizeof *d.hashes);
    }
    nn_free(d.hashes);
    return status;
}

static nn_status path_of(nn_arena *arena, nn_hash128 key, const char **out)
{
    const char *folder;
    char hex[NN_HASH_TEXT];
    NN_TRY(nn__cache_folder(arena, &folder));
    return nn_arena_printf(arena, out, "%s/%s%s", folder, nn_hash_hex(key, hex), NN__CACHE_ENDING);
}

/* ---- Finding ---- */

/* What lies between the parts is zero and stays so: the digest does not cover it. */
static bool is_zero(const uint8_t *base, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (base[i] != 0) {
            return false;
        }
    }
    return true;
}

/* True where the mapped file is whole and what was asked for. */
static bool holds(const nn__cache_header *h, size_t length, nn_hash128 key, nn_pool *pool,
                  const nn_cache_content *wanted)
{
    if (length < sizeof *h || memcmp(h->magic, NN__CACHE_MAGIC, sizeof h->magic) != 0
        || h->format != FORMAT
        || memcmp(&h->key, &key, sizeof key) != 0 || h->samples != wanted->samples
        || h->features != wanted->features || file_bytes(h) != length) {
        return false;
    }
    const uint8_t *base = (const uint8_t *)h;
    size_t labels_end = labels_at() + (h->has_labels ? h->samples * sizeof(int32_t) : 0);
    nn_hash128 found;
    if (!is_zero(base, sizeof *h, labels_at()) || !is_zero(base, labels_end, bytes_at(h))) {
        return false;
    }
    if (digest(h, h->has_labels ? (const int32_t *)(const void *)(base + labels_at()) : NULL,
               base + bytes_at(h), pool, &found)
        != NN_OK) {
        return false;
    }
    return memcmp(&found, &h->digest, sizeof found) == 0;
}

static nn_status map_file(const char *path, nn_cache_map *map)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? nn_fail(NN_ERR_NOT_FOUND, "%s is not there", path)
                               : nn_fail_errno(errno, "%s can't be read", path);
    }
    nn_status status = NN_OK;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size <= 0
        || about.st_uid != geteuid()) {
        status = nn_fail(NN_ERR_IO, "%s is not a file of ours", path);
    } else {
        map->bytes = (size_t)about.st_size;
        map->memory = mmap(NULL, map->bytes, PROT_READ, MAP_SHARED, fd, 0);
        if (map->memory == MAP_FAILED) {
            map->memory = NULL;
            status = nn_fail_errno(errno, "%s can't be mapped", path);
        } else {
            /* Used now: the time by which the oldest go. */
            (void)futimens(fd, (const struct timespec[]){{0, UTIME_NOW}, {0, UTIME_NOW}});
        }
    }
    close(fd);
    return status;
}

bool nn_cache_find(nn_hash128 key, nn_pool *pool, const nn_log *log, nn_cache_content *content,
                   nn_cache_map *map)
{
    nn_arena *arena = NULL;
    const char *path = NULL;
    *map = (nn_cache_map){0};
    nn_status status = nn_arena_create(&arena);
    if (status == NN_OK) {
        status = path_of(arena, key, &path);
    }
    if (status == NN_OK) {
        status = map_file(path, map);
    }
    bool found = status == NN_OK;
    if (!found) {
        if (status == NN_ERR_NOT_FOUND) {
            nn_story_clear();
        } else {
            go_on(log, NN_WARNING);
        }
    } else {
        const nn__cache_header *h = map->memory;
        found = holds(h, map->bytes, key, pool, content)
                && (h->has_labels != 0) == (content->labels != NULL);
        if (found) {
            const uint8_t *base = map->memory;
            content->labels = h->has_labels ? (const int32_t *)(const void *)(base + labels_at())
                                            : NULL;
            content->bytes = base + bytes_at(h);
            content->fingerprint = h->fingerprint;
        } else {
            nn_log_line(log, NN_WARNING, "cache: %s is damaged; the data are read anew", path);
            nn_cache_release(map);
            unlink(path);
        }
    }
    nn_arena_destroy(arena);
    return found;
}

void nn_cache_release(nn_cache_map *map)
{
    if (map->memory != NULL) {
        munmap(map->memory, map->bytes);
    }
    *map = (nn_cache_map){0};
}

/* ---- Storing ---- */

static nn_status write_all(int fd, const char *path, const void *bytes, size_t count)
{
    const char *from = bytes;
    while (count > 0) {
        ssize_t done = write(fd, from, count < 1u << 30 ? count : 1u << 30);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return nn_fail_errno(done < 0 ? errno : ENOSPC, "%s can't be written", path);
        }
        from += done;
        count -= (size_t)done;
    }
    return NN_OK;
}

static nn_status write_part(int fd, const char *path, const void *bytes, size_t count)
{
    static const char zeros[ALIGN];
    NN_TRY(write_all(fd, path, bytes, count));
    return write_all(fd, path, zeros, round_up(count) - count);
}

/* Locked from the beginning, which says that its writer is alive; *lock holds it after the file is
 * closed (-1: nothing does), until it is in its place. */
static nn_status write_file(const char *path, const nn__cache_header *header,
                            const nn_cache_content *content, int *lock)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return nn_fail_errno(errno, "%s can't be made", path);
    }
    (void)flock(fd, LOCK_EX | LOCK_NB); /* where that is not possible nobody else gets it either */
    *lock = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    nn_status status = write_part(fd, path, header, sizeof *header);
    if (status == NN_OK && content->labels != NULL) {
        status = write_part(fd, path, content->labels, content->samples * sizeof *content->labels);
    }
    if (status == NN_OK) {
        status = write_all(fd, path, content->bytes, content->samples * content->features);
    }
    if (close(fd) != 0 && status == NN_OK) {
        status = nn_fail_errno(errno, "%s can't be written", path);
    }
    return status;
}

static nn_status store(nn_arena *arena, nn_hash128 key, const char *title, const nn_log *log,
                       const nn_cache_content *content)
{
    nn__cache_header header = {
        .format = FORMAT,
        .has_labels = content->labels != NULL,
        .samples = content->samples,
        .features = content->features,
        .key = key,
        .fingerprint = content->fingerprint,
    };
    const char *folder, *path, *aside;
    memcpy(header.magic, NN__CACHE_MAGIC, sizeof header.magic);
    snprintf(header.title, sizeof header.title, "%s", title);
    NN_TRY(nn__cache_folder(arena, &folder));
    if (file_bytes(&header) > nn__cache_most_bytes()) {
        nn_log_line(log, NN_INFO, "cache: the data are larger than NNRUN_CACHE_MB; not kept");
        return NN_OK;
    }
    NN_TRY(digest(&header, content->labels, content->bytes, NULL, &header.digest));
    NN_TRY(nn_path_make(folder));
    NN_TRY(nn__cache_make_room(arena, folder, file_bytes(&header), log));
    NN_TRY(path_of(arena, key, &path));
    /* Unique among processes, and among threads of one. */
    NN_TRY(nn_arena_printf(arena, &aside, "%s.tmp-%ld-%p", path, (long)getpid(), (void *)arena));
    int lock = -1;
    nn_status status = write_file(aside, &header, content, &lock);
    if (status == NN_OK && rename(aside, path) != 0) {
        status = nn_fail_errno(errno, "%s can't be put in place", path);
    }
    if (status != NN_OK) {
        unlink(aside);
    }
    if (lock >= 0) {
        close(lock);
    }
    return status;
}

void nn_cache_store(nn_hash128 key, const char *title, const nn_log *log,
                    const nn_cache_content *content)
{
    nn_arena *arena = NULL;
    nn_status status = nn_arena_create(&arena);
    if (status == NN_OK) {
        status = store(arena, key, title, log, content);
    }
    if (status != NN_OK) {
        go_on(log, NN_WARNING);
    }
    nn_arena_destroy(arena);
}
