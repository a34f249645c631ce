/* SPDX-License-Identifier: MIT */
/* The functions of real.h as loops over arrays, one table for each precision and instruction
 * set. */
#ifndef REAL_TABLE_H
#define REAL_TABLE_H

#include <stddef.h>

#define REAL_FUNCTIONS(ROW)                                                                        \
    ROW(exp) ROW(expm1) ROW(log) ROW(log1p) ROW(tanh) ROW(sigmoid) ROW(erf) ROW(erfc) ROW(sqrt)

/* x and y: n floats or doubles. */
typedef struct real_table {
#define REAL_ROW(name) void (*name)(size_t n, const void *x, void *y);
    REAL_FUNCTIONS(REAL_ROW)
#undef REAL_ROW
    double (*sum)(size_t n, const void *x);
} real_table;

#endif
