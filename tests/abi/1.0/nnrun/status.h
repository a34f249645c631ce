/* SPDX-License-Identifier: MIT */
/* The one list of status codes.  Each row: name, value, sentence.  Values never change. */
#ifndef NNRUN_STATUS_H
#define NNRUN_STATUS_H

#define NN_STATUS_LIST(ROW)                                                                        \
    ROW(NN_OK, 0, "done")                                                                          \
    ROW(NN_ERR_MEMORY, 1, "out of memory")                                                         \
    ROW(NN_ERR_IO, 2, "a file could not be read or written")                                       \
    ROW(NN_ERR_USAGE, 3, "the command line is wrong")                                              \
    ROW(NN_ERR_SPEC, 4, "the spec is wrong")                                                       \
    ROW(NN_ERR_DATA, 5, "the data are damaged or do not fit")                                      \
    ROW(NN_ERR_PLUGIN, 6, "a plugin could not be used")                                            \
    ROW(NN_ERR_PARAM, 7, "a parameter is out of range")                                            \
    ROW(NN_ERR_SHAPE, 8, "shapes do not fit")                                                      \
    ROW(NN_ERR_NUMERIC, 9, "a number is not finite")                                               \
    ROW(NN_ERR_CHECKPOINT, 10, "a checkpoint or result is damaged or does not fit")                \
    ROW(NN_ERR_EXPECT, 11, "an expectation did not hold")                                          \
    ROW(NN_ERR_INTERRUPTED, 12, "interrupted after a checkpoint")                                  \
    ROW(NN_ERR_ABORTED, 13, "aborted")                                                             \
    ROW(NN_ERR_UNSUPPORTED, 14, "not supported")                                                   \
    ROW(NN_ERR_STATE, 15, "called in the wrong order")                                             \
    ROW(NN_ERR_BUSY, 16, "in use by another process")                                              \
    ROW(NN_ERR_NOT_FOUND, 17, "not found")                                                         \
    ROW(NN_ERR_CHECK, 18, "a check failed")

typedef enum nn_status {
#define NN_STATUS_ROW(name, value, sentence) name = value,
    NN_STATUS_LIST(NN_STATUS_ROW)
#undef NN_STATUS_ROW
} nn_status;

#endif
