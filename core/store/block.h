/* SPDX-License-Identifier: MIT */
/* A block of memory that HDF5 takes for a file, without a copy of its own.
 *
 * HDF5's core driver asks for its memory by H5Pset_file_image_callbacks(); the answers here are
 * always the block's own bytes.  So a checkpoint stands in memory once, while it is written and
 * while it is read.
 */
#ifndef NN_STORE_BLOCK_H
#define NN_STORE_BLOCK_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct nn_block {
    char *bytes;
    size_t room;
} nn_block;

/* Room for `room` bytes at least; what was there stays.  NN_ERR_MEMORY. */
nn_status nn_block_reserve(nn_block *block, size_t room, const char *what);
/* Frees the bytes; takes zeroed blocks. */
void nn_block_finish(nn_block *block);

/* A new file in the block, or the one its first `length` bytes are, to be read; a hid_t, below 0 on
 * failure.  The block must outlive the file, and its bytes are the file's after H5Fclose(). */
int64_t nn_block_create_file(nn_block *block, int64_t creation);
int64_t nn_block_open_file(nn_block *block, size_t length);

#endif
