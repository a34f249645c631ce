/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cores.h"
#include "base/path.h"

typedef struct desk {
    char folder[64];
} desk;

static int open_desk(void **state)
{
    static desk d;
    snprintf(d.folder, sizeof d.folder, "/tmp/nnrun-cores-XXXXXX");
    assert_non_null(mkdtemp(d.folder));
    *state = &d;
    return 0;
}

static int close_desk(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", ((desk *)*state)->folder);
    return system(command);
}

static void put(const desk *d, const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", d->folder, folder);
    assert_int_equal(nn_path_make(path), NN_OK);
    snprintf(path, sizeof path, "%s/%s/%s", d->folder, folder, name);
    assert_int_equal(nn_file_write(path, text, strlen(text), false), NN_OK);
}

static double quota(const desk *d, const char *groups)
{
    char path[128];
    put(d, ".", "groups", groups);
    snprintf(path, sizeof path, "%s/groups", d->folder);
    return nn__cgroup_quota(path, d->folder);
}

static void a_group_of_version_2_sets_a_quota(void **state)
{
    put(*state, "job", "cpu.max", "150000 100000\n");
    assert_true(quota(*state, "0::/job\n") == 1.5);
    put(*state, "job", "cpu.max", "max 100000\n");
    assert_true(quota(*state, "0::/job\n") == 0);
}

static void the_least_of_a_group_and_those_above_holds(void **state)
{
    put(*state, "slice", "cpu.max", "200000 100000\n");
    put(*state, "slice/job/step", "cpu.max", "max 100000\n");
    assert_true(quota(*state, "0::/slice/job/step\n") == 2);
    put(*state, "slice/job", "cpu.max", "50000 100000\n");
    assert_true(quota(*state, "0::/slice/job/step\n") == 0.5);
}

static void a_group_of_version_1_sets_a_quota(void **state)
{
    put(*state, "cpu/job", "cpu.cfs_quota_us", "300000\n");
    put(*state, "cpu/job", "cpu.cfs_period_us", "100000\n");
    assert_true(quota(*state, "9:memory:/other\n4:cpu,cpuacct:/job\n0::/\n") == 3);
    assert_true(quota(*state, "3:cpuset:/job\n2:cpuacct:/job\n") == 0);
    put(*state, "cpu/job", "cpu.cfs_quota_us", "-1\n");
    assert_true(quota(*state, "4:cpu,cpuacct:/job\n") == 0);
}

/* As in a container that sees the host's path, but only its own group. */
static void a_path_that_cannot_be_seen_leaves_the_mount(void **state)
{
    put(*state, ".", "cpu.max", "400000 100000\n");
    assert_true(quota(*state, "0::/host/docker/abc\n") == 4);
}

static void without_groups_there_is_no_quota(void **state)
{
    (void)state;
    assert_true(nn__cgroup_quota("/nowhere", "/nowhere") == 0);
    assert_true(nn_cores() >= 1);
}

#define CORES_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORES_TEST(a_group_of_version_2_sets_a_quota),
        CORES_TEST(the_least_of_a_group_and_those_above_holds),
        CORES_TEST(a_group_of_version_1_sets_a_quota),
        CORES_TEST(a_path_that_cannot_be_seen_leaves_the_mount),
        CORES_TEST(without_groups_there_is_no_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
