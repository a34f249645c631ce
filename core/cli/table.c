/* SPDX-License-Identifier: MIT */
#include "cli/table.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_ROOM = 512 };

void nn_table_put(nn_table *table, const char *cell)
{
    const char *text = cell == NULL ? "" : cell;
    size_t length = strlen(text);
    if (table->failed) {
        return;
    }
    if (table->count == table->room) {
        size_t room = table->room == 0 ? 64 : table->room * 2;
        table->failed = nn_realloc((void **)&table->cells, table->count, room, sizeof *table->cells,
                                   "a table") != NN_OK;
        table->room = table->failed ? table->room : room;
    }
    char *copy = NULL;
    table->failed = table->failed || NN_ALLOC(&copy, length + 1, "a table") != NN_OK;
    if (!table->failed) {
        memcpy(copy, text, length);
        table->cells[table->count++] = copy;
    }
}

void nn_table_printf(nn_table *table, const char *format, ...)
{
    char cell[CELL_ROOM];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell, sizeof cell, format, arguments);
    va_end(arguments);
    nn_table_put(table, cell);
}

static const char *cell(const nn_table *table, size_t row, size_t column)
{
    return table->cells[row * table->columns + column];
}

static size_t rows_of(const nn_table *table)
{
    return table->count / table->columns;
}

/* A number, perhaps with a unit behind it. */
static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && (*end == '\0' || *end == ' ');
}

/* What a column looks like: its width in characters, 0 where it is left out. */
struct look {
    size_t width;
    bool right;
};

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

static struct look look_of(const nn_table *table, size_t column)
{
    struct look look = {.right = true};
    bool empty = true;
    for (size_t row = 0; row < rows_of(table); row++) {
        const char *text = cell(table, row, column);
        size_t width = characters(text);
        look.width = width > look.width ? width : look.width;
        empty = empty && (row == 0 || width == 0);
        look.right = look.right && (row == 0 || width == 0 || is_number(text));
    }
    return empty && rows_of(table) > 1 ? (struct look){0} : look;
}

static void print_cell(const char *text, struct look look, bool first, nn_text *line)
{
    size_t width = characters(text), fill = look.width - width;
    nn_text_put(line, first ? "" : "  ");
    nn_text_printf(line, "%*s%s%*s", look.right ? (int)fill : 0, "", text, look.right ? 0 : (int)fill, "");
}

static void print_row(const nn_table *table, const struct look *looks, size_t row, nn_text *out)
{
    nn_text line = {0};
    for (size_t column = 0; column < table->columns; column++) {
        if (looks[column].width > 0) {
            print_cell(cell(table, row, column), looks[column], line.length == 0, &line);
        }
    }
    size_t length = line.length;
    while (length > 0 && line.bytes[length - 1] == ' ') {
        length--;
    }
    nn_text_escape(out, nn_text_view(&line), length);
    nn_text_put(out, "\n");
    nn_text_finish(&line);
}

void nn_table_print(const nn_table *table, nn_text *out)
{
    struct look *looks;
    if (NN_ALLOC(&looks, table->columns, "a table") != NN_OK) {
        out->failed = true;
        return;
    }
    for (size_t column = 0; column < table->columns; column++) {
        looks[column] = look_of(table, column);
    }
    for (size_t row = 0; row < rows_of(table); row++) {
        print_row(table, looks, row, out);
    }
    nn_free(looks);
}

static void csv_cell(const char *text, nn_text *out)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        nn_text_put(out, text);
        return;
    }
    nn_text_put(out, "\"");
    for (; *text != '\0'; text++) {
        nn_text_append(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    }
    nn_text_put(out, "\"");
}

void nn_table_csv(const nn_table *table, nn_text *out)
{
    for (size_t i = 0; i < table->count; i++) {
        csv_cell(table->cells[i], out);
        nn_text_put(out, (i + 1) % table->columns == 0 ? "\n" : ",");
    }
}

nn_status nn_table_status(const nn_table *table)
{
    return table->failed ? nn_fail_memory("a table", table->room * sizeof *table->cells) : NN_OK;
}

void nn_table_finish(nn_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        nn_free(table->cells[i]);
    }
    nn_free(table->cells);
}
