/* SPDX-License-Identifier: MIT */
#include <nnrun/loader.h>

/* The parameters of a spec, filled from the table below. */
struct my_loader {
    int64_t samples, seed;
    double noise;
};

static const nn_param params[] = {
    NN_PARAM_INT(struct my_loader, samples, 1000, 2, 1e9, NN_LOG, "", "How many samples."),
    NN_PARAM_INT(struct my_loader, seed, 1, 0, 9e15, 0, "", "Another seed, other noise."),
    NN_PARAM_REAL(struct my_loader, noise, 0.1, 0, 10, 0, "", "Standard deviation added to each coordinate."),
    NN_PARAM_END,
};

/* In byte order: the host relies on it. */
static const char *const names[] = {"lower", "upper"};

/* Says what there is.  A loader of files would look at them here, and keep what it found in
 * source->handle, freed by close(). */
static nn_status open(const nn_host *host, const void *self, nn_source *source)
{
    (void)host;
    const struct my_loader *p = self;
    source->dtype = NN_DTYPE_REAL;
    source->targets = NN_TARGETS_CLASSES;
    source->image = 0;
    source->samples = (size_t)p->samples;
    source->height = 1;
    source->width = 2;
    source->channels = 1;
    source->class_count = 2;
    source->class_names = names;
    /* 128 bits that change with the contents: two runs with the same have seen the same data. */
    source->identity[0] = (uint64_t)p->samples;
    source->identity[1] = (uint64_t)p->seed ^ (uint64_t)(p->noise * 0x1p52);
    source->stat[0] = source->identity[0];
    source->stat[1] = source->identity[1];
    return NN_OK;
}

static void close(const nn_host *host, const void *self, nn_source *source)
{
    (void)host;
    (void)self;
    (void)source;
}

/* A reader serves one thread; this loader needs none. */
static nn_status reader_create(const nn_host *host, const void *self, const nn_source *source,
                               void **reader)
{
    (void)host;
    (void)self;
    (void)source;
    *reader = NULL;
    return NN_OK;
}

static void reader_destroy(const nn_host *host, const void *self, void *reader)
{
    (void)host;
    (void)self;
    (void)reader;
}

/* The same index always gives the same sample, whatever was read before. */
static void draw(const nn_host *host, const struct my_loader *p, size_t index, nn_real *x)
{
    const nn_stream stream = {.key = {(uint64_t)p->seed, 0x6d6f6f6e73}, .counter = {index, 0}};
    const double side = index % 2 == 0 ? -1 : 1; /* lower, upper */
    double u, noise[2];
    host->uniform(host, &stream, 0, 1, &u);
    host->normal(host, &stream, 2, 2, noise); /* positions of their own */
    const double angle = 3.14159265358979323846 * u;
    x[0] = (nn_real)(cos(angle) + (side < 0 ? 0.5 : -0.5) + p->noise * noise[0]);
    x[1] = (nn_real)(side * (sin(angle) - 0.25) + p->noise * noise[1]);
    if (side < 0) {
        x[0] = (nn_real)1 - x[0];
    }
}

static nn_status read(const nn_host *host, const void *self, const nn_source *source, void *reader,
                      size_t first, size_t n, void *x, int32_t *labels, nn_real *y,
                      nn_read_status *status)
{
    (void)reader;
    (void)y;
    (void)status; /* a sample that can't be read would be told here: status[i].code and .message */
    if (first >= source->samples || n > source->samples - first) {
        return host->fail(host, NN_ERR_DATA, "samples %zu and %zu more were asked for, there are %zu", first, n,
                          source->samples);
    }
    nn_real *out = x;
    for (size_t i = 0; i < n; i++) {
        draw(host, self, first + i, out + i * source->width);
        labels[i] = (int32_t)((first + i) % 2);
    }
    return NN_OK;
}

NN_LOADER {
    .name = "my_loader",
    .summary = "Two half moons that reach into each other, drawn from a seed.",
    .formula = "x = (cos t, +-sin t) + shift + noise, t uniform in [0, pi)",
    .reference = "Pedregosa et al. 2011, Scikit-learn: machine learning in Python, make_moons",
    .params = params,
    .self_size = sizeof(struct my_loader),
    .open = open,
    .close = close,
    .reader_create = reader_create,
    .reader_destroy = reader_destroy,
    .read = read,
};
