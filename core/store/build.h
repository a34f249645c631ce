/* SPDX-License-Identifier: MIT */
/* An HDF5 file built in memory and taken out as bytes.
 *
 * Nothing here touches a disk, so no HDF5 file is ever half-written.  Equal contents give equal bytes:
 * no object carries a time.  The functions that add things return nothing: the first failure is kept,
 * later calls do nothing, and nn_build_take() reports it - so that a file reads as a list of what it
 * holds.  Intermediate groups are made on the way.
 */
#ifndef NN_STORE_BUILD_H
#define NN_STORE_BUILD_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_build nn_build;

/* @format_version of the files this nnrun writes, and the only one it reads. */
enum { NN_STORE_FORMAT = 1 };

/* In the file always little-endian; in memory native. */
typedef enum nn_number { NN_F32, NN_F64, NN_I32, NN_U32, NN_U64 } nn_number;

/* `name` is for messages; room for `expected` bytes is made at once, and more as it is needed. */
nn_status nn_build_create(const char *name, size_t expected, nn_build **out);
void nn_build_destroy(nn_build *build);

void nn_build_group(nn_build *build, const char *path);
/* A scalar UTF-8 string; what is not UTF-8 is stored with \xNN.  doc and units may be NULL everywhere. */
void nn_build_text(nn_build *build, const char *path, const char *text, const char *doc);
void nn_build_texts(nn_build *build, const char *path, const char *const *texts, size_t count,
                    const char *doc);
/* An array of `rank` (0: a scalar) dimensions, row-major.  A real that is not finite fails the whole
 * file with NN_ERR_NUMERIC. */
void nn_build_array(nn_build *build, const char *path, nn_number type, size_t rank,
                    const size_t *shape, const void *values, const char *units, const char *doc);
/* The same without its values: zeros that take no room.  A matrix's rows may come later, some at a time;
 * where some come, all must. */
void nn_build_blank(nn_build *build, const char *path, nn_number type, size_t rank, const size_t *shape,
                    const char *doc);
void nn_build_put_rows(nn_build *build, const char *path, nn_number type, const size_t shape[2], size_t first,
                       size_t count, const void *values);
void nn_build_count(nn_build *build, const char *path, uint64_t value, const char *doc);
void nn_build_real(nn_build *build, const char *path, double value, const char *units,
                   const char *doc);
/* `columns` texts a row, as a compound with one member each. */
void nn_build_table(nn_build *build, const char *path, const char *const *columns,
                    size_t column_count, const char *const *cells, size_t rows, const char *doc);

/* Attributes of the object at `path`. */
void nn_build_mark(nn_build *build, const char *path, const char *name, const char *text);
void nn_build_mark_count(nn_build *build, const char *path, const char *name, uint64_t value);
void nn_build_mark_real(nn_build *build, const char *path, const char *name, double value);

/* A failure of the caller's joins the file's. */
void nn_build_failed(nn_build *build, nn_status status);
/* The file's bytes with their seal (store/digest.h); the caller frees by nn_free().  The build can
 * only be destroyed afterwards. */
nn_status nn_build_take(nn_build *build, void **bytes, size_t *length);

#endif
