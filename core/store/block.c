/* SPDX-License-Identifier: MIT */
#include "store/block.h"

#include "base/memory.h"

#include <hdf5.h>
#include <stdio.h>

enum { GROWTH_BYTES = 256 * 1024 };

nn_status nn_block_reserve(nn_block *block, size_t room, const char *what)
{
    if (room <= block->room) {
        return NN_OK;
    }
    size_t half_more = block->room + block->room / 2;
    room = room > half_more ? room : half_more;
    NN_TRY(nn_realloc((void **)&block->bytes, block->room, room, 1, what));
    block->room = room;
    return NN_OK;
}

void nn_block_finish(nn_block *block)
{
    nn_free(block->bytes);
    *block = (nn_block){0};
}

/* --- what the core driver asks
 * ------------------------------------------------------------------------ */

static void *give(size_t size, H5FD_file_image_op_t operation, void *context)
{
    (void)operation;
    nn_block *block = context;
    return size <= block->room ? block->bytes : NULL;
}

/* Source and destination are both the block. */
static void *copy(void *to, const void *from, size_t size, H5FD_file_image_op_t operation,
                  void *context)
{
    (void)from;
    (void)size;
    (void)operation;
    (void)context;
    return to;
}

static void *grow(void *old, size_t size, H5FD_file_image_op_t operation, void *context)
{
    (void)old;
    (void)operation;
    nn_block *block = context;
    return nn_block_reserve(block, size, "a file being built") == NN_OK ? block->bytes : NULL;
}

static herr_t keep(void *memory, H5FD_file_image_op_t operation, void *context)
{
    (void)memory;
    (void)operation;
    (void)context;
    return 0;
}

static void *same_context(void *context)
{
    return context;
}

static herr_t keep_context(void *context)
{
    (void)context;
    return 0;
}

/* The list of a file in the block; below 0 on failure. */
static hid_t access_to(nn_block *block)
{
    H5FD_file_image_callbacks_t answers = {
        .image_malloc = give,
        .image_memcpy = copy,
        .image_realloc = grow,
        .image_free = keep,
        .udata_copy = same_context,
        .udata_free = keep_context,
        .udata = block,
    };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0
        && (H5Pset_fapl_core(access, GROWTH_BYTES, 0) < 0
            || H5Pset_file_image_callbacks(access, &answers) < 0
            || H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST) < 0)) {
        H5Pclose(access);
        return -1;
    }
    return access;
}

/* HDF5 refuses an image that goes by the name of a file, and takes two of one name for one file: so
 * a name no file can have, and no other block has. */
static void name_of(const nn_block *block, char name[static 64])
{
    snprintf(name, 64, "/dev/null/%p", (const void *)block);
}

int64_t nn_block_create_file(nn_block *block, int64_t creation)
{
    char name[64];
    name_of(block, name);
    hid_t access = access_to(block);
    hid_t file = access < 0 ? -1 : H5Fcreate(name, H5F_ACC_TRUNC, (hid_t)creation, access);
    H5Pclose(access);
    return file;
}

int64_t nn_block_open_file(nn_block *block, size_t length)
{
    char name[64];
    name_of(block, name);
    hid_t access = access_to(block), file = -1;
    if (access >= 0 && H5Pset_file_image(access, block->bytes, length) >= 0) {
        file = H5Fopen(name, H5F_ACC_RDONLY, access);
    }
    H5Pclose(access);
    return file;
}
