/* SPDX-License-Identifier: MIT */
/* Which samples train and which validate. */
#ifndef NN_DATA_SPLIT_H
#define NN_DATA_SPLIT_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Splits 0 .. count - 1 into `taken` of size `take` and the rest, both ascending.  With labels the
 * classes keep their shares (largest remainder, ties to the lower class); which of a class is taken
 * is drawn from stream (seed, stream).  labels NULL: drawn from all.  taken has room for `take`, rest
 * for count - take; either may be NULL.  NN_ERR_DATA: take > count. */
nn_status nn_split(const int32_t *labels, size_t count, size_t class_count, size_t take, uint64_t seed,
                   const char *stream, uint32_t *taken, uint32_t *rest);

#endif
