/* SPDX-License-Identifier: MIT */
/* Reading an HDF5 file of ours: read whole, its seal checked, then opened in memory.
 *
 * What is read is believed only as far as it was checked: an object must be reached over plain links,
 * lie inside the file, and have the type and shape that is asked for; anything else is
 * NN_ERR_CHECKPOINT with the file and the object in it.
 */
#ifndef NN_STORE_IMAGE_H
#define NN_STORE_IMAGE_H

#include "base/arena.h"
#include "store/build.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_image nn_image;

/* NN_ERR_IO can't be read; NN_ERR_CHECKPOINT cut, changed, or not a file of this version of nnrun. */
nn_status nn_image_open(const char *path, nn_image **out);
/* NULL is fine. */
void nn_image_close(nn_image *image);
/* Valid until close. */
const char *nn_image_path(const nn_image *image);
/* nn_fail(NN_ERR_CHECKPOINT, "<path>: ..."). */
nn_status nn_image_fail(const nn_image *image, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool nn_image_has(const nn_image *image, const char *path);
/* Names of the objects in a group, in byte order. */
nn_status nn_image_children(const nn_image *image, const char *group, nn_arena *arena,
                            const char *const **out, size_t *count);
bool nn_image_is_group(const nn_image *image, const char *path);

enum { NN_IMAGE_RANK_MOST = 4 };
/* Shape of a data set; rank 0 is a scalar. */
nn_status nn_image_shape(const nn_image *image, const char *path, size_t *rank,
                         size_t shape[NN_IMAGE_RANK_MOST]);
/* Whether there is a data set of this type. */
bool nn_image_is(const nn_image *image, const char *path, nn_number type);
/* Reads a whole array that must have this type, rank and shape. */
nn_status nn_image_array(const nn_image *image, const char *path, nn_number type, size_t rank,
                         const size_t *shape, void *values);
nn_status nn_image_count(const nn_image *image, const char *path, uint64_t *value);
nn_status nn_image_real(const nn_image *image, const char *path, double *value);
nn_status nn_image_text(const nn_image *image, const char *path, nn_arena *arena, const char **out);
/* A list of texts (column_count 1, a plain string) or a table's cells, row by row. */
nn_status nn_image_texts(const nn_image *image, const char *path, size_t column_count,
                         nn_arena *arena, const char *const **out, size_t *rows);

/* Attributes. */
bool nn_image_has_mark(const nn_image *image, const char *path, const char *name);
nn_status nn_image_mark(const nn_image *image, const char *path, const char *name, nn_arena *arena,
                        const char **out);
nn_status nn_image_mark_count(const nn_image *image, const char *path, const char *name,
                              uint64_t *value);
nn_status nn_image_mark_real(const nn_image *image, const char *path, const char *name,
                             double *value);

#endif
