/* SPDX-License-Identifier: MIT */
/* Where a run came from: program, machine, command line, times.  Versions of libraries that only other
 * rooms link come from the caller as further facts. */
#ifndef NN_STORE_PROVENANCE_H
#define NN_STORE_PROVENANCE_H

#include "base/arena.h"
#include "store/results.h"

#include <stddef.h>
#include <stdint.h>

typedef struct nn_provenance nn_provenance;

/* Collects; everything lives in the arena.  `extra` (libraries, isa, ...) goes behind; NULL values are
 * left out.
 *
 *   nnrun commit seed threads start end host os cpu cores compiler argv folder
 *   libraries/hdf5 libraries/libc */
nn_status nn_provenance_create(int argc, char *const *argv, uint64_t seed, size_t threads,
                               const nn_fact *extra, size_t extra_count, nn_arena *arena,
                               nn_provenance **out);
/* Views; the value of "end" follows nn_provenance_end(). */
const nn_fact *nn_provenance_facts(const nn_provenance *provenance, size_t *count);
/* The run began earlier than this process: "start" becomes `start`, "resumed" the moment of now.  NULL
 * changes nothing.  `start` is borrowed as long as the provenance. */
void nn_provenance_began(nn_provenance *provenance, const char *start);
/* Now is the end, as far as one knows: called before each write of run.h5. */
void nn_provenance_end(nn_provenance *provenance);

#endif
