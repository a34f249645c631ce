/* SPDX-License-Identifier: MIT */
/* A curve as text: values over epochs in a small frame, for the terminal and for mail. */
#ifndef NN_CLI_CURVE_H
#define NN_CLI_CURVE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* values[0 .. count - 1] belong to epochs first, first + 1, ...; more epochs than columns are averaged.
 * `share`: shown as per cent.  Nothing for count 0. */
void nn_curve_print(const double *values, size_t count, unsigned long long first, bool share,
                    nn_text *out);

#endif
