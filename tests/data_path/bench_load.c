/* SPDX-License-Identifier: MIT */
/* Loading a folder of JPEG classes against a plain libjpeg loop over the same files, in one run.
 *
 *     bench_load FOLDER [THREADS=1] [ROUNDS=5]
 *
 * The loop lists the class folders, opens, reads, decodes with one reused struct a thread, blocks of 256
 * files a thread; nothing is sorted, checked or fingerprinted.  The same loop without decoding is what no
 * loader of files can exceed.  Rounds alternate; the medians and their ratio are printed as one JSON line.  `cached_s` is opening the same folder from the cache (in a folder
 * of its own), `storing_s` the opening that filled it.  Give it a folder whose files are all of one size.
 */
#include "files.h"
#include "loader.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jpeglib.h>

#include "base/clock.h"

enum { NAME = 64, BLOCK = 256, ROUNDS_MOST = 100, CLASSES = 256 };

struct file {
    char name[NAME];
    int class;
};

struct plain {
    const char *folder;
    struct file *files;
    size_t count, room, bytes; /* files; bytes of one image */
    int folders[CLASSES];
    uint8_t *pixels;
    int32_t *labels;
    bool decodes;
    atomic_size_t next;
};

static void list(struct plain *p)
{
    DIR *root = opendir(p->folder);
    int class = 0;
    p->count = 0;
    for (struct dirent *c; root != NULL && (c = readdir(root)) != NULL;) {
        char path[4096];
        if (c->d_name[0] == '.' || class == CLASSES) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", p->folder, c->d_name);
        DIR *dir = opendir(path);
        for (struct dirent *f; dir != NULL && (f = readdir(dir)) != NULL;) {
            size_t length = strlen(f->d_name);
            if (length < 5 || length >= NAME || strcmp(f->d_name + length - 4, ".jpg") != 0) {
                continue;
            }
            if (p->count == p->room) {
                p->room = p->room == 0 ? 65536 : 2 * p->room;
                p->files = realloc(p->files, p->room * sizeof *p->files);
            }
            memcpy(p->files[p->count].name, f->d_name, length + 1);
            p->files[p->count++].class = class;
        }
        if (dir != NULL) {
            closedir(dir);
            p->folders[class++] = open(path, O_RDONLY | O_DIRECTORY);
        }
    }
    if (root != NULL) {
        closedir(root);
    }
}

static void decode(struct jpeg_decompress_struct *d, const uint8_t *bytes, size_t length,
                   uint8_t *out)
{
    jpeg_mem_src(d, bytes, length);
    jpeg_read_header(d, TRUE);
    d->out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(d);
    while (d->output_scanline < d->output_height) {
        JSAMPROW rows[16];
        for (unsigned i = 0; i < 16; i++) {
            rows[i] = out + (size_t)(d->output_scanline + i) * d->output_width;
        }
        jpeg_read_scanlines(d, rows, d->output_height - d->output_scanline < 16
                                         ? d->output_height - d->output_scanline : 16);
    }
    jpeg_finish_decompress(d);
}

static nn_status load_plainly(void *context, size_t thread)
{
    (void)thread;
    struct plain *p = context;
    static _Thread_local uint8_t bytes[1 << 20];
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    size_t block;
    while (nn_next(&p->next, (p->count + BLOCK - 1) / BLOCK, &block)) {
        for (size_t i = block * BLOCK; i < p->count && i < (block + 1) * BLOCK; i++) {
            int fd = openat(p->folders[p->files[i].class], p->files[i].name, O_RDONLY | O_CLOEXEC);
            ssize_t length = read(fd, bytes, sizeof bytes);
            close(fd);
            if (p->decodes) {
                decode(&d, bytes, (size_t)length, p->pixels + i * p->bytes);
            }
            p->labels[i] = p->files[i].class;
        }
    }
    jpeg_destroy_decompress(&d);
    return NN_OK;
}

static double plain_s(struct plain *p, nn_pool *pool, bool decodes)
{
    p->decodes = decodes;
    double start_s = nn_clock_s();
    list(p);
    p->pixels = malloc(p->count * p->bytes);
    p->labels = malloc(p->count * sizeof *p->labels);
    atomic_store(&p->next, 0);
    nn_pool_run(pool, load_plainly, p);
    double s = nn_clock_s() - start_s;
    for (int c = 0; c < CLASSES; c++) {
        if (p->folders[c] > 0) {
            close(p->folders[c]);
            p->folders[c] = 0;
        }
    }
    free(p->pixels);
    free(p->labels);
    return s;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double open_s(loader_fixture *loader)
{
    double start_s = nn_clock_s();
    if (loader_open(loader) != NN_OK) {
        fprintf(stderr, "%s\n", nn_story());
        exit(1);
    }
    return nn_clock_s() - start_s;
}

/* Fills a cache of our own, then opens from it again and again. */
static void time_cache(loader_fixture *loader, int rounds, double *storing_s, double *cached_s)
{
    char folder[FILES_PATH];
    double times[ROUNDS_MOST];
    files_make(folder);
    setenv("NNRUN_CACHE", folder, 1);
    loader->options.cache = true;
    *storing_s = open_s(loader);
    for (int r = 0; r < rounds; r++) {
        times[r] = open_s(loader);
    }
    qsort(times, (size_t)rounds, sizeof *times, by_value);
    *cached_s = times[rounds / 2];
    files_remove(folder);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_load FOLDER [THREADS=1] [ROUNDS=5]\n");
        return 2;
    }
    size_t threads = argc > 2 ? (size_t)atoi(argv[2]) : 1;
    int rounds = argc > 3 ? atoi(argv[3]) : 5;
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MOST ? ROUNDS_MOST : rounds;
    loader_fixture loader;
    loader_setup(&loader, "jpeg_folder");
    loader_set_text(&loader, "path", argv[1]);
    nn_pool *pool = NULL;
    if (nn_pool_create(threads, &pool) != NN_OK) {
        return 1;
    }
    loader.options.pool = pool;
    struct plain plain = {.folder = argv[1]};
    double ours[ROUNDS_MOST], loop[ROUNDS_MOST], files[ROUNDS_MOST];
    for (int r = -1; r < rounds; r++) {
        double ours_s = open_s(&loader);
        plain.bytes = nn_dataset_describe(loader.set)->features;
        nn_dataset_close(loader.set);
        loader.set = NULL;
        double loop_s = plain_s(&plain, pool, true), files_s = plain_s(&plain, pool, false);
        if (r >= 0) {
            ours[r] = ours_s;
            loop[r] = loop_s;
            files[r] = files_s;
        }
    }
    qsort(ours, (size_t)rounds, sizeof *ours, by_value);
    qsort(loop, (size_t)rounds, sizeof *loop, by_value);
    qsort(files, (size_t)rounds, sizeof *files, by_value);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double storing_s, cached_s;
    time_cache(&loader, rounds, &storing_s, &cached_s);
    double n = (double)plain.count;
    printf("{\"bench\":\"load\",\"files\":%zu,\"threads\":%zu,\"rounds\":%d,\"nnrun_per_s\":%.0f,"
           "\"libjpeg_loop_per_s\":%.0f,\"files_alone_per_s\":%.0f,\"ratio\":%.3f,\"storing_s\":%.3f,"
           "\"cached_s\":%.4f,\"peak_mb\":%.1f}\n",
           plain.count, threads, rounds, n / ours[rounds / 2], n / loop[rounds / 2], n / files[rounds / 2],
           loop[rounds / 2] / ours[rounds / 2], storing_s, cached_s,
           (double)usage.ru_maxrss / 1024);
    free(plain.files);
    nn_pool_destroy(pool);
    loader_finish(&loader);
    return 0;
}
