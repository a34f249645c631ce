/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

double nn_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *nn_clock_utc(char buffer[NN_CLOCK_TEXT])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(buffer, NN_CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(buffer + n, NN_CLOCK_TEXT - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
    return buffer;
}

const char *nn_clock_compact(char buffer[NN_CLOCK_TEXT])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(buffer, NN_CLOCK_TEXT, "%Y%m%dT%H%M%SZ", &utc);
    return buffer;
}
