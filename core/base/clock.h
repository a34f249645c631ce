/* SPDX-License-Identifier: MIT */
/* Time: a steady clock for durations, the wall clock for names and records. */
#ifndef NN_BASE_CLOCK_H
#define NN_BASE_CLOCK_H

#include <stddef.h>

/* Seconds since some fixed moment; never goes back. */
double nn_clock_s(void);
/* "2026-11-23T15:04:05.123Z"; returns buffer. */
enum { NN_CLOCK_TEXT = 32 };
const char *nn_clock_utc(char buffer[NN_CLOCK_TEXT]);
/* "20261123T150405Z", for file names. */
const char *nn_clock_compact(char buffer[NN_CLOCK_TEXT]);

#endif
