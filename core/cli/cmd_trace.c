/* SPDX-License-Identifier: MIT */
/* nnrun trace SPEC|RUN --sample N */
#include "base/arena.h"
#include "base/path.h"
#include "cli/commands.h"
#include "run/trace.h"
#include "store/folder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBERS_USUAL = 12, PICTURE_MOST = 64, ROOM = 96 };

/* --- the image --------------------------------------------------------------------------------------------- */

/* Mean over the channels of a pixel. */
static double brightness(const nn_sample_trace *trace, size_t row, size_t column)
{
    const double *pixel = trace->x + (row * trace->width + column) * trace->channels;
    double sum = 0;
    for (size_t c = 0; c < trace->channels; c++) {
        sum += pixel[c];
    }
    return sum / (double)trace->channels;
}

/* Two characters a pixel, from the darkest to the brightest; large images lose rows and columns. */
static void print_image(const nn_sample_trace *trace)
{
    static const char ramp[] = " .:-=+*#%@";
    size_t longest = trace->height > trace->width ? trace->height : trace->width;
    size_t stride = (longest + PICTURE_MOST - 1) / PICTURE_MOST;
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < trace->height * trace->width; i++) {
        double v = brightness(trace, i / trace->width, i % trace->width);
        least = fmin(least, v);
        most = fmax(most, v);
    }
    double scale = most > least ? (double)(sizeof ramp - 2) / (most - least) : 0;
    for (size_t r = 0; r < trace->height; r += stride) {
        char line[2 * PICTURE_MOST + 1];
        size_t length = 0;
        for (size_t c = 0; c < trace->width; c += stride) {
            char ink = ramp[(size_t)((brightness(trace, r, c) - least) * scale + 0.5)];
            line[length++] = ink;
            line[length++] = ink;
        }
        while (length > 0 && line[length - 1] == ' ') {
            length--;
        }
        printf("  %.*s\n", (int)length, line);
    }
}

/* --- numbers ----------------------------------------------------------------------------------------------- */

static double norm(const double *v, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += v[i] * v[i];
    }
    return sqrt(sum);
}

/* Small and large numbers keep their digits. */
static bool is_wide(const double *v, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (v[i] != 0 && (fabs(v[i]) < 5e-4 || fabs(v[i]) >= 1e4)) {
            return true;
        }
    }
    return false;
}

static void print_row(const double *v, size_t count, bool wide)
{
    printf("        ");
    for (size_t i = 0; i < count; i++) {
        if (wide) {
            printf(" % .2e", v[i] + 0.0); /* -0 is 0 */
        } else {
            printf(" % .5f", v[i] + 0.0);
        }
    }
    putchar('\n');
}

/* Name, shape and norm of an array, what it is, and its numbers where they are few. */
static void print_array(const char *name, size_t layer, const char *formula, const double *values,
                        size_t rows, size_t columns, size_t numbers)
{
    char label[ROOM], shape[ROOM];
    snprintf(label, sizeof label, "%s%zu", name, layer);
    if (rows > 1) {
        snprintf(shape, sizeof shape, "%zu x %zu", rows, columns);
    } else {
        snprintf(shape, sizeof shape, "%zu", columns);
    }
    printf("    %-4s %-11s |.| = %-11.6g  %s\n", label, shape, norm(values, rows * columns), formula);
    for (size_t r = 0; r < rows && columns <= numbers && rows <= numbers; r++) {
        print_row(values + r * columns, columns, is_wide(values, rows * columns));
    }
}

static void print_forward(const nn_sample_trace *trace, size_t l, size_t numbers)
{
    const nn_layer_trace *at = &trace->layers[l];
    char formula[ROOM];
    printf("\n  layer %zu: %zu -> %zu, %s\n", l + 1, at->inputs, at->units, at->activation);
    snprintf(formula, sizeof formula, "weights: a row a neuron");
    print_array("w", l + 1, formula, at->w, at->units, at->inputs, numbers);
    print_array("b", l + 1, "biases", at->b, 1, at->units, numbers);
    snprintf(formula, sizeof formula, "z%zu = a%zu w%zu' + b%zu", l + 1, l, l + 1, l + 1);
    print_array("z", l + 1, formula, at->z, 1, at->units, numbers);
    snprintf(formula, sizeof formula, "a%zu = f(z%zu)", l + 1, l + 1);
    print_array("a", l + 1, formula, at->a, 1, at->units, numbers);
}

static void print_backward(const nn_sample_trace *trace, size_t l, size_t numbers)
{
    const nn_layer_trace *at = &trace->layers[l];
    bool last = l + 1 == trace->layer_count;
    char formula[ROOM];
    printf("\n  layer %zu\n", l + 1);
    if (last) {
        snprintf(formula, sizeof formula, "     da%zu = dC/da%zu", l + 1, l + 1);
    } else {
        snprintf(formula, sizeof formula, "BP2  da%zu = dz%zu w%zu", l + 1, l + 2, l + 2);
    }
    print_array("da", l + 1, formula, at->da, 1, at->units, numbers);
    if (at->slope != NULL) {
        snprintf(formula, sizeof formula, "     f'(z%zu)", l + 1);
        print_array("f'", l + 1, formula, at->slope, 1, at->units, numbers);
    }
    const char *equation = last ? "BP1" : "BP2";
    if (at->slope != NULL) {
        snprintf(formula, sizeof formula, "%s  dz%zu = da%zu * f'(z%zu)", equation, l + 1, l + 1, l + 1);
    } else {
        snprintf(formula, sizeof formula, "%s  dz%zu_j = sum_k da%zu_k da_k/dz_j", equation, l + 1,
                 l + 1);
    }
    print_array("dz", l + 1, formula, at->dz, 1, at->units, numbers);
    snprintf(formula, sizeof formula, "BP3  dC/db%zu = dz%zu", l + 1, l + 1);
    print_array("db", l + 1, formula, at->dz, 1, at->units, numbers);
    snprintf(formula, sizeof formula, "BP4  dC/dw%zu = dz%zu' a%zu", l + 1, l + 1, l);
    print_array("dw", l + 1, formula, at->dw, at->units, at->inputs, numbers);
}

static void print(const nn_sample_trace *trace, size_t numbers)
{
    printf("sample %zu of the %s set", trace->sample, trace->set);
    if (trace->label != NULL) {
        printf(": class \"%s\", taken for \"%s\"", trace->label, trace->guess);
    }
    if (trace->epoch > 0) {
        printf("; weights of epoch %llu\n", (unsigned long long)trace->epoch);
    } else {
        printf("; initial weights\n");
    }
    if (trace->image) {
        print_image(trace);
    }
    printf("\nforward\n");
    print_array("a", 0, "the sample after normalisation", trace->x, 1, trace->features, numbers);
    for (size_t l = 0; l < trace->layer_count; l++) {
        print_forward(trace, l, numbers);
    }
    printf("\ncost\n    C = %.9g  %s\n", trace->cost, trace->cost_name);
    print_array("y", trace->layer_count, "the target", trace->y, 1, trace->outputs, numbers);
    printf("\nbackward\n");
    for (size_t l = trace->layer_count; l-- > 0;) {
        print_backward(trace, l, numbers);
    }
    printf("\nThe engine%s differs from these by at most %.1e.\n",
           trace->linked ? ", which takes BP1 from the cost at once," : "", trace->difference);
}

/* --- the command ------------------------------------------------------------------------------------------- */

/* A spec file, or the resolved spec of the run that is meant and its folder. */
static nn_status find_spec(nn_arena *arena, const char *given, const char **spec, const char **run)
{
    *spec = given;
    *run = NULL;
    size_t length = strlen(given);
    bool hdf5 = length > 3 && strcmp(given + length - 3, ".h5") == 0;
    if (strcmp(given, "-") == 0 || (nn_path_is_file(given) && !hdf5)) {
        return NN_OK;
    }
    NN_TRY(nn_run_folder_find(given, "results", arena, run));
    return nn_path_join(arena, *run, "spec.resolved.yaml", spec);
}

static nn_status trace(nn_cli *cli, nn_session *session, const char *run)
{
    unsigned long long sample, numbers;
    nn_sample_trace result;
    NN_TRY(nn_cli_number(cli, "--sample", 0, 0, &sample));
    NN_TRY(nn_cli_number(cli, "--numbers", 0, NUMBERS_USUAL, &numbers));
    NN_TRY(nn_cli_diagnostics(cli, session, nn_session_check(session, false)));
    NN_TRY(nn_trace_sample(session, run, nn_cli_value(cli, "--set"), (size_t)sample, &result));
    const char *out = nn_cli_value(cli, "--out");
    if (out != NULL) {
        NN_TRY(nn_trace_write(&result, out));
    }
    if (!nn_cli_flag(cli, "--quiet")) {
        print(&result, (size_t)numbers);
    }
    return NN_OK;
}

static nn_status open_session(nn_cli *cli, nn_arena *arena, const char *spec, nn_session **out)
{
    const char **overrides;
    size_t count = cli->positional_count - 1;
    NN_TRY(NN_ARENA_ALLOC(arena, &overrides, count + 1));
    for (size_t i = 0; i < count; i++) {
        overrides[i] = cli->positional[i + 1];
    }
    overrides[count] = "precision=float64";
    nn_session_options *options;
    NN_TRY(NN_ARENA_ALLOC(arena, &options, 1));
    *options = (nn_session_options){
        .spec = spec,
        .overrides = overrides,
        .override_count = count + 1,
        .plugins = nn_cli_places(cli),
        .threads = 1,
        .log = &cli->log,
    };
    return nn_session_create(options, out);
}

static nn_status run(nn_cli *cli)
{
    nn_arena *arena;
    nn_session *session = NULL;
    const char *spec, *folder;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = find_spec(arena, cli->positional[0], &spec, &folder);
    if (status == NN_OK) {
        status = open_session(cli, arena, spec, &session);
    }
    if (status == NN_OK) {
        status = trace(cli, session, folder);
    }
    nn_session_destroy(session);
    nn_arena_destroy(arena);
    return status;
}

static const nn_option options_[] = {
    {"--sample", "N", "which sample, from 0 (default: 0)"},
    {"--set", "NAME", "train or test (default: test where there is one)"},
    {"--numbers", "N", "print arrays of at most so many rows and columns in full (default: 12)"},
    {"--out", "FILE", "write every array to an HDF5 file"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_QUIET,
    {0},
};

const nn_command nn_command_trace = {
    .name = "trace",
    .arguments = "SPEC|RUN [key=value ...]",
    .summary = "one sample through the four equations of back-propagation, with its numbers",
    .help = "z, a and the cost forward; BP1 to BP4 backward, each with its equation, shapes and norms.\n"
            "A spec is traced with its initial weights, a run with those it was tested with.  In float64,\n"
            "without dropout and penalties.",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
