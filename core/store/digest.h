/* SPDX-License-Identifier: MIT */
/* The seal of an HDF5 file of ours: 64 bytes of text behind its last byte,
 *
 *     \nnnrun xxh3-128 0123456789abcdef0123456789abcdef 00000000123456\n
 *
 * the XXH3-128 of all bytes before and their number.  HDF5 keeps its own end of file in its
 * superblock and never looks behind it, so every HDF5 reader opens a sealed file as it is; we check
 * the seal before HDF5 parses a single byte.
 */
#ifndef NN_STORE_DIGEST_H
#define NN_STORE_DIGEST_H

#include "base/status.h"

#include <stddef.h>

enum { NN_SEAL_BYTES = 64 };

/* Writes the seal of bytes[0 .. length) to `seal`, without a final 0. */
void nn_seal_make(const void *bytes, size_t length, char seal[NN_SEAL_BYTES]);
/* Checks a whole file in memory and gives the length without the seal.  NN_ERR_CHECKPOINT says
 * whether it was cut or changed; `path` is for that message. */
nn_status nn_seal_check(const char *path, const void *bytes, size_t length, size_t *inner);

#endif
