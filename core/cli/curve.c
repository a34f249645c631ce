/* SPDX-License-Identifier: MIT */
#include "cli/curve.h"

#include <stdio.h>

enum { COLUMNS = 64, ROWS = 9, LABEL_ROOM = 32 };

/* Mean of the values that fall into a column. */
static double column_mean(const double *values, size_t count, size_t column, size_t columns)
{
    size_t begin = column * count / columns, end = (column + 1) * count / columns;
    double sum = 0;
    for (size_t i = begin; i < end; i++) {
        sum += values[i];
    }
    return sum / (double)(end - begin);
}

static void label(double value, bool share, char out[LABEL_ROOM])
{
    if (share) {
        snprintf(out, LABEL_ROOM, "%.2f %%", 100 * value);
    } else {
        snprintf(out, LABEL_ROOM, "%.4g", value);
    }
}

/* The row a value falls into, 0 on top. */
static size_t row_of(double value, double least, double most)
{
    double place = most > least ? (most - value) / (most - least) : 0.5;
    return (size_t)(place * (ROWS - 1) + 0.5);
}

static void print_row(const size_t *rows, size_t columns, size_t row, const char *left, nn_text *out)
{
    char line[COLUMNS + 1];
    size_t used = 0;
    for (size_t c = 0; c < columns; c++) {
        line[c] = rows[c] == row ? '*' : ' ';
        used = rows[c] == row ? c + 1 : used;
    }
    nn_text_printf(out, "%12s |%.*s\n", left, (int)used, line);
}

void nn_curve_print(const double *values, size_t count, unsigned long long first, bool share,
                    nn_text *out)
{
    double means[COLUMNS], least = 0, most = 0;
    size_t rows[COLUMNS], columns = count < COLUMNS ? count : COLUMNS;
    char top[LABEL_ROOM], bottom[LABEL_ROOM];
    if (count == 0) {
        return;
    }
    for (size_t c = 0; c < columns; c++) {
        means[c] = column_mean(values, count, c, columns);
        least = c == 0 || means[c] < least ? means[c] : least;
        most = c == 0 || means[c] > most ? means[c] : most;
    }
    for (size_t c = 0; c < columns; c++) {
        rows[c] = row_of(means[c], least, most);
    }
    label(most, share, top);
    label(least, share, bottom);
    size_t flat = most > least ? ROWS - 1 : row_of(least, least, most); /* where `least` stands */
    for (size_t row = 0; row < ROWS; row++) {
        const char *left = most > least && row == 0 ? top : row == flat ? bottom : "";
        print_row(rows, columns, row, left, out);
    }
    nn_text_printf(out, "%12s +", "");
    for (size_t c = 0; c < columns; c++) {
        nn_text_put(out, "-");
    }
    nn_text_printf(out, "\n%12s  epoch %llu to %llu\n", "", first, first + count - 1);
}
