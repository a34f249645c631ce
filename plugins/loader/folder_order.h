/* SPDX-License-Identifier: MIT */
/* Part of folder.h: the order of names, by number where all are numbers. */
#ifndef NN_LOADER_FOLDER_ORDER_H
#define NN_LOADER_FOLDER_ORDER_H

#include "folder_names.h"

#include <stdlib.h>

static inline size_t folder_digits(const char *name)
{
    size_t n = 0;
    while (name[n] >= '0' && name[n] <= '9') {
        n++;
    }
    return n;
}

/* All digits, up to an ending where `ending`. */
static inline bool folder_is_number(const char *name, bool ending)
{
    size_t n = folder_digits(name);
    const char *rest = name + n;
    return n > 0 && (*rest == 0 || (ending && *rest == '.' && strchr(rest, '/') == NULL
                                      && strchr(rest + 1, '.') == NULL));
}

static inline int folder_by_number(const char *a, const char *b)
{
    const char *x = a + strspn(a, "0"), *y = b + strspn(b, "0");
    size_t m = folder_digits(x), n = folder_digits(y);
    int order = m != n ? (m < n ? -1 : 1) : memcmp(x, y, m);
    return order != 0 ? order : strcmp(a, b);
}

static inline int folder_by_number_text(const void *a, const void *b)
{
    return folder_by_number(*(const char *const *)a, *(const char *const *)b);
}

/* The next 8 bytes from `at` as a big-endian number: orders as memcmp() does. */
static inline uint64_t folder_key_of_bytes(const char *name, size_t at)
{
    uint64_t key = 0;
    bool ended = false;
    for (size_t i = 0; i < 8; i++) {
        unsigned char byte = ended ? 0 : (unsigned char)name[at + i];
        ended = ended || byte == 0;
        key = key << 8 | byte;
    }
    return key;
}

/* The number, as far as it fits. */
static inline uint64_t folder_key_of_number(const char *name)
{
    const char *digits = name + strspn(name, "0");
    size_t n = folder_digits(digits);
    uint64_t key = 0;
    for (size_t i = 0; i < n && n < 20; i++) {
        key = key * 10 + (uint64_t)(digits[i] - '0');
    }
    return n < 20 ? key : UINT64_MAX;
}

struct folder_order {
    const char *names;
    bool by_number;
};

static inline int folder_compare(const void *a, const void *b, void *context)
{
    const struct folder_file *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    const struct folder_order *order = context;
    return order->by_number ? folder_by_number(order->names + x->name, order->names + y->name)
                            : strcmp(order->names + x->name, order->names + y->name);
}

/* By their keys, byte by byte from the last on, `other` being as large; true where they lie in other then. */
static inline bool folder_sort_keys(struct folder_file *files, struct folder_file *other, size_t count)
{
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++) {
        differ |= files[i].key ^ files[0].key;
    }
    bool moved = false;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & 255) == 0) {
            continue;
        }
        size_t starts[257] = {0};
        for (size_t i = 0; i < count; i++) {
            starts[(files[i].key >> shift & 255) + 1]++;
        }
        for (size_t byte = 1; byte < 256; byte++) {
            starts[byte] += starts[byte - 1];
        }
        for (size_t i = 0; i < count; i++) {
            other[starts[files[i].key >> shift & 255]++] = files[i];
        }
        struct folder_file *sorted = other;
        other = files;
        files = sorted;
        moved = !moved;
    }
    return moved;
}

/* Files of equal keys, which follow each other, by their names. */
static inline void folder_sort_ties(struct folder_file *files, size_t count, struct folder_order *order)
{
    for (size_t from = 0, to; from < count; from = to) {
        to = from + 1;
        while (to < count && files[to].key == files[from].key) {
            to++;
        }
        if (to - from > 1) {
            qsort_r(files + from, to - from, sizeof *files, folder_compare, order);
        }
    }
}

/* Sorts files first .. file_count - 1. */
static inline void folder_sort(struct folder *f, size_t first, bool ending)
{
    size_t count = f->file_count - first;
    if (count < 2) {
        return;
    }
    struct folder_file *files = f->files + first;
    struct folder_order order = {f->names, true};
    const char *front = f->names + files[0].name;
    size_t common = strlen(front);
    for (size_t i = 0; i < count; i++) {
        const char *name = f->names + files[i].name;
        order.by_number = order.by_number && folder_is_number(name, ending);
        size_t same = 0;
        while (same < common && name[same] == front[same]) {
            same++;
        }
        common = same;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = f->names + files[i].name;
        files[i].key = order.by_number ? folder_key_of_number(name)
                                       : folder_key_of_bytes(name, common);
    }
    struct folder_file *other = f->host->alloc(f->host, count * sizeof *other);
    if (other == NULL) { /* slower, but as good */
        qsort_r(files, count, sizeof *files, folder_compare, &order);
        return;
    }
    if (folder_sort_keys(files, other, count)) {
        memcpy(files, other, count * sizeof *files);
    }
    f->host->free(f->host, other);
    folder_sort_ties(files, count, &order);
}

#endif
