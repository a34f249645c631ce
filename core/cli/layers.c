/* SPDX-License-Identifier: MIT */
#include "cli/layers.h"

#include "store/metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 48, ROWS = 13, LABEL_ROOM = 32 };

static const char ramp[] = " .:-=+*#%@";
static const char marks[] = "123456789abcdefghijklmnopqrstuvwxyz";

/* A metric as it is drawn: columns of epochs, and what its least and most are. */
struct drawing {
    const nn_history *history;
    nn_probe_metric metric;
    size_t columns;
    bool logarithmic;
    double least, most; /* on the scale that is drawn */
};

static bool held(const nn_history *history, nn_probe_metric metric)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->records[i].probe[metric] == NULL) {
            return false;
        }
    }
    return history->count > 0;
}

bool nn_layers_find(const nn_history *history, const char *name, nn_probe_metric *out)
{
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        if (strcmp(nn_stored_probes[p].name, name) == 0 && held(history, (nn_probe_metric)p)) {
            *out = (nn_probe_metric)p;
            return true;
        }
    }
    return false;
}

/* Mean of a layer's values in the epochs that fall into a column. */
static double column_mean(const struct drawing *d, size_t layer, size_t column)
{
    size_t count = d->history->count;
    size_t begin = column * count / d->columns, end = (column + 1) * count / d->columns;
    double sum = 0;
    for (size_t i = begin; i < end; i++) {
        sum += d->history->records[i].probe[d->metric][layer];
    }
    return sum / (double)(end - begin);
}

/* Where a column stands from 0 (least) to 1 (most).  What has no logarithm is with the least. */
static double place(const struct drawing *d, double value)
{
    if (!(d->most > d->least) || (d->logarithmic && !(value > 0))) {
        return 0;
    }
    double scaled = d->logarithmic ? log10(value) : value;
    return (scaled - d->least) / (d->most - d->least);
}

static struct drawing prepare(const nn_history *history, nn_probe_metric metric)
{
    struct drawing d = {
        .history = history,
        .metric = metric,
        .columns = history->count < COLUMNS ? history->count : COLUMNS,
        .logarithmic = metric != NN_PROBE_SATURATION,
        .least = metric == NN_PROBE_SATURATION ? 0 : INFINITY,
        .most = -INFINITY,
    };
    for (size_t l = 0; l < history->layer_count; l++) {
        for (size_t c = 0; c < d.columns; c++) {
            double value = column_mean(&d, l, c);
            if (!d.logarithmic || value > 0) {
                double scaled = d.logarithmic ? log10(value) : value;
                d.least = fmin(d.least, scaled);
                d.most = fmax(d.most, scaled);
            }
        }
    }
    return d;
}

static void label(nn_probe_metric metric, double value, char out[LABEL_ROOM])
{
    if (metric == NN_PROBE_SATURATION) {
        snprintf(out, LABEL_ROOM, "%.1f %%", 100 * value);
    } else {
        snprintf(out, LABEL_ROOM, "%.3g", value);
    }
}

static void map_one(const nn_history *history, nn_probe_metric metric, nn_text *out)
{
    struct drawing d = prepare(history, metric);
    nn_text_printf(out, "\n%s\n", nn_stored_probes[metric].name);
    for (size_t l = 0; l < history->layer_count; l++) {
        char line[COLUMNS + 1] = "", first[LABEL_ROOM], last[LABEL_ROOM];
        for (size_t c = 0; c < d.columns; c++) {
            double share = place(&d, column_mean(&d, l, c));
            line[c] = ramp[(size_t)(share * (double)(sizeof ramp - 2) + 0.5)];
        }
        label(metric, history->records[0].probe[metric][l], first);
        label(metric, history->records[history->count - 1].probe[metric][l], last);
        nn_text_printf(out, "layer %-3zu%9s |%.*s| %s\n", l + 1, first, (int)d.columns, line, last);
    }
}

void nn_layers_map(const nn_history *history, nn_text *out)
{
    bool any = false;
    for (size_t p = 0; p < NN_PROBE_COUNT; p++) {
        if (held(history, (nn_probe_metric)p)) {
            map_one(history, (nn_probe_metric)p, out);
            any = true;
        }
    }
    if (any) {
        nn_text_printf(out, "%19s epoch %llu to %llu, from blank (least) to @ (most)\n", "",
                       (unsigned long long)history->records[0].epoch,
                       (unsigned long long)history->records[history->count - 1].epoch);
    }
}

/* The lower layers are drawn last: where two meet, the lower one is seen. */
static void fill(const struct drawing *d, char grid[ROWS][COLUMNS])
{
    memset(grid, ' ', (size_t)ROWS * COLUMNS);
    for (size_t l = d->history->layer_count; l-- > 0;) {
        char mark = l < sizeof marks - 1 ? marks[l] : '+';
        for (size_t c = 0; c < d->columns; c++) {
            double share = place(d, column_mean(d, l, c));
            grid[(size_t)((1 - share) * (ROWS - 1) + 0.5)][c] = mark;
        }
    }
}

void nn_layers_curves(const nn_history *history, nn_probe_metric metric, nn_text *out)
{
    struct drawing d = prepare(history, metric);
    char grid[ROWS][COLUMNS], top[LABEL_ROOM], bottom[LABEL_ROOM];
    bool empty = !(d.most >= d.least);
    label(metric, empty ? 0 : d.logarithmic ? pow(10, d.most) : d.most, top);
    label(metric, empty ? 0 : d.logarithmic ? pow(10, d.least) : d.least, bottom);
    fill(&d, grid);
    nn_text_printf(out, "\n%s%s\n", nn_stored_probes[metric].name,
                   d.logarithmic ? ", by its logarithm" : "");
    for (size_t row = 0; row < ROWS; row++) {
        size_t used = d.columns;
        while (used > 0 && grid[row][used - 1] == ' ') {
            used--;
        }
        nn_text_printf(out, "%12s |%.*s\n", row == 0 ? top : row == ROWS - 1 ? bottom : "", (int)used,
                       grid[row]);
    }
    nn_text_printf(out, "%12s +", "");
    for (size_t c = 0; c < d.columns; c++) {
        nn_text_put(out, "-");
    }
    nn_text_printf(out, "\n%12s  epoch %llu to %llu; a mark is its layer's number\n", "",
                   (unsigned long long)history->records[0].epoch,
                   (unsigned long long)history->records[history->count - 1].epoch);
}
