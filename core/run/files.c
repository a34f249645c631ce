/* SPDX-License-Identifier: MIT */
/* Which files the arguments of `nnrun predict` mean. */
#include "run/predict.h"

#include "base/memory.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MOST = 64, NUMBER_DIGITS = 19 };

static const char *const endings[] = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".pgm",
                                      ".ppm", ".tif",  ".tiff", ".webp"};

struct list {
    nn_arena *arena;
    const char **items;
    size_t count, room;
    bool other; /* not all are regular files, or links to such */
};

static nn_status add(struct list *list, const char *path)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 256 : list->room * 2;
        NN_TRY(nn_realloc((void **)&list->items, list->count, room, sizeof *list->items,
                          "a list of files"));
        list->room = room;
    }
    list->items[list->count++] = path;
    return NN_OK;
}

static bool is_image(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A name whose digits are all there is before its ending counts as a number: 2.jpg, 10.jpg, a.jpg. */
struct entry {
    const char *name;
    size_t digits;      /* of that number, without zeros in front; 0 for none */
    uint64_t number;    /* its first NUMBER_DIGITS */
    unsigned char type; /* DT_REG, ...; DT_UNKNOWN where the file system does not say */
};

static void read_number(struct entry *entry)
{
    const char *at = entry->name, *end = at + strspn(at, "0123456789");
    if (end == at || (*end != '.' && *end != '\0')) {
        return;
    }
    while (*at == '0' && at + 1 < end) {
        at++;
    }
    entry->digits = (size_t)(end - at);
    for (size_t i = 0; i < entry->digits && i < NUMBER_DIGITS; i++) {
        entry->number = entry->number * 10 + (uint64_t)(at[i] - '0');
    }
}

/* What is left of a name behind the zeros in front of its number. */
static const char *behind_zeros(const struct entry *entry)
{
    return entry->name + strspn(entry->name, "0123456789") - entry->digits;
}

/* Numbers first and by their size (007 beside 7), others by bytes. */
static int by_name(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    if (p->digits == 0 || q->digits == 0) {
        return p->digits == q->digits ? strcmp(p->name, q->name) : p->digits > 0 ? -1 : 1;
    }
    if (p->digits != q->digits) {
        return p->digits < q->digits ? -1 : 1;
    }
    if (p->number != q->number) {
        return p->number < q->number ? -1 : 1;
    }
    int rest = strcmp(behind_zeros(p), behind_zeros(q));
    return rest != 0 ? rest : strcmp(p->name, q->name);
}

struct entries {
    struct entry *items;
    size_t count, room;
};

static nn_status add_entry(struct entries *entries, const struct dirent *found, nn_arena *arena)
{
    if (entries->count == entries->room) {
        size_t room = entries->room == 0 ? 256 : entries->room * 2;
        NN_TRY(nn_realloc((void **)&entries->items, entries->count, room, sizeof *entries->items,
                          "a list of files"));
        entries->room = room;
    }
    struct entry *entry = &entries->items[entries->count];
    *entry = (struct entry){.type = found->d_type};
    NN_TRY(nn_arena_text(arena, found->d_name, strlen(found->d_name), &entry->name));
    read_number(entry);
    entries->count++;
    return NN_OK;
}

/* A folder's entries but hidden ones, sorted; the caller frees items. */
static nn_status entries_of(const char *path, nn_arena *arena, struct entries *entries)
{
    DIR *listing = opendir(path);
    const struct dirent *entry;
    nn_status status = NN_OK;
    if (listing == NULL) {
        return nn_fail_errno(errno, "%s: can't be listed", path);
    }
    while (status == NN_OK && (entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.') {
            status = add_entry(entries, entry, arena);
        }
    }
    closedir(listing);
    if (status == NN_OK && entries->count > 0) {
        qsort(entries->items, entries->count, sizeof *entries->items, by_name);
    }
    return status;
}

/* DT_DIR, DT_REG, or what else it is.  A link to a file is a file; one to a folder may lead back. */
static unsigned char type_of(const char *path, unsigned char type)
{
    struct stat about;
    if (type == DT_UNKNOWN && lstat(path, &about) == 0) {
        type = IFTODT(about.st_mode);
    }
    return type == DT_LNK && nn_path_is_file(path) ? DT_REG : type;
}

static nn_status walk(const char *path, size_t depth, struct list *files)
{
    struct entries entries = {0};
    nn_status status = entries_of(path, files->arena, &entries);
    for (size_t i = 0; status == NN_OK && i < entries.count; i++) {
        const char *child;
        status = nn_path_join(files->arena, path, entries.items[i].name, &child);
        unsigned char type = status == NN_OK ? type_of(child, entries.items[i].type) : DT_UNKNOWN;
        if (type == DT_DIR && depth < DEPTH_MOST) {
            status = walk(child, depth + 1, files);
        } else if (type == DT_REG && is_image(entries.items[i].name)) {
            status = add(files, child);
        }
    }
    nn_free(entries.items);
    return status;
}

/* One that was named: a file is itself, whatever it is called and whether it is there or not. */
static nn_status take(const char *path, struct list *files)
{
    struct stat about;
    bool found = stat(path, &about) == 0;
    if (found && S_ISDIR(about.st_mode)) {
        return walk(path, 0, files);
    }
    files->other = files->other || !found || !S_ISREG(about.st_mode);
    return add(files, path);
}

/* --- a list on standard input ---------------------------------------------------------------------------- */

static nn_status read_input(nn_text *out)
{
    char block[65536];
    for (;;) {
        ssize_t got = read(STDIN_FILENO, block, sizeof block);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return nn_fail_errno(errno, "the list of files on standard input can't be read");
        }
        if (got == 0) {
            return nn_text_status(out);
        }
        nn_text_append(out, block, (size_t)got);
    }
}

static nn_status split(const nn_text *text, struct list *files)
{
    const char *bytes = nn_text_view(text);
    char mark = memchr(bytes, '\0', text->length) != NULL ? '\0' : '\n';
    for (size_t at = 0; at < text->length;) {
        const char *end = memchr(bytes + at, mark, text->length - at);
        size_t length = end == NULL ? text->length - at : (size_t)(end - bytes) - at;
        const char *path;
        if (length > 0) {
            NN_TRY(nn_arena_text(files->arena, bytes + at, length, &path));
            NN_TRY(take(path, files));
        }
        at += length + 1;
    }
    return NN_OK;
}

static nn_status take_input(struct list *files)
{
    nn_text text = {0};
    nn_status status = read_input(&text);
    if (status == NN_OK) {
        status = split(&text, files);
    }
    nn_text_finish(&text);
    return status;
}

nn_status nn_predict_files(const char *const *arguments, size_t argument_count, nn_arena *arena,
                           nn_file_list *out)
{
    struct list files = {.arena = arena};
    const char **copy = NULL;
    nn_status status = NN_OK;
    for (size_t i = 0; status == NN_OK && i < argument_count; i++) {
        status = strcmp(arguments[i], "-") == 0 ? take_input(&files) : take(arguments[i], &files);
    }
    if (status == NN_OK && files.count == 0) {
        status = nn_fail(NN_ERR_DATA, "there are no images to predict in what was named");
    }
    if (status == NN_OK) {
        status = NN_ARENA_ALLOC(arena, &copy, files.count);
    }
    if (status == NN_OK) {
        memcpy(copy, files.items, files.count * sizeof *copy);
        *out = (nn_file_list){.paths = copy, .count = files.count, .regular = !files.other};
    }
    nn_free(files.items);
    return status;
}
