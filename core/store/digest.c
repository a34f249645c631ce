/* SPDX-License-Identifier: MIT */
#include "store/digest.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

static const char mark[] = "\nnnrun xxh3-128 ";

void nn_seal_make(const void *bytes, size_t length, char seal[NN_SEAL_BYTES])
{
    char hex[NN_HASH_TEXT], text[NN_SEAL_BYTES + 1];
    nn_hash_hex(nn_hash_bytes(bytes, length), hex);
    snprintf(text, sizeof text, "%s%s %014llu\n", mark, hex,
             (unsigned long long)(length % 100000000000000ULL));
    memcpy(seal, text, NN_SEAL_BYTES);
}

nn_status nn_seal_check(const char *path, const void *bytes, size_t length, size_t *inner)
{
    const char *end = (const char *)bytes + length;
    char expected[NN_SEAL_BYTES];
    if (length < NN_SEAL_BYTES || memcmp(end - NN_SEAL_BYTES, mark, sizeof mark - 1) != 0) {
        return nn_fail(NN_ERR_CHECKPOINT,
                       "%s: damaged: it does not end in nnrun's digest, so it was cut short or written "
                       "by another program (%zu bytes)",
                       path, length);
    }
    nn_seal_make(bytes, length - NN_SEAL_BYTES, expected);
    if (memcmp(end - NN_SEAL_BYTES, expected, NN_SEAL_BYTES) != 0) {
        return nn_fail(NN_ERR_CHECKPOINT,
                       "%s: damaged: its contents do not match its digest (%zu bytes)", path, length);
    }
    *inner = length - NN_SEAL_BYTES;
    return NN_OK;
}
