/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "files.h"
#include "jpeg.h"
#include "loader.h"

#include "data/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct state {
    char folder[FILES_PATH], cache[FILES_PATH];
    loader_fixture loader;
};

static int setup(void **state)
{
    struct state *s = test_malloc(sizeof *s);
    files_make(s->folder);
    snprintf(s->cache, sizeof s->cache, "%s", files_path(s->folder, "cache"));
    setenv("NNRUN_CACHE", s->cache, 1);
    unsetenv("NNRUN_CACHE_MB");
    mkdir(files_path(s->folder, "data"), 0755);
    for (int c = 0; c < 2; c++) {
        mkdir(files_path(s->folder, "data/%d", c), 0755);
        for (int i = 0; i < 100; i++) {
            jpeg_write_flat(files_path(s->folder, "data/%d/%d.jpg", c, i), 8, 8,
                            (uint8_t)(i + 100 * c));
        }
    }
    loader_setup(&s->loader, "jpeg_folder");
    loader_set_text(&s->loader, "path", files_path(s->folder, "data"));
    s->loader.options.cache = true;
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    loader_finish(&s->loader);
    files_remove(s->folder);
    test_free(s);
    return 0;
}

/* Opens and tells whether the samples came out of the cache. */
static bool from_cache(struct state *s)
{
    if (loader_open(&s->loader) != NN_OK) {
        fail_msg("%s", nn_story());
    }
    return nn_dataset_describe(s->loader.set)->from_cache;
}

/* All that training sees of the data. */
static nn_hash128 seen(const struct state *s)
{
    nn_samples view = nn_dataset_view(s->loader.set);
    const nn_dataset_about *about = nn_dataset_describe(s->loader.set);
    nn_hash128 parts[3] = {
        nn_hash_bytes(view.bytes, view.count * view.features),
        nn_hash_bytes(view.labels, view.count * sizeof *view.labels),
        about->fingerprint,
    };
    return nn_hash_bytes(parts, sizeof parts);
}

static void assert_same(nn_hash128 a, nn_hash128 b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void assert_logged(const struct state *s, const char *part)
{
    if (strstr(nn_text_view(&s->loader.lines), part) == NULL) {
        fail_msg("\"%s\" is not in the log:\n%s", part, nn_text_view(&s->loader.lines));
    }
}

/* The one file kept. */
static const char *kept_file(const struct state *s)
{
    static char path[2 * FILES_PATH];
    DIR *dir = opendir(s->cache);
    path[0] = 0;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        if (e->d_name[0] != '.') {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", s->cache, e->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return path;
}

static void the_second_start_maps_the_same_bytes(void **state)
{
    struct state *s = *state;
    assert_false(from_cache(s));
    nn_hash128 first = seen(s);
    assert_true(from_cache(s));
    assert_same(seen(s), first);
    nn_pool *pool;
    assert_int_equal(nn_pool_create(3, &pool), NN_OK);
    s->loader.options.pool = pool;
    assert_true(from_cache(s));
    assert_same(seen(s), first);
    nn_pool_destroy(pool);
    s->loader.options.pool = NULL;
    s->loader.options.cache = false;
    assert_false(from_cache(s));
    assert_same(seen(s), first);
    assert_string_equal(nn_text_view(&s->loader.lines), "");
}

static void changed_files_and_parameters_are_read_anew(void **state)
{
    struct state *s = *state;
    from_cache(s);
    /* The same name, size and time of change; the inode tells. */
    jpeg_write_flat(files_path(s->folder, "data/other"), 8, 8, 200);
    rename(files_path(s->folder, "data/other"), files_path(s->folder, "data/0/0.jpg"));
    assert_false(from_cache(s));
    assert_int_equal(nn_dataset_view(s->loader.set).bytes[0], 200);
    assert_true(from_cache(s));
    rename(files_path(s->folder, "data/0/1.jpg"), files_path(s->folder, "data/0/1000.jpg"));
    assert_false(from_cache(s));
    unlink(files_path(s->folder, "data/0/2.jpg"));
    assert_false(from_cache(s));
    assert_true(from_cache(s));
    loader_set_int(&s->loader, "channels", 3);
    assert_false(from_cache(s));
    const int64_t size[] = {4, 4};
    loader_set_ints(&s->loader, "size", size, 2);
    assert_false(from_cache(s));
    assert_true(from_cache(s));
    assert_int_equal(nn_dataset_view(s->loader.set).features, 48);
}

static void bad_files_are_named_each_time(void **state)
{
    struct state *s = *state;
    files_write(files_path(s->folder, "data/1/5.jpg"), "no", 2);
    loader_set_int(&s->loader, "on_bad", 1);
    assert_false(from_cache(s));
    assert_false(from_cache(s));
    assert_int_equal(nn_dataset_describe(s->loader.set)->skipped, 1);
}

static void damage_is_found_and_the_file_rebuilt(void **state)
{
    struct state *s = *state;
    from_cache(s);
    nn_hash128 first = seen(s);
    size_t length;
    unsigned char *bytes = files_read(kept_file(s), &length);
    /* Every part of the file: header, title, digest, labels, pixels. */
    for (size_t i = 0; i < length; i += 1 + length / 47) {
        char path[2 * FILES_PATH];
        snprintf(path, sizeof path, "%s", kept_file(s));
        bytes[i] ^= 16;
        files_write(path, bytes, length);
        bytes[i] ^= 16;
        if (from_cache(s)) {
            fail_msg("a flip of byte %zu was not seen", i);
        }
        assert_same(seen(s), first);
        assert_true(from_cache(s));
        /* Cut, and longer than it was. */
        files_write(path, bytes, i);
        assert_false(from_cache(s));
        assert_same(seen(s), first);
    }
    char path[2 * FILES_PATH];
    snprintf(path, sizeof path, "%s", kept_file(s));
    FILE *file = fopen(path, "ab");
    fputc(0, file);
    fclose(file);
    assert_false(from_cache(s));
    assert_logged(s, "is damaged; the data are read anew");
    free(bytes);
}

static void whatever_fails_the_data_come(void **state)
{
    struct state *s = *state;
    s->loader.options.cache = false;
    from_cache(s);
    nn_hash128 first = seen(s);
    s->loader.options.cache = true;
    /* A file where the folder should be. */
    files_write(s->cache, "", 0);
    assert_false(from_cache(s));
    assert_same(seen(s), first);
    assert_logged(s, "going on without it");
    unlink(s->cache);
    /* A folder where the file should be. */
    from_cache(s);
    char path[2 * FILES_PATH];
    snprintf(path, sizeof path, "%s", kept_file(s));
    unlink(path);
    mkdir(path, 0700);
    assert_false(from_cache(s));
    assert_same(seen(s), first);
    rmdir(path);
    /* No place at all. */
    unsetenv("NNRUN_CACHE");
    char *home = getenv("HOME"), *xdg = getenv("XDG_CACHE_HOME");
    home = home == NULL ? NULL : strdup(home);
    xdg = xdg == NULL ? NULL : strdup(xdg);
    unsetenv("HOME");
    unsetenv("XDG_CACHE_HOME");
    assert_false(from_cache(s));
    assert_logged(s, "there is no place for a cache");
    if (home != NULL) {
        setenv("HOME", home, 1);
    }
    if (xdg != NULL) {
        setenv("XDG_CACHE_HOME", xdg, 1);
    }
    free(home);
    free(xdg);
}

/* A disk that fills up while the cache is written: the limit of a file's size stands for it. */
static void a_full_disk_leaves_nothing_behind(void **state)
{
    struct state *s = *state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){8000, 8000});
        bool good = loader_open(&s->loader) == NN_OK
                    && strstr(nn_text_view(&s->loader.lines), "going on without it") != NULL;
        _exit(good ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_string_equal(kept_file(s), "");
}

static void the_longest_unused_make_room(void **state)
{
    struct state *s = *state;
    setenv("NNRUN_CACHE_MB", "1", 1);
    const int64_t sizes[][2] = {{47, 47}, {46, 46}, {45, 45}};
    /* 200 images of 47 x 47 are 442 KB, of 46 x 46 423, of 45 x 45 405: two fit. */
    for (size_t i = 0; i < 3; i++) {
        loader_set_ints(&s->loader, "size", sizes[i], 2);
        assert_false(from_cache(s));
        usleep(20000);
    }
    loader_set_ints(&s->loader, "size", sizes[1], 2);
    assert_true(from_cache(s));
    loader_set_ints(&s->loader, "size", sizes[0], 2);
    usleep(20000);
    assert_false(from_cache(s)); /* went for the third, and now takes the third's place */
    loader_set_ints(&s->loader, "size", sizes[1], 2);
    assert_true(from_cache(s));
    loader_set_ints(&s->loader, "size", sizes[2], 2);
    assert_false(from_cache(s));
    const int64_t large[] = {80, 80};
    loader_set_ints(&s->loader, "size", large, 2);
    assert_false(from_cache(s));
    assert_logged(s, "larger than NNRUN_CACHE_MB");
}

static void the_folder_is_listed_and_cleared(void **state)
{
    struct state *s = *state;
    from_cache(s);
    loader_set_int(&s->loader, "channels", 3);
    from_cache(s);
    const char *folder;
    nn_cache_entry *entries;
    size_t count;
    uint64_t bytes;
    assert_int_equal(nn_cache_list(s->loader.arena, &folder, &entries, &count), NN_OK);
    assert_string_equal(folder, s->cache);
    assert_int_equal(count, 2);
    assert_non_null(strstr(entries[0].title, "jpeg_folder: 200 samples of 8 x 8 x 3"));
    assert_non_null(strstr(entries[1].title, "jpeg_folder: 200 samples of 8 x 8 x 1"));
    assert_in_range(entries[1].bytes, 200 * 64, 200 * 64 + 4000);
    files_write(files_path(s->cache, "mine.txt"), "x", 1);
    assert_int_equal(nn_cache_clear(&count, &bytes), NN_OK);
    assert_int_equal(count, 2);
    assert_string_equal(kept_file(s), files_path(s->cache, "mine.txt"));
}

/* Files that were being written. */
static size_t temporary_files(const struct state *s)
{
    size_t count = 0;
    DIR *folder = opendir(s->cache);
    for (const struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        count += strstr(e->d_name, ".tmp-") != NULL;
    }
    closedir(folder);
    return count;
}

static void what_a_dead_process_was_writing_is_swept(void **state)
{
    struct state *s = *state;
    from_cache(s);
    const char *dead = files_path(s->cache, "0.pixels.tmp-1-0"), *alive = files_path(s->cache, "1.pixels.tmp-1-0");
    files_write(dead, "half", 4);
    files_write(alive, "half", 4);
    int lock = open(alive, O_WRONLY | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    nn_cache_entry *entries;
    const char *folder;
    size_t count;
    assert_int_equal(nn_cache_list(s->loader.arena, &folder, &entries, &count), NN_OK);
    assert_int_equal(count, 1);
    assert_int_equal(access(dead, F_OK), -1);
    assert_int_equal(access(alive, F_OK), 0);
    close(lock);
    assert_int_equal(nn_cache_list(s->loader.arena, &folder, &entries, &count), NN_OK);
    assert_int_equal(temporary_files(s), 0);
}

/* Eight processes start at once, four more are killed while they write: what is kept is whole. */
static void many_processes_and_kills_leave_whole_files(void **state)
{
    struct state *s = *state;
    const int64_t size[] = {100, 100};
    loader_set_ints(&s->loader, "size", size, 2);
    s->loader.options.cache = false;
    from_cache(s);
    nn_hash128 first = seen(s);
    s->loader.options.cache = true;
    for (int round = 0; round < 6; round++) {
        pid_t children[12];
        size_t count;
        uint64_t bytes;
        assert_int_equal(nn_cache_clear(&count, &bytes), NN_OK);
        for (int i = 0; i < 12; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                bool good = loader_open(&s->loader) == NN_OK;
                nn_hash128 mine = seen(s);
                _exit(good && memcmp(&mine, &first, sizeof mine) == 0 ? 0 : 1);
            }
        }
        for (int i = 8; i < 12; i++) {
            usleep((useconds_t)(3000 * (round + 1)));
            kill(children[i], SIGKILL);
        }
        for (int i = 0; i < 12; i++) {
            int status;
            waitpid(children[i], &status, 0);
            if (i < 8) {
                assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            }
        }
        assert_true(from_cache(s));
        assert_same(seen(s), first);
        assert_int_equal(nn_cache_clear(&count, &bytes), NN_OK);
        assert_int_equal(temporary_files(s), 0);
    }
}

static void no_allocation_that_fails_crashes(void **state)
{
    struct state *s = *state;
    from_cache(s);
    nn_hash128 first = seen(s);
    for (long k = 0;; k++) {
        unsigned long before = nn_memory_count();
        nn_dataset_close(s->loader.set);
        s->loader.set = NULL;
        nn_memory_fail_after(k, 1);
        nn_status status = loader_open(&s->loader);
        nn_memory_fail_after(0, 0);
        if (status == NN_OK) {
            assert_same(seen(s), first);
        }
        if ((long)(nn_memory_count() - before) < k) {
            assert_true(k > 20);
            break;
        }
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_second_start_maps_the_same_bytes),
        CASE(changed_files_and_parameters_are_read_anew),
        CASE(bad_files_are_named_each_time),
        CASE(damage_is_found_and_the_file_rebuilt),
        CASE(whatever_fails_the_data_come),
        CASE(a_full_disk_leaves_nothing_behind),
        CASE(the_longest_unused_make_room),
        CASE(the_folder_is_listed_and_cleared),
        CASE(what_a_dead_process_was_writing_is_swept),
        CASE(many_processes_and_kills_leave_whole_files),
        CASE(no_allocation_that_fails_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
