/* SPDX-License-Identifier: MIT */
#include "store/folder.h"

#include "base/memory.h"
#include "base/path.h"
#include "sample.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_ROOM = 1024, CLAIMANTS = 12 };

static char root[256];
static nn_arena *arena;

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s", sample_folder());
    return nn_arena_create(&arena) == NN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    nn_arena_destroy(arena);
    sample_remove(root);
    return 0;
}

static const char *below(const char *name)
{
    const char *path;
    assert_int_equal(nn_path_join(arena, root, name, &path), NN_OK);
    return path;
}

static void runs_claimed_in_one_second_never_collide(void **state)
{
    (void)state;
    nn_run_folder *folders[CLAIMANTS];
    for (size_t i = 0; i < CLAIMANTS; i++) {
        assert_int_equal(nn_run_folder_claim(root, "digits", 7, NULL, &folders[i]), NN_OK);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(nn_run_folder_path(folders[i]), nn_run_folder_path(folders[j]));
            assert_string_not_equal(nn_run_folder_id(folders[i]), nn_run_folder_id(folders[j]));
        }
        assert_true(nn_path_is_folder(nn_run_folder_path(folders[i])));
    }
    for (size_t i = 0; i < CLAIMANTS; i++) {
        nn_run_folder_close(folders[i]);
    }
}

/* Processes that claim at once: each writes the name it got. */
static void processes_claiming_at_once_get_folders_of_their_own(void **state)
{
    (void)state;
    int gate[2], names[2];
    char got[CLAIMANTS][PATH_ROOM];
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(pipe(names), 0);
    for (size_t i = 0; i < CLAIMANTS; i++) {
        if (fork() == 0) {
            char path[PATH_ROOM] = "", byte;
            nn_run_folder *folder;
            close(gate[1]);
            if (read(gate[0], &byte, 1) == 0
                && nn_run_folder_claim(root, "digits", 1, NULL, &folder) == NN_OK) {
                snprintf(path, sizeof path, "%s", nn_run_folder_path(folder));
            }
            _exit(write(names[1], path, sizeof path) == sizeof path ? 0 : 1);
        }
    }
    close(gate[0]);
    close(gate[1]); /* opens the gate */
    for (size_t i = 0; i < CLAIMANTS; i++) {
        assert_int_equal(read(names[0], got[i], PATH_ROOM), PATH_ROOM);
        assert_string_not_equal(got[i], "");
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(got[i], got[j]);
        }
    }
    for (size_t i = 0; i < CLAIMANTS; i++) {
        assert_int_equal(wait(NULL) > 0, 1);
    }
    close(names[0]);
    close(names[1]);
}

static void exact_folder_must_be_new_or_empty(void **state)
{
    (void)state;
    nn_run_folder *folder, *other;
    const char *path = below("a/b/run/");
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, path, &folder), NN_OK);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, path, &other), NN_ERR_BUSY);
    nn_run_folder_close(folder);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, path, &other), NN_ERR_BUSY);
    assert_int_equal(mkdir(below("empty"), 0777), 0);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, below("empty"), &folder), NN_OK);
    nn_run_folder_close(folder);
    sample_write(root, "file", "x", 1);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, below("file"), &folder), NN_ERR_BUSY);
}

/* A process that holds a run until it is killed; returns once the lock is taken. */
static pid_t hold(const char *path)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        nn_run_folder *folder;
        if (nn_run_folder_open(path, &folder) == NN_OK && write(ready[1], "x", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void second_writer_is_refused_until_the_first_dies(void **state)
{
    (void)state;
    nn_run_folder *folder;
    const char *path = below("run"), *word, *line;
    char who[32];
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, path, &folder), NN_OK);
    assert_int_equal(nn_run_folder_status(folder, "running", "epoch 1 of 3"), NN_OK);
    nn_run_folder_close(folder);
    pid_t pid = hold(path);
    assert_int_equal(nn_run_folder_open(path, &folder), NN_ERR_BUSY);
    snprintf(who, sizeof who, "process %d", (int)pid);
    assert_non_null(strstr(nn_story(), who));
    assert_int_equal(nn_run_folder_state(path, arena, &word, &line), NN_OK);
    assert_string_equal(word, "running");
    assert_string_equal(line, "epoch 1 of 3");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(nn_run_folder_state(path, arena, &word, &line), NN_OK);
    assert_string_equal(word, "killed");
    assert_int_equal(nn_run_folder_open(path, &folder), NN_OK);
    assert_int_equal(strlen(nn_run_folder_id(folder)), 32);
    assert_int_equal(nn_run_folder_status(folder, "done", ""), NN_OK);
    nn_run_folder_close(folder);
    assert_int_equal(nn_run_folder_state(path, arena, &word, &line), NN_OK);
    assert_string_equal(word, "done");
}

static void opening_sweeps_what_dead_processes_left(void **state)
{
    (void)state;
    nn_run_folder *folder;
    const char *path = below("run");
    char own[64];
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, path, &folder), NN_OK);
    nn_run_folder_close(folder);
    snprintf(own, sizeof own, "run.h5.tmp-%ld", (long)getpid()); /* of an earlier life of this pid */
    sample_write(path, own, "x", 1);
    sample_write(path, "checkpoints/epoch-000001.h5.tmp-1", "x", 1);
    sample_write(path, "notes.tmp-x", "x", 1);
    assert_int_equal(nn_run_folder_open(path, &folder), NN_OK);
    nn_run_folder_close(folder);
    char swept[PATH_ROOM];
    snprintf(swept, sizeof swept, "run/%s", own);
    assert_false(nn_path_is_file(below(swept)));
    assert_false(nn_path_is_file(below("run/checkpoints/epoch-000001.h5.tmp-1")));
    assert_true(nn_path_is_file(below("run/notes.tmp-x")));
}

static void make_run(const char *name)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(nn_path_make(path), NN_OK);
    sample_write(path, "spec.resolved.yaml", "nnrun: 1\n", 9);
}

static void finds(const char *run, const char *expected)
{
    const char *found;
    assert_int_equal(nn_run_folder_find(run, root, arena, &found), NN_OK);
    assert_string_equal(found, below(expected));
}

static void run_is_a_folder_its_results_or_the_newest_of_a_name(void **state)
{
    (void)state;
    const char *found;
    make_run("digits/20260101T000000Z-s10");
    make_run("digits/20260101T000000Z-s9");
    make_run("digits/20260101T000000Z-s9-2");
    make_run("digits/20260101T000000Z-s9-10");
    make_run("digits/20251231T235959Z-s1");
    assert_int_equal(mkdir(below("digits/20270101T000000Z-s1"), 0777), 0); /* claimed, then killed */
    sample_write(below("digits/20251231T235959Z-s1"), "run.h5", "x", 1);
    finds("digits", "digits/20260101T000000Z-s9-10");
    finds("digits/", "digits/20260101T000000Z-s9-10");
    finds("digits/20260101T000000Z-s10", "digits/20260101T000000Z-s10");
    finds(below("digits/20260101T000000Z-s10/"), "digits/20260101T000000Z-s10");
    finds(below("digits/20251231T235959Z-s1/run.h5"), "digits/20251231T235959Z-s1");
    assert_int_equal(nn_run_folder_find("letters", root, arena, &found), NN_ERR_NOT_FOUND);
    assert_non_null(strstr(nn_story(), root));
}

static void list_gives_experiments_by_name_and_runs_by_age(void **state)
{
    (void)state;
    const char *const *runs;
    size_t count;
    make_run("b/20260101T000000Z-s1");
    make_run("a/20260102T000000Z-s1");
    make_run("a/20260101T000000Z-s2");
    make_run("a/20260101T000000Z-s1");
    assert_int_equal(nn_run_folder_list(root, arena, &runs, &count), NN_OK);
    assert_int_equal(count, 4);
    assert_string_equal(runs[0], below("a/20260101T000000Z-s1"));
    assert_string_equal(runs[1], below("a/20260101T000000Z-s2"));
    assert_string_equal(runs[2], below("a/20260102T000000Z-s1"));
    assert_string_equal(runs[3], below("b/20260101T000000Z-s1"));
    assert_int_equal(nn_run_folder_list(below("nowhere"), arena, &runs, &count), NN_OK);
    assert_int_equal(count, 0);
}

static size_t lines_of(const char *path, char **bytes)
{
    size_t length, lines = 0;
    *bytes = sample_read(path, "events.jsonl", &length);
    for (size_t i = 0; i < length; i++) {
        lines += (*bytes)[i] == '\n';
    }
    return lines;
}

static void events_are_cut_back_to_an_epoch_and_lose_a_torn_line(void **state)
{
    (void)state;
    nn_run_folder *folder;
    nn_history *history = sample_history(4, true);
    char *whole, *cut;
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, below("run"), &folder), NN_OK);
    assert_int_equal(nn_events_cut(folder, 3), NN_OK); /* nothing there yet */
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(nn_events_append(folder, history, &history->records[i]), NN_OK);
    }
    assert_int_equal(lines_of(below("run"), &whole), 4);
    sample_write(below("run"), "events.jsonl", whole, strlen(whole) - 9);
    assert_int_equal(nn_events_cut(folder, 9), NN_OK);
    assert_int_equal(lines_of(below("run"), &cut), 3);
    assert_memory_equal(cut, whole, strlen(cut));
    nn_free(cut);
    assert_int_equal(nn_events_cut(folder, 1), NN_OK);
    assert_int_equal(lines_of(below("run"), &cut), 1);
    assert_non_null(strstr(cut, "{\"epoch\":1,\"step\":100,\"seconds\":0.1,"));
    assert_non_null(strstr(cut, "\"gradient_norm\":[1,0.6666666666666666]"));
    nn_free(cut);
    assert_int_equal(nn_events_restore(folder, history), NN_OK);
    assert_int_equal(lines_of(below("run"), &cut), 4);
    assert_string_equal(cut, whole);
    nn_free(cut);
    nn_free(whole);
    nn_history_destroy(history);
    nn_run_folder_close(folder);
}

static void metric_that_is_not_finite_is_not_appended(void **state)
{
    (void)state;
    nn_run_folder *folder;
    nn_history *history = sample_history(1, true);
    assert_int_equal(nn_run_folder_claim(NULL, NULL, 1, below("run"), &folder), NN_OK);
    history->records[0].validation_cost = NAN;
    assert_int_equal(nn_events_append(folder, history, &history->records[0]), NN_ERR_NUMERIC);
    assert_non_null(strstr(nn_story(), "validation_cost"));
    assert_false(nn_path_is_file(below("run/events.jsonl")));
    history->validation = false; /* then it is not a metric of this run */
    assert_int_equal(nn_events_append(folder, history, &history->records[0]), NN_OK);
    nn_history_destroy(history);
    nn_run_folder_close(folder);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(runs_claimed_in_one_second_never_collide),
        CASE(processes_claiming_at_once_get_folders_of_their_own),
        CASE(exact_folder_must_be_new_or_empty),
        CASE(second_writer_is_refused_until_the_first_dies),
        CASE(opening_sweeps_what_dead_processes_left),
        CASE(run_is_a_folder_its_results_or_the_newest_of_a_name),
        CASE(list_gives_experiments_by_name_and_runs_by_age),
        CASE(events_are_cut_back_to_an_epoch_and_lose_a_torn_line),
        CASE(metric_that_is_not_finite_is_not_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
