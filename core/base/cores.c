/* SPDX-License-Identifier: MIT */
#include "base/cores.h"

#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_MOST = 4096, LINE_MOST = 4096 };

/* The first line of a file; false where there is none. */
static bool read_line(const char *folder, const char *name, char *line, int room)
{
    char path[PATH_MOST + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool read = fgets(line, room, file) != NULL;
    fclose(file);
    return read;
}

/* Of one group, in cores; 0 where it has none. */
static double quota_of(const char *folder)
{
    char line[128];
    double quota = 0, period = 100000;
    if (read_line(folder, "cpu.max", line, sizeof line)) { /* version 2: "150000 100000", "max 100000" */
        return sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : 0;
    }
    if (!read_line(folder, "cpu.cfs_quota_us", line, sizeof line)) {
        return 0;
    }
    quota = atof(line); /* -1: none */
    if (read_line(folder, "cpu.cfs_period_us", line, sizeof line)) {
        period = atof(line);
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* Of a group and all above it.  In a container the path may be that of the host, of which only the
 * mount itself can be seen: groups that are not there set none. */
static double least_quota(const char *mount, const char *group)
{
    char folder[PATH_MOST];
    double least = 0;
    int length = snprintf(folder, sizeof folder, "%s%s", mount, group);
    if (length < 0 || (size_t)length >= sizeof folder) {
        return 0;
    }
    for (;;) {
        double quota = quota_of(folder);
        least = quota > 0 && (least == 0 || quota < least) ? quota : least;
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= strlen(mount) || slash == NULL) {
            return least;
        }
        *slash = '\0';
    }
}

/* Whether "cpu" is among the controllers of a line of version 1. */
static bool has_cpu(const char *controllers)
{
    for (const char *s = controllers; *s != '\0';) {
        size_t length = strcspn(s, ",");
        if (length == 3 && strncmp(s, "cpu", 3) == 0) {
            return true;
        }
        s += length + (s[length] == ',');
    }
    return false;
}

double nn__cgroup_quota(const char *groups, const char *mount)
{
    char line[LINE_MOST], below[PATH_MOST];
    double least = 0;
    FILE *file = fopen(groups, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *group = NULL; /* 4:cpu,cpuacct:/a/b or 0::/a/b */
        if (controllers != NULL) {
            group = strchr(++controllers, ':');
        }
        if (group == NULL) {
            continue;
        }
        *group++ = '\0';
        if (*controllers != '\0' && !has_cpu(controllers)) {
            continue;
        }
        snprintf(below, sizeof below, "%s%s", mount, *controllers == '\0' ? "" : "/cpu");
        double quota = least_quota(below, strcmp(group, "/") == 0 ? "" : group);
        least = quota > 0 && (least == 0 || quota < least) ? quota : least;
    }
    if (file != NULL) {
        fclose(file);
    }
    return least;
}

size_t nn_cores(void)
{
    cpu_set_t set;
    size_t cores = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        cores = (size_t)CPU_COUNT(&set);
    } else {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        cores = online > 0 ? (size_t)online : 1;
    }
    double quota = ceil(nn__cgroup_quota("/proc/self/cgroup", "/sys/fs/cgroup"));
    if (quota > 0 && quota < (double)cores) {
        cores = (size_t)quota;
    }
    return cores > 0 ? cores : 1;
}
