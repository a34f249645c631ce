/* SPDX-License-Identifier: MIT */
/* Which commit this program was built from; the build writes the source (cmake/nnrunCommit.cmake). */
#ifndef NN_STORE_COMMIT_H
#define NN_STORE_COMMIT_H

/* 40 hexadecimal digits, with "-dirty" behind them where a file of the tree differed; "unknown" where the tree
 * was neither git's nor made by `git archive`.  [any] */
const char *nn_commit(void);

#endif
