/* SPDX-License-Identifier: MIT */
#include "spec/diagnostic.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_MOST = 96,   /* characters of a source line that are shown */
    BEFORE_MOST = 60, /* of them before the place, where the line is longer */
    PRINT_MOST = 200  /* diagnostics printed; the rest is counted */
};

typedef struct diagnostic {
    nn_severity severity;
    nn_status code;
    nn_place place;
    const char *path, *help, *message;
    size_t order;  /* in which they came */
    size_t source; /* rank of the source: files as they came, then arguments; SIZE_MAX: none */
    bool printed;
} diagnostic;

struct nn_diagnostics {
    nn_arena *arena;
    diagnostic **entries;
    size_t count, room;
    const nn_text_source **sources;
    size_t source_count, source_room;
    bool failed; /* out of memory: one at least is lost */
};

nn_status nn_diagnostics_create(nn_arena *arena, nn_diagnostics **out)
{
    nn_diagnostics *diagnostics;
    NN_TRY(NN_ARENA_ALLOC(arena, &diagnostics, 1));
    diagnostics->arena = arena;
    *out = diagnostics;
    return NN_OK;
}

static nn_status push(nn_arena *arena, void **array, size_t *count, size_t *room, const void *item)
{
    if (*count == *room) {
        void *larger;
        size_t more = *room == 0 ? 8 : *room * 2;
        NN_TRY(nn_arena_alloc(arena, more * sizeof(void *), &larger));
        if (*count > 0) {
            memcpy(larger, *array, *count * sizeof(void *));
        }
        *array = larger;
        *room = more;
    }
    memcpy((unsigned char *)*array + *count * sizeof item, &item, sizeof item);
    (*count)++;
    return NN_OK;
}

static nn_status rank_source(nn_diagnostics *d, const nn_text_source *source, size_t *rank)
{
    if (source == NULL || source->argument) {
        *rank = source == NULL ? SIZE_MAX : SIZE_MAX / 2 + source->number;
        return NN_OK;
    }
    for (size_t i = 0; i < d->source_count; i++) {
        if (d->sources[i] == source) {
            *rank = i;
            return NN_OK;
        }
    }
    *rank = d->source_count;
    void *sources = d->sources;
    NN_TRY(push(d->arena, &sources, &d->source_count, &d->source_room, source));
    d->sources = sources;
    return NN_OK;
}

/* What stands at one place is one mistake, whichever alias of it was looked at. */
static bool same(const diagnostic *a, const diagnostic *b)
{
    bool placed = a->place.source != NULL && a->place.line > 0;
    return a->place.source == b->place.source && a->place.line == b->place.line
        && a->place.column == b->place.column && a->severity == b->severity
        && (placed || strcmp(a->path, b->path) == 0) && strcmp(a->message, b->message) == 0;
}

static bool is_known(const nn_diagnostics *d, const diagnostic *given)
{
    for (size_t i = 0; i < d->count; i++) {
        if (same(d->entries[i], given)) {
            return true;
        }
    }
    return false;
}

static nn_status add(nn_diagnostics *d, const diagnostic *given, const char *format, va_list list)
{
    nn_text message = {0};
    char buffer[1024];
    va_list again;
    va_copy(again, list);
    int length = vsnprintf(buffer, sizeof buffer, format, again);
    va_end(again);
    if (length < 0) {
        length = 0;
    } else if ((size_t)length >= sizeof buffer) {
        length = sizeof buffer - 1;
    }
    nn_text_escape(&message, buffer, (size_t)length);

    diagnostic *entry = NULL, asked = *given;
    asked.message = nn_text_view(&message);
    nn_status status = nn_text_status(&message);
    if (status == NN_OK && is_known(d, &asked)) {
        nn_text_finish(&message);
        return NN_OK;
    }
    if (status == NN_OK) {
        status = NN_ARENA_ALLOC(d->arena, &entry, 1);
    }
    if (status == NN_OK) {
        *entry = *given;
        entry->order = d->count;
        status = nn_arena_text(d->arena, nn_text_view(&message), message.length, &entry->message);
    }
    nn_text_finish(&message);
    NN_TRY(status);
    NN_TRY(nn_arena_text(d->arena, given->path, strlen(given->path), &entry->path));
    if (given->help != NULL) {
        NN_TRY(nn_arena_text(d->arena, given->help, strlen(given->help), &entry->help));
    }
    NN_TRY(rank_source(d, given->place.source, &entry->source));
    void *entries = d->entries;
    NN_TRY(push(d->arena, &entries, &d->count, &d->room, entry));
    d->entries = entries;
    return NN_OK;
}

void nn_diagnose(nn_diagnostics *diagnostics, nn_severity severity, nn_status code, nn_place place,
                 const char *path, const char *help, const char *format, ...)
{
    const diagnostic given = {.severity = severity,
                              .code = code,
                              .place = place,
                              .path = path == NULL ? "" : path,
                              .help = help};
    va_list arguments;
    va_start(arguments, format);
    if (add(diagnostics, &given, format, arguments) != NN_OK) {
        diagnostics->failed = true;
    }
    va_end(arguments);
}

bool nn_diagnostics_hold(const nn_diagnostics *diagnostics, nn_status code, const char *message)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const diagnostic *entry = diagnostics->entries[i];
        if (entry->severity == NN_SEVERITY_ERROR && entry->code == code
            && (message == NULL || strcmp(entry->message, message) == 0)) {
            return true;
        }
    }
    return false;
}

static size_t count_of(const nn_diagnostics *diagnostics, nn_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < diagnostics->count; i++) {
        count += diagnostics->entries[i]->severity == severity;
    }
    return count;
}

size_t nn_diagnostics_errors(const nn_diagnostics *diagnostics)
{
    return count_of(diagnostics, NN_SEVERITY_ERROR) + diagnostics->failed;
}

size_t nn_diagnostics_warnings(const nn_diagnostics *diagnostics)
{
    return count_of(diagnostics, NN_SEVERITY_WARNING);
}

static int compare(const void *a, const void *b)
{
    const diagnostic *p = *(const diagnostic *const *)a, *q = *(const diagnostic *const *)b;
    const size_t keys[][2] = {{p->source, q->source},
                              {p->place.line, q->place.line},
                              {p->place.column, q->place.column},
                              {p->order, q->order}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/* A sorted copy of the entries, the caller frees it; NULL where there is none or no memory. */
static diagnostic **sorted(const nn_diagnostics *d)
{
    diagnostic **entries = NULL;
    if (d->count > 0 && NN_ALLOC(&entries, d->count, "diagnostics") == NN_OK) {
        memcpy(entries, d->entries, d->count * sizeof(diagnostic *));
        qsort(entries, d->count, sizeof(diagnostic *), compare);
    }
    return entries;
}

nn_status nn_diagnostics_status(const nn_diagnostics *diagnostics)
{
    if (diagnostics->failed) {
        return nn_fail_memory("diagnostics", sizeof(diagnostic));
    }
    diagnostic **entries = sorted(diagnostics);
    if (entries == NULL) {
        return diagnostics->count == 0 ? NN_OK : NN_ERR_MEMORY;
    }
    const diagnostic *first = NULL;
    size_t errors = 0;
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (entries[i]->severity == NN_SEVERITY_ERROR) {
            first = first == NULL ? entries[i] : first;
            errors++;
        }
    }
    nn_free(entries);
    if (first == NULL) {
        return NN_OK;
    }
    const char *name = first->place.source == NULL ? "the spec" : first->place.source->name;
    return nn_fail(first->code, "%zu error%s in %s", errors, errors == 1 ? "" : "s", name);
}

/* The bytes of a line (from 1) of a source, without its end. */
static const char *line_of(const nn_text_source *source, size_t line, size_t *length)
{
    const char *from = source->bytes, *end = source->bytes + source->length;
    for (size_t i = 1; i < line; i++) {
        const char *newline = memchr(from, '\n', (size_t)(end - from));
        if (newline == NULL) {
            return NULL;
        }
        from = newline + 1;
    }
    if (line == 1 && end - from >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0) {
        from += 3; /* a byte order mark has no column */
    }
    const char *newline = memchr(from, '\n', (size_t)(end - from));
    *length = (size_t)((newline == NULL ? end : newline) - from);
    if (*length > 0 && from[*length - 1] == '\r') {
        (*length)--;
    }
    return from;
}

/* One character of a line: its bytes (one where they are not UTF-8). */
static size_t character(const char *s, size_t length)
{
    size_t n = 1;
    while (n < length && n < 4 && ((unsigned char)s[0] & 0xC0) == 0xC0
           && ((unsigned char)s[n] & 0xC0) == 0x80) {
        n++;
    }
    return n;
}

/* Shows a line's characters from column `from` on, at most LINE_MOST, and collects in `under` what
 * stands below them: blanks up to the place, ^~~ under it. */
static void put_line(nn_text *out, nn_text *under, const char *line, size_t length,
                     const nn_place *place)
{
    size_t from = place->column > BEFORE_MOST + LINE_MOST / 4 ? place->column - BEFORE_MOST : 1;
    size_t column = 1, shown = 0, i = 0;
    if (from > 1) {
        nn_text_put(out, "...");
        nn_text_put(under, "   ");
    }
    for (; i < length && shown < LINE_MOST; column++) {
        size_t n = character(line + i, length - i);
        if (column >= from) {
            size_t before = out->length;
            if (line[i] == '\t') {
                nn_text_put(out, " ");
            } else {
                nn_text_escape(out, line + i, n);
            }
            bool escaped = out->length - before != n;
            size_t width = escaped ? out->length - before : 1;
            for (size_t k = 0; k < width; k++) {
                bool in = column >= place->column && column < place->column + place->width;
                if (in || column < place->column) {
                    nn_text_put(under, !in ? " " : column == place->column && k == 0 ? "^" : "~");
                }
            }
            shown++;
        }
        i += n;
    }
    nn_text_put(out, i < length ? "...\n" : "\n");
    for (; column < place->column && shown < LINE_MOST; column++, shown++) {
        nn_text_put(under, " ");
    }
    if (column <= place->column) {
        nn_text_put(under, "^");
    }
}

static void print_line(const diagnostic *entry, nn_text *out)
{
    size_t length;
    const nn_place *place = &entry->place;
    const char *line = place->source == NULL || place->line == 0 || place->source->bytes == NULL
                           ? NULL
                           : line_of(place->source, place->line, &length);
    if (line == NULL) {
        if (entry->help != NULL) {
            nn_text_put(out, "      | ");
            nn_text_escape(out, entry->help, strlen(entry->help));
            nn_text_put(out, "\n");
        }
        return;
    }
    nn_text under = {0};
    nn_text_printf(out, "%5zu | ", place->line);
    put_line(out, &under, line, length, place);
    nn_text_printf(out, "      | %s", nn_text_view(&under));
    nn_text_finish_part(&under, out);
    if (entry->help != NULL) {
        nn_text_put(out, " ");
        nn_text_escape(out, entry->help, strlen(entry->help));
    }
    nn_text_put(out, "\n");
}

static void print_one(const diagnostic *entry, nn_text *out)
{
    const nn_place *place = &entry->place;
    if (place->source != NULL) {
        nn_text_escape(out, place->source->name, strlen(place->source->name));
        if (place->line > 0 && place->source->argument && place->line == 1) {
            nn_text_printf(out, ":%zu", place->column);
        } else if (place->line > 0) {
            nn_text_printf(out, ":%zu:%zu", place->line, place->column);
        }
        nn_text_put(out, ": ");
    }
    nn_text_put(out, entry->severity == NN_SEVERITY_ERROR ? "error: " : "warning: ");
    if (entry->path[0] != '\0') {
        nn_text_escape(out, entry->path, strlen(entry->path));
        nn_text_put(out, ": ");
    }
    nn_text_put(out, entry->message);
    nn_text_put(out, "\n");
    print_line(entry, out);
}

static void print(const nn_diagnostics *diagnostics, bool all, nn_text *out)
{
    diagnostic **entries = sorted(diagnostics);
    size_t printed = 0, more = 0;
    for (size_t i = 0; entries != NULL && i < diagnostics->count; i++) {
        if (entries[i]->printed && !all) {
            continue;
        }
        if (printed < PRINT_MOST) {
            print_one(entries[i], out);
            printed++;
        } else {
            more++;
        }
    }
    if (more > 0) {
        nn_text_printf(out, "and %zu more\n", more);
    }
    nn_free(entries);
}

void nn_diagnostics_print(const nn_diagnostics *diagnostics, nn_text *out)
{
    print(diagnostics, true, out);
}

void nn_diagnostics_print_new(nn_diagnostics *diagnostics, nn_text *out)
{
    print(diagnostics, false, out);
    for (size_t i = 0; i < diagnostics->count; i++) {
        diagnostics->entries[i]->printed = true;
    }
}
