/* SPDX-License-Identifier: MIT */
/* Paths and whole files. */
#ifndef NN_BASE_PATH_H
#define NN_BASE_PATH_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* `name` itself where it is absolute or base is NULL or "", else base/name. */
nn_status nn_path_join(nn_arena *arena, const char *base, const char *name, const char **out);
/* The folder of a path ("." where it has none) and its last part. */
nn_status nn_path_folder(nn_arena *arena, const char *path, const char **out);
const char *nn_path_name(const char *path);
/* Absolute and without . and .. parts, whether or not it exists; links stay links. */
nn_status nn_path_absolute(nn_arena *arena, const char *path, const char **out);
/* "tanh" of "a/b/tanh.so". */
nn_status nn_path_stem(nn_arena *arena, const char *path, const char **out);
bool nn_path_is_folder(const char *path);
bool nn_path_is_file(const char *path);
/* mkdir -p.  NN_ERR_IO names the folder that could not be made. */
nn_status nn_path_make(const char *path);

/* A regular file's bytes, at most `most`, and a final 0 behind them.  The caller frees by
 * nn_free().  Never blocks on a FIFO or device: those are refused.  NN_ERR_IO names path and cause. */
nn_status nn_file_read(const char *path, size_t most, char **bytes, size_t *length);
/* Written aside (path + ".tmp-<pid>"), synced where `sync`, renamed into place: a reader sees the
 * old or the new, never a half.  NN_ERR_IO names path and cause; nothing is left behind. */
nn_status nn_file_write(const char *path, const void *bytes, size_t length, bool sync);
/* fsync of a folder, so that a rename in it survives a power cut. */
nn_status nn_path_sync(const char *folder);

#endif
