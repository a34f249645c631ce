/* SPDX-License-Identifier: MIT */
/* A component with a parameter of every type, for test_bind.c; its struct is repeated there. */
#include <nnrun/activation.h>

struct every {
    double rate, share, maybe;
    int64_t count, mode;
    bool flag;
    const char *label, *file;
    nn_list sizes, names, files, old;
};

static const char *const modes[] = {"none", "linear", "cosine", 0};

static const nn_param params[] = {
    NN_PARAM_REAL(struct every, rate, 0.01, 0, INFINITY, NN_OPEN_MIN | NN_LOG, "per step", "Step size."),
    NN_PARAM_REAL(struct every, share, 0.5, 0, 1, NN_OPEN_MAX, "", "A share."),
    NN_PARAM_REAL(struct every, maybe, 0, -1, 1, NN_OPTIONAL, "", "May stay out."),
    NN_PARAM_INT(struct every, count, 3, 1, 10, 0, "", "How many."),
    NN_PARAM_CHOICE(struct every, mode, modes, 1, 0, "The mode."),
    NN_PARAM_BOOL(struct every, flag, true, 0, "Whether."),
    NN_PARAM_TEXT(struct every, label, "plain", 0, "A label."),
    NN_PARAM_PATH(struct every, file, 0, NN_REQUIRED, "A file."),
    NN_PARAM_INTS(struct every, sizes, "[1, 2]", 0, 9, 1, 3, 0, "pixels", "Sizes."),
    {"names", "Names.", "", NN_TYPE_TEXT | NN_TYPE_LIST, NN_OPTIONAL, offsetof(struct every, names), 0, 0, 0, 0, 0, 2, 0},
    {"files", "Files.", "", NN_TYPE_PATH | NN_TYPE_LIST, NN_OPTIONAL, offsetof(struct every, files), 0, 0, 0, 0, 0, 2, 2},
    NN_PARAM_REALS(struct every, old, "[]", -1, 1, 0, 0, NN_DEPRECATED, "", "Not for new specs."),
    NN_PARAM_END,
};

static nn_status create(const nn_host *host, void *self, const nn_shape *shape)
{
    (void)shape;
    struct every *every = self;
    every->count += 100; /* what the test looks for */
    return every->rate > 1000 ? host->fail(host, NN_ERR_PARAM, "a rate of %g is too much", every->rate)
                              : NN_OK;
}

static void destroy(const nn_host *host, void *self)
{
    (void)host;
    ((struct every *)self)->count = -1;
}

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    for (size_t i = 0; i < rows * cols; i++) {
        a[i] = z[i];
    }
}

static void backward(const void *self, size_t rows, size_t cols, const nn_real *z, const nn_real *a,
                     const nn_real *da, nn_real *dz)
{
    (void)self;
    (void)z;
    (void)a;
    for (size_t i = 0; i < rows * cols; i++) {
        dz[i] = da[i];
    }
}

NN_ACTIVATION {
    .name = "every",
    .summary = "Every type of parameter.",
    .formula = "a = z",
    .reference = "none",
    .params = params,
    .self_size = sizeof(struct every),
    .flags = NN_ELEMENTWISE,
    .create = create,
    .destroy = destroy,
    .forward = forward,
    .backward = backward,
};
