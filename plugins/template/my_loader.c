/* SPDX-License-Identifier: MIT */
#include <nnrun/loader.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CLASSES_MOST = 1000 };

/* The parameters of a spec, filled from the table below. */
struct my_loader {
    const char *path;
    int64_t on_bad;
};

static const char *const on_bad[] = {"error", "skip", NULL};

static const nn_param params[] = {
    NN_PARAM_PATH(struct my_loader, path, NULL, NN_REQUIRED,
                  "CSV file: a row is a sample, numbers and last the number of its class."),
    NN_PARAM_CHOICE(struct my_loader, on_bad, on_bad, 0, 0,
                    "A row that can't be read: error names it and ends, skip leaves it out."),
    NN_PARAM_END,
};

/* What open_file() found.  The host keeps it as source->handle; several threads read it at once, so
 * nothing changes it until close_file(). */
struct row {
    const char *text; /* ends with a 0 */
    size_t line;      /* in the file, from 1 */
};

struct table {
    char *text; /* the file */
    struct row *rows;
    const char *names[CLASSES_MOST];
    char digits[CLASSES_MOST][12];
};

/* ---- Reading one row: any thread ---- */

/* The number at *at, which ends at `end`; *at moves behind that.  False: there is none. */
static bool parse_number(const char **at, char end, double *value)
{
    char *rest;
    *value = strtod(*at, &rest);
    bool found = rest != *at && isfinite(*value);
    rest += strspn(rest, " \t\r");
    if (!found || *rest != end) {
        return false;
    }
    *at = rest + 1;
    return true;
}

static bool parse_class(const char *at, int32_t *label)
{
    double value;
    if (!parse_number(&at, '\0', &value) || value < 0 || value >= CLASSES_MOST
        || value != floor(value)) {
        return false;
    }
    *label = (int32_t)value;
    return true;
}

/* A bad row gets a code and the reason; the host adds its name, by name_row(), and goes on. */
static void parse_row(const char *at, size_t width, nn_real *x, int32_t *label,
                      nn_read_status *status)
{
    for (size_t i = 0; i < width; i++) {
        double value;
        if (!parse_number(&at, ',', &value)) {
            status->code = NN_ERR_DATA;
            snprintf(status->message, sizeof status->message,
                     "column %zu of %zu holds no number, or the row ends there", i + 1, width + 1);
            return;
        }
        x[i] = (nn_real)value;
    }
    if (!parse_class(at, label)) {
        status->code = NN_ERR_DATA;
        snprintf(status->message, sizeof status->message,
                 "column %zu must end the row with a class, 0 to %d", width + 1, CLASSES_MOST - 1);
    }
}

static nn_status read_rows(const nn_host *host, const void *self, const nn_source *source,
                           void *reader, size_t first, size_t n, void *x, int32_t *labels,
                           nn_real *y, nn_read_status *status)
{
    (void)self;
    (void)reader;
    (void)y; /* not given: targets are classes */
    if (first >= source->samples || n > source->samples - first) {
        return host->fail(host, NN_ERR_STATE,
                          "samples %zu and %zu more were asked for, there are %zu", first, n,
                          source->samples);
    }
    const struct table *table = source->handle;
    nn_real *out = x;
    for (size_t i = 0; i < n; i++) {
        nn_real *row = out + i * source->width;
        labels[i] = 0;
        parse_row(table->rows[first + i].text, source->width, row, &labels[i], &status[i]);
        if (status[i].code != NN_OK) {
            memset(row, 0, source->width * sizeof *row); /* the contract: its x is zeros */
        }
    }
    return NN_OK;
}

/* What messages call a sample. */
static void name_row(const void *self, const nn_source *source, size_t index, size_t room,
                     char *name)
{
    const struct table *table = source->handle;
    snprintf(name, room, "%s:%zu", ((const struct my_loader *)self)->path, table->rows[index].line);
}

/* A reader is what one thread has for itself: a buffer, a decoder.  This loader needs none. */
static nn_status create_reader(const nn_host *host, const void *self, const nn_source *source,
                               void **reader)
{
    (void)host;
    (void)self;
    (void)source;
    *reader = NULL;
    return NN_OK;
}

static void destroy_reader(const nn_host *host, const void *self, void *reader)
{
    (void)host;
    (void)self;
    (void)reader;
}

/* ---- Opening: once, on the main thread ---- */

static void close_file(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    struct table *table = source->handle;
    if (table != NULL) {
        host->free(host, table->text);
        host->free(host, table->rows);
        host->free(host, table);
    }
    source->handle = NULL;
}

/* The whole file into table->text, with a 0 behind it. */
static nn_status read_file(const nn_host *host, const char *path, struct table *table,
                           size_t *length)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return host->fail(host, errno == ENOENT ? NN_ERR_NOT_FOUND : NN_ERR_DATA,
                          "%s: can't be opened: %s", path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return host->fail(host, NN_ERR_DATA, "%s: is not a file", path);
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return host->fail(host, NN_ERR_DATA, "%s: can't be opened: %s", path, strerror(errno));
    }
    *length = (size_t)about.st_size;
    table->text = host->alloc(host, *length + 1);
    bool whole = table->text != NULL && fread(table->text, 1, *length, file) == *length;
    fclose(file);
    if (table->text == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu bytes of %s", *length, path);
    }
    table->text[*length] = '\0';
    return whole ? NN_OK : host->fail(host, NN_ERR_IO, "%s: can't be read whole", path);
}

/* Cuts the text into rows; blank lines and those that begin with # are none. */
static nn_status find_rows(const nn_host *host, struct table *table, size_t length, size_t *count)
{
    size_t lines = 1;
    for (size_t i = 0; i < length; i++) {
        lines += table->text[i] == '\n';
    }
    table->rows = host->alloc(host, lines * sizeof *table->rows);
    if (table->rows == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: %zu rows", lines);
    }
    char *at = table->text;
    *count = 0;
    for (size_t line = 1; line <= lines; line++) {
        char *end = memchr(at, '\n', length - (size_t)(at - table->text));
        end = end == NULL ? table->text + length : end;
        *end = '\0';
        if (at[strspn(at, " \t\r")] != '\0' && *at != '#') {
            table->rows[(*count)++] = (struct row){at, line};
        }
        at = end + 1;
    }
    return NN_OK;
}

/* How many numbers a sample has: as the first row that holds nothing but numbers.  What is wrong
 * with the others is told by read_rows(), so that the host names all at once. */
static size_t find_width(const struct table *table, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        const char *at = table->rows[i].text;
        size_t width = 0;
        double value;
        int32_t label;
        while (strchr(at, ',') != NULL && parse_number(&at, ',', &value)) {
            width++;
        }
        if (width > 0 && parse_class(at, &label)) {
            return width;
        }
    }
    return 0;
}

/* As many classes as the highest number says. */
static size_t name_classes(struct table *table, size_t rows)
{
    int32_t highest = 0;
    for (size_t i = 0; i < rows; i++) {
        int32_t label;
        const char *comma = strrchr(table->rows[i].text, ',');
        if (comma != NULL && parse_class(comma + 1, &label) && label > highest) {
            highest = label;
        }
    }
    for (int32_t label = 0; label <= highest; label++) {
        snprintf(table->digits[label], sizeof table->digits[label], "%d", (int)label);
        table->names[label] = table->digits[label];
    }
    return (size_t)highest + 1;
}

static nn_status fill_source(const nn_host *host, const struct my_loader *p, nn_source *source)
{
    struct table *table = source->handle;
    size_t length = 0;
    nn_status status = read_file(host, p->path, table, &length);
    if (status == NN_OK) {
        status = find_rows(host, table, length, &source->samples);
    }
    if (status != NN_OK) {
        return status;
    }
    source->width = find_width(table, source->samples);
    if (source->width == 0) {
        return host->fail(host, NN_ERR_DATA, "%s: no row holds numbers and a class, between commas",
                          p->path);
    }
    source->height = source->channels = 1;
    source->dtype = NN_DTYPE_REAL;
    source->targets = NN_TARGETS_CLASSES;
    source->class_count = name_classes(table, source->samples);
    source->class_names = table->names;
    source->skip_bad = p->on_bad == 1;
    return NN_OK;
}

/* Says what there is.  The host has zeroed *source.  It calls close_file() only where this
 * succeeded. */
static nn_status open_file(const nn_host *host, const void *self, nn_source *source)
{
    struct table *table = host->alloc(host, sizeof *table);
    if (table == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: a table");
    }
    memset(table, 0, sizeof *table);
    source->handle = table;
    nn_status status = fill_source(host, self, source);
    if (status != NN_OK) {
        close_file(host, self, source);
    }
    return status;
}

NN_LOADER{
    .name = "my_loader",
    .summary = "A CSV file of numbers: a row is a sample, its class comes last.",
    .formula = "x = the numbers of a row but the last",
    .reference =
        "Shafranovich 2005, RFC 4180: Common format for comma-separated values (CSV) files",
    .params = params,
    .self_size = sizeof(struct my_loader),
    .flags = NN_HASH_CONTENT, /* the identity comes from the samples: the host hashes them */
    .open = open_file,
    .close = close_file,
    .reader_create = create_reader,
    .reader_destroy = destroy_reader,
    .read = read_rows,
    .sample_name = name_row,
};
