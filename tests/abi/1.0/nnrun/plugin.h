/* SPDX-License-Identifier: MIT */
/* What every plugin has, whatever its kind.
 *
 * A plugin is one source file, one component, one shared object, one YAML name.  It exports one
 * function, nnrun_plugin(), which the macro of its kind writes:
 *
 *     #include <nnrun/activation.h>
 *     ... static functions ...
 *     NN_ACTIVATION { .name = "tanh", ..., .forward = forward, .backward = backward };
 *
 * The same source is compiled once for each precision and instruction set (a "variant"); each
 * object holds one table of operations, and one of them, compiled with NN_MANIFEST=1 (the default
 * for a plain `cc -shared -fPIC tanh.c`), holds the manifest that lists those present.
 * nnrun_add_plugin() and `nnrun plugins build` do this.
 *
 * A plugin never prints, never exits, keeps no static state and links nothing of nnrun; what it
 * needs comes as an argument or through nn_host.
 */
#ifndef NNRUN_PLUGIN_H
#define NNRUN_PLUGIN_H

#include <nnrun/param.h>
#include <nnrun/real.h>
#include <nnrun/status.h>
#include <nnrun/version.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define NN_EXTERN_C extern "C"
#else
#define NN_EXTERN_C extern
#endif
#define NN_EXPORT __attribute__((visibility("default")))
#define NN_HIDDEN __attribute__((visibility("hidden")))

typedef enum nn_kind {
    NN_KIND_ACTIVATION = 1,
    NN_KIND_COST = 2,
    NN_KIND_OPTIMIZER = 3,
    NN_KIND_LOADER = 4,
    NN_KIND_INITIALIZER = 5
} nn_kind;

/* A named stream of random numbers, counter-based: the same stream and position give the same
 * numbers, in any order and on any thread.  Made by the host, opaque to plugins. */
typedef struct nn_stream {
    uint64_t key[2];     /* from the seed and the stream's name */
    uint64_t counter[2]; /* which epoch, layer, sample; position 0 of the stream */
} nn_stream;

enum { NN_LOG_DEBUG = 0, NN_LOG_INFO = 1, NN_LOG_WARNING = 2, NN_LOG_ERROR = 3 };

/* What the host gives.  Valid as long as the run.  Every entry: [any] thread.  Grows at the end. */
typedef struct nn_host nn_host;
struct nn_host {
    uint32_t size;        /* of this struct, as the host knows it */
    uint32_t bits;        /* 32 or 64: the precision of this run */
    void *context;        /* the host's own */
    const char *base_dir; /* folder that relative names inside data files are taken from */

    /* Memory that lives until freed; NULL when there is none.  Aligned to 64 bytes. */
    void *(*alloc)(const nn_host *host, size_t bytes);
    void (*free)(const nn_host *host, void *memory);

    /* One line into the log. */
    void (*log)(const nn_host *host, int level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

    /* Fills `out` with `count` numbers from position `first` of the stream: uniform in [0, 1) with
     * 53 bits, or normal with mean 0 and standard deviation 1.  The same for both precisions. */
    void (*uniform)(const nn_host *host, const nn_stream *stream, uint64_t first, size_t count,
                    double *out);
    void (*normal)(const nn_host *host, const nn_stream *stream, uint64_t first, size_t count,
                   double *out);

    /* Records why something failed and returns `code`: `return host->fail(host, NN_ERR_DATA, ...)`.
     * The message says what, where and what to do; the host adds the place in the spec. */
    nn_status (*fail)(const nn_host *host, nn_status code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
};

/* What a component meets; fields that mean nothing for its kind are 0. */
typedef struct nn_shape {
    uint32_t size;                   /* of this struct */
    size_t height, width, channels;  /* transform: of the images */
    size_t units;                    /* activation, cost: outputs of the layer */
    size_t batch;                    /* largest number of rows in one call */
} nn_shape;

/* The front of every table of operations, alike for all kinds and variants.
 *
 * self_size covers the bound parameters and whatever derived state create() puts behind them.
 * create() is called once after binding [main]; it may read the parameters, fill derived state and
 * refuse with host->fail().  destroy() is called once at the end, also where create() failed half
 * way (the struct is zeroed first). */
#define NN_ABOUT_FIELDS                                                                            \
    const char *name;      /* lower-case letters, digits and _; the YAML name and the file's */    \
    const char *summary;   /* one sentence */                                                      \
    const char *formula;   /* plain text, the letters of docs/ARCHITECTURE.md */                   \
    const char *reference; /* authors, year, title, equation or section */                         \
    const nn_param *params; /* NULL: none */                                                       \
    size_t self_size;      /* bytes of self; 0: none */                                            \
    uint64_t flags;        /* the kind's NN_* flags */                                             \
    nn_status (*create)(const nn_host *host, void *self, const nn_shape *shape);                   \
    void (*destroy)(const nn_host *host, void *self);                                              \
    void *reserved[4];

typedef struct nn_about {
    NN_ABOUT_FIELDS
} nn_about;

typedef enum nn_isa {
    NN_ISA_ANY = 0,       /* whatever the compiler was told; runs where the host's build runs */
    NN_ISA_X86_64_V2 = 2, /* SSE4.2 */
    NN_ISA_X86_64_V3 = 3, /* AVX2 and FMA */
    NN_ISA_X86_64_V4 = 4  /* AVX-512 F, BW, CD, DQ, VL */
} nn_isa;

typedef struct nn_variant {
    uint32_t bits;     /* 32 or 64 */
    uint32_t isa;      /* nn_isa */
    uint64_t ops_size; /* sizeof the table as the plugin knows it */
    const void *ops;   /* the kind's table; NULL: this variant was not built */
} nn_variant;

#define NN_MANIFEST_MAGIC "nnrun\x1aP"

typedef struct nn_manifest {
    char magic[8]; /* frozen prefix: these four never change */
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t size;

    uint32_t kind;           /* nn_kind */
    uint32_t param_row_size; /* sizeof(nn_param) */
    uint32_t variant_size;   /* sizeof(nn_variant) */
    uint32_t variant_count;
    const nn_variant *variants;
    const char *built_with; /* nnrun version and compiler */
} nn_manifest;

typedef const nn_manifest *nn_plugin_function(void);
#define NN_PLUGIN_SYMBOL "nnrun_plugin"

/* ---- How the macro of a kind writes the tables; nothing below is for authors. ---- */

#ifndef NN_ISA
#define NN_ISA any
#endif
#ifndef NN_PLUGIN_ID
#define NN_PLUGIN_ID component
#endif
#define NN_JOIN4_(a, b, c, d) nn_ops_##a##_f##b##_##c##d
#define NN_JOIN4(a, b, c, d) NN_JOIN4_(a, b, c, d)
#define NN_OPS_NAME(bits, isa) NN_JOIN4(NN_PLUGIN_ID, bits, isa, )

#define NN_VARIANT_LIST(ROW, type)                                                                 \
    ROW(type, 32, any, NN_ISA_ANY)                                                                 \
    ROW(type, 32, v2, NN_ISA_X86_64_V2)                                                            \
    ROW(type, 32, v3, NN_ISA_X86_64_V3)                                                            \
    ROW(type, 32, v4, NN_ISA_X86_64_V4)                                                            \
    ROW(type, 64, any, NN_ISA_ANY)                                                                 \
    ROW(type, 64, v2, NN_ISA_X86_64_V2)                                                            \
    ROW(type, 64, v3, NN_ISA_X86_64_V3)                                                            \
    ROW(type, 64, v4, NN_ISA_X86_64_V4)
#define NN_VARIANT_WEAK(type, bits, isa, id)                                                       \
    NN_EXTERN_C const type NN_OPS_NAME(bits, isa) __attribute__((weak, visibility("hidden")));
#define NN_VARIANT_ROW(type, bits, isa, id)                                                        \
    {bits, id, sizeof(type), &NN_OPS_NAME(bits, isa)},

#ifdef __clang__
#define NN_BUILT_WITH "nnrun " NNRUN_VERSION ", clang " __clang_version__
#else
#define NN_BUILT_WITH "nnrun " NNRUN_VERSION ", gcc " __VERSION__
#endif

/* In a static build every plugin's function has a name of its own. */
#ifdef NN_STATIC_PLUGIN
#define NN_ENTRY_JOIN_(id) nnrun_plugin_##id
#define NN_ENTRY_JOIN(id) NN_ENTRY_JOIN_(id)
#define NN_ENTRY NN_ENTRY_JOIN(NN_PLUGIN_ID)
#else
#define NN_ENTRY nnrun_plugin
#endif

#if NN_MANIFEST
#define NN_PLUGIN(kind_, type)                                                                     \
    NN_VARIANT_LIST(NN_VARIANT_WEAK, type)                                                         \
    static const nn_variant nn_variants[] = {NN_VARIANT_LIST(NN_VARIANT_ROW, type)};               \
    static const nn_manifest nn_manifest_ = {                                                      \
        NN_MANIFEST_MAGIC,                                                                         \
        NN_ABI_MAJOR,                                                                              \
        NN_ABI_MINOR_TARGET,                                                                       \
        sizeof(nn_manifest),                                                                       \
        kind_,                                                                                     \
        sizeof(nn_param),                                                                          \
        sizeof(nn_variant),                                                                        \
        sizeof nn_variants / sizeof nn_variants[0],                                                \
        nn_variants,                                                                               \
        NN_BUILT_WITH,                                                                             \
    };                                                                                             \
    NN_EXTERN_C NN_EXPORT const nn_manifest *NN_ENTRY(void);                                       \
    NN_EXTERN_C NN_EXPORT const nn_manifest *NN_ENTRY(void) { return &nn_manifest_; }              \
    const type NN_OPS_NAME(NN_REAL_BITS, NN_ISA) =
#else
#define NN_PLUGIN(kind_, type)                                                                     \
    NN_EXTERN_C const type NN_OPS_NAME(NN_REAL_BITS, NN_ISA) NN_HIDDEN;                     \
    const type NN_OPS_NAME(NN_REAL_BITS, NN_ISA) =
#endif

#endif
