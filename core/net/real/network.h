/* SPDX-License-Identifier: MIT */
/* The network of one precision: who owns which numbers, and how a batch walks through them.
 *
 * Everything that is multiplied lies in panels (math/real/panel.h).  Work is cut into rectangles of
 * rows and panels; whichever thread computes a rectangle, each number in it comes from the same
 * operations in the same order, so a plan may choose its split by speed alone.
 *
 * Layers are counted from 0 here: layer l of the formulae is layers[l - 1].
 */
#ifndef NN_NET_REAL_NETWORK_H
#define NN_NET_REAL_NETWORK_H

#include "math/real/product.h"
#include "math/real/sparse.h"
#include "net/table.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>
#include <nnrun/initializer.h>
#include <nnrun/optimizer.h>

#include <stdatomic.h>

enum {
    CHUNK_ROWS = 8, /* rows of one call of a cost: its sum is one term of the batch's */
    UPDATE_INPUTS =
        256 / PANEL_VECTORS, /* inputs x one panel: what one call of an optimizer changes */
    SPARSE_PANELS =
        8 / PANEL_VECTORS, /* of layer 0 whose gradients are computed together from sparse inputs */
    INPUT_BUFFERS = 3,     /* of batches: read, being read by the slowest, being gathered */
    EVALUATE_ROWS = 96,
    EVALUATE_WAVE = 512, /* blocks of rows evaluated between two sums */
    FAR = 128            /* bytes between what two threads write */
};

typedef struct layer {
    size_t inputs, units, panels;
    const nn_activation *f;
    const void *f_self;
    bool elementwise, needs_z, needs_a;
    double dropout;

    /* Weights [inputs x units] in panels, biases in one row of panels.  Where `twin`, two copies
     * take turns: one is read by all while the other is written. */
    nn_real *w[2], *b[2];
    bool twin;
    nn_real *slot_w[NN_SLOTS_MAX], *slot_b[NN_SLOTS_MAX];
    nn_real *gw, *gb; /* stored gradients, for clipping and nn_engine_gradient(), else NULL */

    /* Of the batch, rows x units in panels; two that take turns where `twin_out`. */
    nn_real *z[2], *a[2]; /* a is z where the activation does not need z */
    nn_real *out[2];      /* a after dropout: what the next layer reads */
    bool twin_out;
    nn_real *mask; /* 0 or 1 / (1 - dropout); NULL without */
    nn_real *dz;
    nn_real *dz_scaled; /* dz times what the folded update wants; NULL where nothing folds */
} layer;

/* The inputs of a batch: panels, or, where most are zero, lists of those that are not (math/real/sparse.h). */
typedef struct inputs {
    nn_real *x; /* rows x inputs in panels; or values, input_stride a row */
    uint16_t *index;
    uint32_t *count;
} inputs;

/* How rows and panels are dealt out to `threads`. */
typedef struct plan {
    size_t threads;
    bool own_first;     /* layer 0's units stay with their thread from batch to batch */
    bool single_input;  /* one buffer for inputs: gathered while all wait */
    bool output_by_all; /* every thread computes the whole last layer for itself */
    bool own_inputs;    /* every thread gathers the whole batch for itself */
    bool *forward_by_rows, *backward_by_rows;
} plan;

/* Where a number stopped being finite: the earliest batch, then the earliest place in its order of
 * computation (forward l: l, cost: L, backward l: 2L - l, weights: 2L + 1 + l). */
typedef struct mishap {
    size_t batch, rank;
    nn_fault fault;
    double given, value; /* as in nn_tally */
} mishap;

typedef struct worker {
    size_t id;
    nn_real *transposed; /* MULTIPLY_TRANSPOSED_SCRATCH */
    nn_real *block;      /* UPDATE_INPUTS x PANEL: a gradient while it is hot */
    nn_real *plain[4];   /* CHUNK_ROWS x widest layer, row-major: z, a, da, y for plugins */
    nn_real *last_z, *last_dz, *last_scaled; /* of the last layer: its own, or the layer's */
    nn_real *own_z, *own_dz, *own_scaled;    /* rows x outputs in panels, or NULL */
    inputs own_in[2];                        /* of batches in turns, where inputs are its own */
    nn_real *pass[3];                        /* EVALUATE_ROWS x widest, in panels: evaluation */
    inputs pass_in;                          /* EVALUATE_ROWS of inputs */
    nn_real *columns; /* SPARSE_PANELS of inputs rows: a gradient of layer 0 from sparse inputs */
    uint64_t correct;
    mishap bad;
    double slept_s; /* at barriers, of this run */
    double phase[NN_PHASE_COUNT],
        mark_s; /* where time is measured: what it went to, and since when */
} worker;

typedef struct network {
    nn_engine base;
    layer *layers;
    size_t layer_count, inputs, outputs;
    size_t rows; /* room for samples in every activation buffer: the batch size */
    const nn_cost *cost;
    const void *cost_self;
    bool linked; /* cost gives dz directly */
    const nn_optimizer *optimizer;
    const void *optimizer_self;
    double scalars[2][NN_SCALARS_MAX];
    inputs in[INPUT_BUFFERS];
    size_t input_stride; /* of sparse rows */
    /* Filled at the start of a call: one a feature, and whether inputs are taken as sparse. */
    nn_real *input_scale, *input_shift;
    bool sparse_inputs, even_scale, shifted;
    uint8_t *sparse_places; /* SPARSE_TABLE */
    double *chunk_cost[2];  /* of batches in turns, one a chunk */
    double *block_norm;     /* sums of squares, one a block of stored gradient */
    size_t block_count;
    worker **workers;
    plan plan, alone;
    size_t segment;              /* batches trained between two looks at how the threads get on */
    size_t solo_left, solo_next; /* segments one thread still trains alone; the next time so many */
    double solo_batch_s;         /* of a batch when one did last; 0: not yet */
    size_t trusted;              /* segments in which several waited, and were faster than that */
    double *wave_cost;           /* EVALUATE_WAVE */
    uint64_t *wave_correct;
    /* Row-major copies for nn_engine_trace(), made when first asked for. */
    nn_real **trace_z, **trace_a, **trace_dz, *trace_x;
    nn_real *trace_panels; /* z of one layer */
    size_t trace_rows;     /* room in each */
    nn_real *norms_room;   /* a block of weights and of each slot for nn_engine_norms(), made when
                              first asked for */
    struct block_list *blocks;
} network;

/* How an update is carried out. */
typedef enum update_kind {
    UPDATE_FOLDED,  /* w = factor w + a' (scaled dz): the gradient is never stored */
    UPDATE_AFFINE,  /* w, s = A (w, s) + b g while g is hot */
    UPDATE_CALLED,  /* optimizer's update() while g is hot */
    UPDATE_STORED,  /* g is kept for later */
    UPDATE_MEASURED /* norms of g and of the step it would make; nothing changes */
} update_kind;

/* Where sums of squares of each layer go, and what a gradient is multiplied by before the step. */
typedef struct measured {
    nn_norms *sums;
    nn_real clip;
} measured;

/* One mini-batch, as each thread sees it. */
typedef struct batch {
    size_t index; /* within the stretch */
    size_t rows;
    size_t first;  /* row of the stretch */
    unsigned flip; /* which twin is read; the other is written */
    const inputs *in;
    bool dropout;
    nn_step step;
    const measured *measured;
    update_kind kind, apply; /* apply: how stored or hot gradients change weights */
    nn_affine affine;
    nn_real mean;  /* 1 / rows */
    nn_real scale; /* folded: what dz is multiplied by */
    nn_real decay; /* folded: what weights are multiplied by */
} batch;

/* A rectangle of rows and panels. */
typedef struct part {
    size_t r0, r1, p0, p1;
} part;

/* --- network.c --- */
nn_status NN_(nn__network_create)(const nn_topology *topology, nn_pool *pool, nn_engine **out);
void NN_(nn__network_destroy)(nn_engine *engine);
/* Zeroed memory that dies with the network. */
nn_status NN_(nn__network_reals)(network *net, size_t count, const char *what, nn_real **out);
nn_status NN_(nn__network_memory)(network *net, size_t bytes, const char *what, void **out);
/* Room for stored gradients of every layer, once. */
nn_status NN_(nn__network_store)(network *net);
#define network_reals NN_(nn__network_reals)
#define network_memory NN_(nn__network_memory)
#define network_store NN_(nn__network_store)
void NN_(nn__get)(const nn_engine *engine, size_t l, size_t first, size_t count, void *weight,
                  void *bias);
void NN_(nn__set)(nn_engine *engine, size_t l, const void *weight, const void *bias);
void NN_(nn__get_slot)(const nn_engine *engine, size_t slot, size_t l, size_t first, size_t count,
                       void *weight, void *bias);
void NN_(nn__set_slot)(nn_engine *engine, size_t slot, size_t l, const void *weight,
                       const void *bias);

/* --- plan.c --- */
nn_status NN_(nn__plan_make)(network *net, size_t threads, plan *out);
#define plan_make NN_(nn__plan_make)
/* Thread t's share of `count` things, [*begin, *end). */
ALWAYS_INLINE void share(size_t count, size_t threads, size_t t, size_t *begin, size_t *end)
{
    *begin = count * t / threads;
    *end = count * (t + 1) / threads;
}
/* Thread t's share of `rows` rows (in whole chunks) or of the panels of a layer. */
part NN_(nn__part_of)(const plan *how, size_t t, bool by_rows, size_t rows, size_t panels);
#define part_of NN_(nn__part_of)

/* --- forward.c --- */
/* Scales of a call's inputs. */
void NN_(nn__input_scales)(network *net, const nn_input *input);
/* Whether inputs are better taken as sparse: where most of the first rows of the stretch are zeros.
 */
bool NN_(nn__input_is_sparse)(const network *net, const nn_input *input, const uint32_t *order,
                              size_t count);
/* Both (never sparse with `dense`). */
void NN_(nn__input_prepare)(network *net, const nn_input *input, const uint32_t *order,
                            size_t count, bool dense);
/* Rows of the stretch `first + r0 ..` into rows r0 .. r1 - 1 of `to` (panels: room for `capacity`; r0 is even);
 * the memory of those from `soon` on is fetched ahead, as far as `count` rows go. */
void NN_(nn__gather)(const network *net, const nn_input *input, const uint32_t *order, size_t first,
                     size_t r0, size_t r1, inputs *to, size_t capacity, size_t soon, size_t count);
#define input_scales NN_(nn__input_scales)
#define input_is_sparse NN_(nn__input_is_sparse)
#define input_prepare NN_(nn__input_prepare)
#define gather NN_(nn__gather)
/* z and a of layer l for a part; z alone of the last layer, whose activation needs whole rows. What
 * layer 0 reads is `few` where that is not NULL, else `in`. */
void NN_(nn__layer_forward)(const network *net, worker *self, size_t l, unsigned flip,
                            const nn_real *in, const sparse *few, size_t capacity, nn_real *z,
                            nn_real *a, part where);
#define layer_forward NN_(nn__layer_forward)
/* Draws the masks of a part of layer l's outputs (l = 0: the inputs) and applies them. */
void NN_(nn__drop)(const network *net, size_t l, const nn_stretch *stretch, size_t first,
                   nn_real *mask, const nn_real *from, nn_real *to, part where);
#define drop NN_(nn__drop)
/* Activates rows r .. r + count - 1 (one chunk) of the outputs: self->plain[0] = z, [1] = a. */
void NN_(nn__outputs)(const network *net, worker *self, const nn_real *z, size_t capacity, size_t r,
                      size_t count);
#define outputs_of NN_(nn__outputs)
/* Targets of the chunk: labels (lent) or self->plain[3]. */
void NN_(nn__targets)(const network *net, worker *self, const nn_input *input,
                      const uint32_t *order, size_t first, size_t count, int32_t *labels,
                      const int32_t **labels_out, const nn_real **y_out);
#define targets_of NN_(nn__targets)
/* Rows of the chunk whose largest output is their class. */
uint64_t NN_(nn__hits)(const network *net, const nn_real *a, size_t count, const int32_t *labels,
                       int32_t *predictions);
#define hits NN_(nn__hits)

/* The lists of sparse inputs. */
ALWAYS_INLINE sparse sparse_of(const network *net, const inputs *in)
{
    return (sparse){in->index, in->x, in->count, net->input_stride};
}

/* Row of the data that stands at place `at` of the order. */
ALWAYS_INLINE size_t sample_at(const uint32_t *order, size_t at)
{
    return order == NULL ? at : order[at];
}

/* --- backward.c --- */
/* Cost and BP1 for rows r0 .. r1 - 1: fills last_dz; chunk costs and hits where `report`. */
void NN_(nn__output_backward)(network *net, worker *self, const nn_stretch *stretch,
                              const batch *now, size_t r0, size_t r1, bool report);
void NN_(nn__layer_backward)(network *net, worker *self, size_t l, const batch *now, part where);
/* BP4 and update of inputs i0 .. i1 - 1 of panel p of layer l; BP3 and update of its biases. */
void NN_(nn__weights_backward)(network *net, worker *self, size_t l, const batch *now, size_t i0,
                               size_t i1, size_t p);
void NN_(nn__biases_backward)(network *net, worker *self, size_t l, const batch *now, size_t p);
/* What layer l reads in this batch: the inputs, or the outputs of the layer below. */
const nn_real *NN_(nn__input_of)(const network *net, size_t l, const batch *now);
#define input_of NN_(nn__input_of)
/* BP4 and update of panels p0 .. p1 - 1 of layer 0 from sparse inputs. */
void NN_(nn__inputs_backward)(network *net, worker *self, const batch *now, size_t p0, size_t p1);
#define inputs_backward NN_(nn__inputs_backward)
#define output_backward NN_(nn__output_backward)
#define layer_backward NN_(nn__layer_backward)
#define weights_backward NN_(nn__weights_backward)
#define biases_backward NN_(nn__biases_backward)
bool NN_(nn__finite)(const nn_real *v, size_t rows, size_t width);
#define finite_rows NN_(nn__finite)

/* --- blame.c: called where a number was found that is not finite; the earliest is kept --- */
/* In what layer l gives (last: its outputs of the part, with their z in `z`). */
void NN_(nn__blame_forward)(const network *net, worker *self, size_t l, const batch *now,
                            const nn_real *in, const sparse *few, const nn_real *a, part where);
/* In self->plain[1], the outputs of a chunk of `count` rows, with their z in self->plain[0]. */
void NN_(nn__blame_outputs)(const network *net, worker *self, const batch *now, size_t count);
void NN_(nn__blame_cost)(const network *net, worker *self, const batch *now, double cost);
/* In self->plain[2], the dz of a chunk of the last layer; its da is computed again there. */
void NN_(nn__blame_gradient)(const network *net, worker *self, const batch *now, size_t count,
                             const nn_real *y, const int32_t *labels);
/* In the dz of hidden layer l. */
void NN_(nn__blame_backward)(const network *net, worker *self, size_t l, const batch *now,
                             part where);
/* In panel p of the weights or biases of layer l, after the update of batch `index`. */
void NN_(nn__blame_update)(const network *net, worker *self, size_t l, size_t index);
#define blame_forward NN_(nn__blame_forward)
#define blame_outputs NN_(nn__blame_outputs)
#define blame_cost NN_(nn__blame_cost)
#define blame_gradient NN_(nn__blame_gradient)
#define blame_backward NN_(nn__blame_backward)
#define blame_update NN_(nn__blame_update)

/* --- update.c --- */
/* What becomes of the gradient of a batch. */
typedef enum gradient_fate {
    GRADIENT_USED,     /* the optimizer's update */
    GRADIENT_STORED,   /* kept in gw and gb; nothing changes */
    GRADIENT_MEASURED, /* its norms and the step's, by one thread; nothing changes */
    GRADIENT_LEFT_OUT  /* BP3 and BP4 are not computed */
} gradient_fate;

/* What the optimizer wants of this batch: kind, coefficients. */
void NN_(nn__update_prepare)(const network *net, gradient_fate fate, batch *now);
#define update_prepare NN_(nn__update_prepare)
/* Changes `count` reals of weights (or biases) by their mean gradient g; w_next may be w. */
void NN_(nn__update_apply)(const network *net, const batch *now, size_t count, const nn_real *w,
                           nn_real *w_next, const nn_real *g, nn_real *const *slots, size_t offset);
#define update_apply NN_(nn__update_apply)

/* --- norms.c --- */
/* Adds a block of layer l to the sums: `count` reals of panel p, from `offset` on in all arrays; g
 * is lost. */
void NN_(nn__measure_weights)(const network *net, const batch *now, size_t l, size_t p,
                              size_t count, nn_real *g, size_t offset);
void NN_(nn__measure_biases)(const network *net, const batch *now, size_t l, size_t p,
                             const nn_real *g);
#define measure_weights NN_(nn__measure_weights)
#define measure_biases NN_(nn__measure_biases)

/* --- penalty.c --- */
/* g = mean g + l2 w + l1 sign(w): the gradient of C as the optimizer sees it. */
void NN_(nn__penalise)(const nn_topology *topology, nn_real mean, size_t count, const nn_real *w,
                       nn_real *g);
/* l2/2 sum w^2 + l1 sum |w| over all weights. */
double NN_(nn__penalty)(const network *net);
/* Scales each unit's incoming weights to a norm of at most max_norm; panel p of layer l. */
void NN_(nn__limit_norms)(network *net, size_t l, unsigned flip, size_t p);
/* Sum of squares in double, in order. */
double NN_(nn__square_sum)(const nn_real *v, size_t count);
#define penalise NN_(nn__penalise)
#define penalty_of NN_(nn__penalty)
#define limit_norms NN_(nn__limit_norms)
#define square_sum NN_(nn__square_sum)

/* --- step.c --- */
/* A stretch on its way through the threads. */
typedef struct run {
    network *net;
    const plan *how;
    const nn_stretch *stretch;
    size_t first_batch, batches; /* of the stretch: a segment of it */
    gradient_fate fate;
    const measured *measured; /* where it is measured */
    bool dropout;
    nn_barrier barrier;
    atomic_size_t stopped; /* earliest batch with a mishap; SIZE_MAX: none */
    double patience_s;     /* a thread that slept longer at barriers ends the segment */
    atomic_size_t end;     /* the batch before which it ends; SIZE_MAX: with the last */
    size_t trained;        /* batches it came to */
    double cost;           /* sums, in the order of the batches */
} run;

/* All batches of the stretch, as thread `thread` of run->how. */
nn_status NN_(nn__run_thread)(void *context, size_t thread);
#define run_thread NN_(nn__run_thread)

/* --- train.c, evaluate.c, trace.c, norms.c --- */
/* One batch by one thread, which changes nothing.  The caller has said in `all` what becomes of the gradient and
 * whether units drop out; `dense`: inputs are never taken as sparse. */
nn_status NN_(nn__one_batch)(network *net, const nn_stretch *stretch, bool dense, run *all);
#define one_batch NN_(nn__one_batch)
nn_status NN_(nn__train)(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally);
nn_status NN_(nn__evaluate)(nn_engine *engine, const nn_input *input, const uint32_t *order,
                            size_t count, nn_tally *tally, void *outputs, int32_t *predictions);
void NN_(nn__forward_begin)(nn_engine *engine, const nn_input *input);
nn_status NN_(nn__forward)(nn_engine *engine, size_t thread, const nn_input *input, size_t count,
                           void *outputs, int32_t *predictions);
nn_status NN_(nn__gradient)(nn_engine *engine, const nn_stretch *stretch, void *const *dw,
                            void *const *db, double *cost);
nn_status NN_(nn__norms)(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out);
nn_status NN_(nn__trace)(nn_engine *engine, const nn_stretch *stretch, bool dropout, nn_trace *out);

#endif
