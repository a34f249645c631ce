/* SPDX-License-Identifier: MIT */
/* Points drawn from a seed, for experiments that need no data: the same parameters give the same
 * points, in any order and on any thread, because each sample has random numbers of its own.
 *
 *   xor         the corners (+-1, +-1); class 1 where the signs differ          2 features, 2 classes
 *   spirals     `classes` arms of `turns` turns from the centre to radius 1     2 features
 *   blobs       `classes` normal clouds around points drawn from [-1, 1]        `features`
 *   bars        8 x 8 images in [0, 1] with a bar across (0) or upright (1)     2 classes
 *   regression  y_k = sin(pi u_k . x), u_k unit vectors drawn, x from [-1, 1]   `features`, `outputs`
 *
 * `noise` is the standard deviation of what is added: to the inputs of classes, to the targets of
 * regression; of blobs it is the clouds' own.
 */
#define _GNU_SOURCE 1
#include "source.h"

#include <stdio.h>

#define PI 3.14159265358979323846

enum { XOR, SPIRALS, BLOBS, REGRESSION, BARS };
enum { DIMENSIONS = 4096, NAME = 24, SIDE = 8 };
/* What the second counter of a stream is for. */
enum { FOR_SAMPLES, FOR_NOISE, FOR_CENTRES };

struct synthetic {
    int64_t task, samples, offset, seed, classes, features, outputs;
    double noise, turns;
};

struct points {
    size_t classes, features, outputs;
    double *centres; /* blobs: classes x features; regression: outputs x features, unit vectors */
    const char **names;
    char (*texts)[NAME];
};

static nn_stream stream(const struct synthetic *s, uint64_t which, uint64_t index)
{
    static const uint64_t own = 0x73796e7468657469; /* "syntheti" */
    return (nn_stream){.key = {(uint64_t)s->seed, own}, .counter = {index, which}};
}

/* ---- Samples ---- */

static size_t class_of(const struct synthetic *s, const struct points *p, size_t index)
{
    return s->task == REGRESSION ? 0
           : s->task == XOR      ? ((index & 1) ^ (index >> 1 & 1))
                                 : index % p->classes;
}

/* A bar at a random row or column; x holds SIDE x SIDE normal numbers on entry. */
static void bar_image(const struct synthetic *s, double u, size_t class, double *x)
{
    size_t place = (size_t)(u * SIDE);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        bool lit = (class == 0 ? i / SIDE : i % SIDE) == place;
        double value = (lit ? 0.8 : 0.1) + s->noise * x[i];
        x[i] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
}

static void xor_corner(size_t index, double *x)
{
    x[0] = (index & 1) != 0 ? 1 : -1;
    x[1] = (index >> 1 & 1) != 0 ? 1 : -1;
}

static void spiral_point(const struct synthetic *s, const struct points *p, double t, size_t class,
                         double *x)
{
    double angle = 2 * PI * (s->turns * t + (double)class / (double)p->classes);
    x[0] = t * cos(angle);
    x[1] = t * sin(angle);
}

/* x: features, y: outputs; scratch of the same length as x. */
static void draw(const nn_host *host, const struct synthetic *s, const struct points *p,
                 size_t index, double *x, double *y, double *scratch)
{
    nn_stream own = stream(s, FOR_SAMPLES, index), noise = stream(s, FOR_NOISE, index);
    size_t class = class_of(s, p, index);
    if (s->task == BARS) {
        double u;
        host->uniform(host, &own, 0, 1, &u);
        host->normal(host, &noise, 0, p->features, x);
        bar_image(s, u, class, x);
        return;
    }
    if (s->task == XOR) {
        xor_corner(index, x);
    } else if (s->task == SPIRALS) {
        double t;
        host->uniform(host, &own, 0, 1, &t);
        /* The root spreads the points evenly along the arm's area. */
        spiral_point(s, p, sqrt(t), class, x);
    } else if (s->task == BLOBS) {
        memcpy(x, p->centres + class * p->features, p->features * sizeof *x);
    } else {
        host->uniform(host, &own, 0, p->features, x);
        for (size_t f = 0; f < p->features; f++) {
            x[f] = 2 * x[f] - 1;
        }
    }
    if (s->task != REGRESSION) {
        host->normal(host, &noise, 0, p->features, scratch);
        for (size_t f = 0; f < p->features; f++) {
            x[f] += s->noise * scratch[f];
        }
        return;
    }
    for (size_t k = 0; k < p->outputs; k++) {
        double dot = 0;
        for (size_t f = 0; f < p->features; f++) {
            dot += p->centres[k * p->features + f] * x[f];
        }
        double error;
        host->normal(host, &noise, k, 1, &error);
        y[k] = sin(PI * dot) + s->noise * error;
    }
}

static nn_status read_samples(const nn_host *host, const void *self, const nn_source *source,
                              void *reader, size_t first, size_t n, void *x, int32_t *labels,
                              nn_real *y, nn_read_status *status)
{
    (void)status;
    const struct synthetic *s = self;
    const struct points *p = source->handle;
    double *values = reader;
    double *scratch = values + p->features, *targets = scratch + p->features;
    nn_status code = source_check_samples(host, source, first, n);
    if (code != NN_OK) {
        return code;
    }
    nn_real *out = x;
    for (size_t i = 0; i < n; i++) {
        size_t number = (size_t)s->offset + first + i;
        draw(host, s, p, number, values, targets, scratch);
        for (size_t f = 0; f < p->features; f++) {
            out[i * p->features + f] = (nn_real)values[f];
        }
        for (size_t k = 0; y != NULL && k < p->outputs; k++) {
            y[i * p->outputs + k] = (nn_real)targets[k];
        }
        if (labels != NULL) {
            labels[i] = (int32_t)class_of(s, p, number);
        }
    }
    return NN_OK;
}

static nn_status reader_create(const nn_host *host, const void *self, const nn_source *source,
                               void **reader)
{
    (void)self;
    const struct points *p = source->handle;
    *reader = host->alloc(host, (2 * p->features + p->outputs) * sizeof(double));
    return *reader != NULL ? NN_OK
                           : host->fail(host, NN_ERR_MEMORY, "out of memory: drawing samples");
}

static void reader_destroy(const nn_host *host, const void *self, void *reader)
{
    (void)self;
    host->free(host, reader);
}

/* ---- Opening ---- */

static void close_source(const nn_host *host, const void *self, nn_source *source)
{
    (void)self;
    struct points *p = source->handle;
    if (p != NULL) {
        host->free(host, p->centres);
        host->free(host, p->names);
        host->free(host, p->texts);
        host->free(host, p);
    }
    source->handle = NULL;
}

static void draw_centres(const nn_host *host, const struct synthetic *s, struct points *p,
                         size_t count)
{
    for (size_t c = 0; c < count; c++) {
        nn_stream own = stream(s, FOR_CENTRES, c);
        double *centre = p->centres + c * p->features, norm = 0;
        if (s->task == BLOBS) {
            host->uniform(host, &own, 0, p->features, centre);
            for (size_t f = 0; f < p->features; f++) {
                centre[f] = 2 * centre[f] - 1;
            }
            continue;
        }
        host->normal(host, &own, 0, p->features, centre);
        for (size_t f = 0; f < p->features; f++) {
            norm += centre[f] * centre[f];
        }
        for (size_t f = 0; f < p->features; f++) {
            centre[f] /= sqrt(norm > 0 ? norm : 1);
        }
    }
}

static nn_status fill(const nn_host *host, const struct synthetic *s, struct points *p)
{
    size_t count = s->task == REGRESSION ? p->outputs : p->classes;
    p->centres = host->alloc(host, count * p->features * sizeof *p->centres);
    p->names = host->alloc(host, count * sizeof *p->names);
    p->texts = host->alloc(host, count * sizeof *p->texts);
    if (p->centres == NULL || p->names == NULL || p->texts == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: synthetic data");
    }
    for (size_t c = 0; c < count; c++) {
        snprintf(p->texts[c], NAME, "%zu", c);
        p->names[c] = p->texts[c];
    }
    draw_centres(host, s, p, count);
    return NN_OK;
}

static nn_status open_source(const nn_host *host, const void *self, nn_source *source)
{
    const struct synthetic *s = self;
    struct points *p = host->alloc(host, sizeof *p);
    if (p == NULL) {
        return host->fail(host, NN_ERR_MEMORY, "out of memory: synthetic data");
    }
    bool flat = s->task == XOR || s->task == SPIRALS, bars = s->task == BARS;
    *p = (struct points){
        .classes = s->task == REGRESSION ? 0 : s->task == XOR || bars ? 2 : (size_t)s->classes,
        .features = bars ? SIDE * SIDE : flat ? 2 : (size_t)s->features,
        .outputs = s->task == REGRESSION ? (size_t)s->outputs : 0,
    };
    source->handle = p;
    nn_status status = fill(host, s, p);
    if (status != NN_OK) {
        close_source(host, self, source);
        return status;
    }
    source->dtype = NN_DTYPE_REAL;
    source->targets = s->task == REGRESSION ? NN_TARGETS_REALS : NN_TARGETS_CLASSES;
    source->samples = (size_t)s->samples;
    source->image = bars;
    source->height = bars ? SIDE : 1;
    source->width = p->features / source->height;
    source->channels = 1;
    source->outputs = p->outputs;
    source->class_count = p->classes;
    source->class_names = p->names;
    return NN_OK;
}

static void sample_name(const void *self, const nn_source *source, size_t index, size_t room,
                        char *name)
{
    static const char *const names[] = {"xor", "spirals", "blobs", "regression", "bars"};
    (void)source;
    const struct synthetic *s = self;
    snprintf(name, room, "%s[%zu]", names[s->task], (size_t)s->offset + index);
}

static const char *const tasks[] = {"xor", "spirals", "blobs", "regression", "bars", NULL};

static const nn_param params[] = {
    NN_PARAM_CHOICE(struct synthetic, task, tasks, XOR, 0, "What is drawn."),
    NN_PARAM_INT(struct synthetic, samples, 1000, 1, 1e8, NN_LOG, "", "How many samples."),
    NN_PARAM_INT(struct synthetic, offset, 0, 0, 1e12, 0, "",
                 "Number of the first sample: a test set goes on where training ends."),
    NN_PARAM_INT(struct synthetic, seed, 1, 0, 9e15, 0, "",
                 "Other seeds give other centres and samples."),
    NN_PARAM_REAL(struct synthetic, noise, 0.1, 0, 1e6, 0, "",
                  "Standard deviation of what is added to inputs (regression: to targets)."),
    NN_PARAM_INT(struct synthetic, classes, 2, 1, DIMENSIONS, 0, "",
                 "Arms of spirals, clouds of blobs."),
    NN_PARAM_INT(struct synthetic, features, 2, 1, DIMENSIONS, 0, "",
                 "Inputs of blobs and regression."),
    NN_PARAM_INT(struct synthetic, outputs, 1, 1, DIMENSIONS, 0, "", "Targets of regression."),
    NN_PARAM_REAL(struct synthetic, turns, 1, 0, 100, 0, "", "Turns of a spiral's arm."),
    NN_PARAM_END,
};

NN_LOADER {
    .name = "synthetic",
    .summary = "Points drawn from a seed: xor, spirals, blobs, regression; images of bars.",
    .formula = "spirals: x = t (cos a, sin a), a = 2 pi (turns t + class / classes); "
               "regression: y_k = sin(pi u_k . x) + noise",
    .reference = "Lang and Witbrock 1988, Learning to tell two spirals apart",
    .params = params,
    .self_size = sizeof(struct synthetic),
    .flags = NN_HASH_CONTENT,
    .open = open_source,
    .close = close_source,
    .reader_create = reader_create,
    .reader_destroy = reader_destroy,
    .read = read_samples,
    .sample_name = sample_name,
};
