/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <xxhash.h>

/* An nn_hasher is xxHash's own state under our name. */
static XXH3_state_t *state_of(nn_hasher *hasher)
{
    return (XXH3_state_t *)hasher;
}

nn_status nn_hasher_create(nn_hasher **out)
{
    *out = (nn_hasher *)XXH3_createState();
    if (*out == NULL) {
        return nn_fail_memory("a hash", (size_t)512);
    }
    XXH3_128bits_reset(state_of(*out));
    return NN_OK;
}

void nn_hasher_destroy(nn_hasher *hasher)
{
    XXH3_freeState(state_of(hasher));
}

void nn_hasher_add(nn_hasher *hasher, const void *bytes, size_t count)
{
    XXH3_128bits_update(state_of(hasher), bytes, count);
}

nn_hash128 nn_hasher_value(const nn_hasher *hasher)
{
    XXH128_hash_t h = XXH3_128bits_digest((const XXH3_state_t *)hasher);
    return (nn_hash128){h.low64, h.high64};
}

nn_hash128 nn_hash_bytes(const void *bytes, size_t count)
{
    XXH128_hash_t h = XXH3_128bits(bytes, count);
    return (nn_hash128){h.low64, h.high64};
}

const char *nn_hash_hex(nn_hash128 hash, char buffer[NN_HASH_TEXT])
{
    snprintf(buffer, NN_HASH_TEXT, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
    return buffer;
}

nn_status nn_sha256_file(const char *path, char buffer[NN_SHA256_TEXT])
{
    if (SHA256File(path, buffer) == NULL) {
        return nn_fail_errno(errno, "%s: can't be read", path);
    }
    return NN_OK;
}
