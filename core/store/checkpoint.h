/* SPDX-License-Identifier: MIT */
/* Checkpoints: all that a run needs to go on to the same bits. */
#ifndef NN_STORE_CHECKPOINT_H
#define NN_STORE_CHECKPOINT_H

#include "base/log.h"
#include "net/engine.h"
#include "store/folder.h"
#include "train/record.h"

#include <stdbool.h>

/* Writes checkpoints/epoch-<epoch>.h5 (weights, slots, scalars, state, metrics so far, digests).  With
 * position > 0 the name is epoch-<epoch>-<position>.h5.  path: where it lies, from the arena; may be NULL. */
nn_status nn_checkpoint_write(nn_run_folder *folder, nn_engine *engine, const nn_train_state *state,
                              const nn_history *history, bool sync, nn_arena *arena,
                              const char **path);
/* Removes all but the newest `keep`, the best one and the initial one. */
nn_status nn_checkpoint_prune(nn_run_folder *folder, size_t keep, uint64_t best_epoch);

/* Reads one into the engine (whose topology must fit: NN_ERR_CHECKPOINT says how it does not).
 * history and state may be NULL. */
nn_status nn_checkpoint_read(const char *path, nn_engine *engine, nn_train_state *state,
                             nn_history *history);
/* The newest one can go on from: it is whole, and so is that of the best epoch it knows.  Others are
 * named in the log and passed over; so are older ones that are damaged.
 *
 * NN_ERR_NOT_FOUND   there is no checkpoint at all: a run killed before its first
 * NN_ERR_CHECKPOINT  there are, and none is good */
nn_status nn_checkpoint_newest(const char *folder, const nn_log *log, nn_arena *arena,
                               const char **path);
/* The checkpoint of an epoch, NULL where there is none. */
nn_status nn_checkpoint_of_epoch(const char *folder, uint64_t epoch, nn_arena *arena,
                                 const char **path);

#endif
