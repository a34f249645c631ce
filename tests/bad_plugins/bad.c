/* SPDX-License-Identifier: MIT */
/* A plugin written by hand, good but for the one fault that a BAD_* definition asks for. */
#include <nnrun/activation.h>

#ifndef BAD_MAGIC
#define BAD_MAGIC NN_MANIFEST_MAGIC
#endif
#ifndef BAD_MAJOR
#define BAD_MAJOR NN_ABI_MAJOR
#endif
#ifndef BAD_MINOR
#define BAD_MINOR NN_ABI_MINOR
#endif
#ifndef BAD_SIZE
#define BAD_SIZE sizeof(nn_manifest)
#endif
#ifndef BAD_KIND
#define BAD_KIND NN_KIND_ACTIVATION
#endif
#ifndef BAD_ROW_SIZE
#define BAD_ROW_SIZE sizeof(nn_param)
#endif
#ifndef BAD_OPS_SIZE
#define BAD_OPS_SIZE sizeof(nn_activation)
#endif
#ifndef BAD_NAME
#define BAD_NAME "bad"
#endif
#ifndef BAD_SUMMARY
#define BAD_SUMMARY "An activation that should not be."
#endif
#ifndef BAD_FORMULA
#define BAD_FORMULA "a = z"
#endif
#ifndef BAD_REFERENCE
#define BAD_REFERENCE "own work, 2026"
#endif
#ifndef BAD_SELF_SIZE
#define BAD_SELF_SIZE sizeof(struct self)
#endif
#ifndef BAD_BACKWARD
#define BAD_BACKWARD backward
#endif
#ifndef BAD_SYMBOL
#define BAD_SYMBOL nnrun_plugin
#endif
#ifndef BAD_PARAMS
#define BAD_PARAMS params
#endif
#ifndef BAD_BEHIND
#define BAD_BEHIND 0
#endif
#ifndef BAD_BITS
#define BAD_BITS 32
#endif
#ifndef BAD_ISA
#define BAD_ISA NN_ISA_ANY
#endif
#ifndef BAD_OPS
#define BAD_OPS &ops
#endif

/* The row a fault is put in; see CMakeLists.txt. */
#ifndef BAD_ROW
#define BAD_ROW NN_PARAM_REAL(struct self, slope, 1, 0, 2, 0, "", "Steepness.")
#endif

struct self {
    double slope, other;
    int64_t choice;
};

/* What its author forgot to link. */
#ifdef BAD_CALL
void forgotten(void);
#else
static void forgotten(void)
{
}
#endif

static void forward(const void *self, size_t rows, size_t cols, const nn_real *z, nn_real *a)
{
    (void)self;
    forgotten();
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

static const nn_param params[] = {
    BAD_ROW,
    NN_PARAM_REAL(struct self, other, 0, 0, 1, 0, "", "Another."),
    NN_PARAM_END,
};

/* A table whose end was forgotten, and what may lie behind it. */
static const struct {
    nn_param rows[2];
    const char *behind[2][13];
} endless = {
    {NN_PARAM_REAL(struct self, slope, 1, 0, 2, 0, "", "Steepness."),
     NN_PARAM_REAL(struct self, other, 0, 0, 1, 0, "", "Another.")},
    {{BAD_BEHIND}},
};

static const nn_activation ops = {
    .name = BAD_NAME,
    .summary = BAD_SUMMARY,
    .formula = BAD_FORMULA,
    .reference = BAD_REFERENCE,
    .params = BAD_PARAMS,
    .self_size = BAD_SELF_SIZE,
    .flags = NN_ELEMENTWISE,
    .forward = forward,
    .backward = BAD_BACKWARD,
};

/* As `ops`, but not as large: what a second variant must not say. */
static const nn_activation smaller = {
    .name = BAD_NAME,
    .summary = BAD_SUMMARY,
    .self_size = BAD_SELF_SIZE,
    .flags = NN_ELEMENTWISE,
    .forward = forward,
    .backward = backward,
};

static const nn_variant variants[] = {
    {BAD_BITS, BAD_ISA, BAD_OPS_SIZE, BAD_OPS},
#ifdef BAD_SECOND
    {64, NN_ISA_ANY, sizeof(nn_activation), &smaller},
#else
    {64, NN_ISA_ANY, sizeof(nn_activation), 0},
#endif
};

static const nn_manifest manifest = {
    BAD_MAGIC, BAD_MAJOR, BAD_MINOR, BAD_SIZE, BAD_KIND, BAD_ROW_SIZE, sizeof(nn_variant), 2, variants,
    "by hand",
};

NN_EXPORT const nn_manifest *BAD_SYMBOL(void);
NN_EXPORT const nn_manifest *BAD_SYMBOL(void)
{
    (void)smaller;
    (void)endless;
    (void)params;
    (void)ops;
    return &manifest;
}
