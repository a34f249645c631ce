/* SPDX-License-Identifier: MIT */
/* Numbers as text, fast. */
#ifndef NN_BASE_NUMBER_H
#define NN_BASE_NUMBER_H

#include <stddef.h>

enum { NN_NUMBER_ROOM = 32 };

/* Writes what printf's %.9g writes, with its final 0; returns the length.  Numbers that need no
 * more than 128 bits to be scaled exactly (all floats from 1e-18 to 1e9 are such) take a fraction of
 * printf's time; others are left to it. */
size_t nn_number_print(double value, char out[NN_NUMBER_ROOM]);

#endif
