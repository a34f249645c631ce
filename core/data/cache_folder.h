/* SPDX-License-Identifier: MIT */
/* The cache's folder and the front of its files; for cache.c and cache_folder.c alone. */
#ifndef NN_DATA_CACHE_FOLDER_H
#define NN_DATA_CACHE_FOLDER_H

#include "data/cache.h"

/* The ending of a file's name; one being written has it too, with ".tmp-<pid>-<number>" behind. */
#define NN__CACHE_ENDING ".pixels"
#define NN__CACHE_MAGIC "nnrunPX"

enum { NN__CACHE_TITLE = 448 };

typedef struct nn__cache_header {
    char magic[8];
    uint32_t format, has_labels;
    uint64_t samples, features;
    nn_hash128 key, fingerprint, digest;
    char title[NN__CACHE_TITLE];
} nn__cache_header;

/* Where files are kept; it need not be there.  NN_ERR_NOT_FOUND: the environment names no place. */
nn_status nn__cache_folder(nn_arena *arena, const char **out);
/* What all files together may hold. */
uint64_t nn__cache_most_bytes(void);
/* The longest unused go until `wanted` more bytes fit. */
nn_status nn__cache_make_room(nn_arena *arena, const char *folder, uint64_t wanted,
                              const nn_log *log);

#endif
