/* SPDX-License-Identifier: MIT */
/* How many cores this process may use: what `threads: auto` means. */
#ifndef NN_BASE_CORES_H
#define NN_BASE_CORES_H

#include <stddef.h>

/* The cores of the process's affinity, at most the quota of its control groups rounded up; at least 1. */
size_t nn_cores(void);

/* The least quota, in cores, of the control groups that `groups` (as /proc/self/cgroup) names below
 * `mount` (as /sys/fs/cgroup) and of those above them, version 2 or 1; 0 where none sets one. */
double nn__cgroup_quota(const char *groups, const char *mount);

#endif
