/* SPDX-License-Identifier: MIT */
/* The cache of decoded pixels: what one start decoded, the next maps.
 *
 * One file an opened source, under $NNRUN_CACHE, else $XDG_CACHE_HOME/nnrun, else ~/.cache/nnrun; its
 * name is the key: loader, plugin, parameters, and the stat tuples of all files.  Files are written
 * aside and renamed, so readers and many writers at once see whole ones; a digest over all of it tells
 * damage.  Together they hold at most $NNRUN_CACHE_MB (default 4096); the longest unused go first.
 *
 * The cache never stands in the way: whatever fails is logged and the caller goes on without.
 */
#ifndef NN_DATA_CACHE_H
#define NN_DATA_CACHE_H

#include "base/hash.h"
#include "base/log.h"
#include "base/pool.h"
#include "plugin/bind.h"

#include <nnrun/loader.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is kept of a source: bytes and class numbers. */
typedef struct nn_cache_content {
    const uint8_t *bytes;  /* samples x features */
    const int32_t *labels; /* samples, or NULL */
    size_t samples, features;
    nn_hash128 fingerprint;
} nn_cache_content;

/* A mapped file; zero: none. */
typedef struct nn_cache_map {
    void *memory;
    size_t bytes;
} nn_cache_map;

/* The key of an opened source: `stat` is the hash over its files' stat tuples. */
nn_status nn_cache_key(const nn_component *loader, const nn_source *source, nn_hash128 stat,
                       nn_hash128 *key);

/* Maps what is kept under `key`: content->samples, features and whether labels is NULL say what is
 * expected; bytes, labels and fingerprint are filled in and live until release.  False: nothing is
 * kept, or what is does not hold (it is removed, and that is logged).  Verified on all threads. */
bool nn_cache_find(nn_hash128 key, nn_pool *pool, const nn_log *log, nn_cache_content *content,
                   nn_cache_map *map);
void nn_cache_release(nn_cache_map *map);

/* Keeps `content` under `key`; `title` is one line for nn_cache_list(). */
void nn_cache_store(nn_hash128 key, const char *title, const nn_log *log,
                    const nn_cache_content *content);

typedef struct nn_cache_entry {
    const char *path, *title; /* title "" where the file can't be read */
    uint64_t bytes;
    double unused_s;          /* since it was last used */
} nn_cache_entry;

/* The folder (which need not be there) and its files, the last used first. */
nn_status nn_cache_list(nn_arena *arena, const char **folder, nn_cache_entry **entries,
                        size_t *count);
/* Removes all files; *bytes is what they held.  NN_ERR_IO: one can't be removed. */
nn_status nn_cache_clear(size_t *count, uint64_t *bytes);

#endif
