/* SPDX-License-Identifier: MIT */
/* Hashes: XXH3-128 for fingerprints and digests, SHA-256 where a person compares. */
#ifndef NN_BASE_HASH_H
#define NN_BASE_HASH_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct nn_hash128 {
    uint64_t low, high;
} nn_hash128;

/* A running XXH3-128.  create/destroy; add; value may be read at any time. */
typedef struct nn_hasher nn_hasher;
nn_status nn_hasher_create(nn_hasher **out);
void nn_hasher_destroy(nn_hasher *hasher);
void nn_hasher_add(nn_hasher *hasher, const void *bytes, size_t count);
nn_hash128 nn_hasher_value(const nn_hasher *hasher);

nn_hash128 nn_hash_bytes(const void *bytes, size_t count);
/* 32 hexadecimal digits, high word first, and a final 0; returns buffer. */
enum { NN_HASH_TEXT = 33, NN_SHA256_TEXT = 65 };
const char *nn_hash_hex(nn_hash128 hash, char buffer[NN_HASH_TEXT]);

/* SHA-256 of a file in 64 lower-case digits.  NN_ERR_IO. */
nn_status nn_sha256_file(const char *path, char buffer[NN_SHA256_TEXT]);

#endif
