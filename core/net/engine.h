/* SPDX-License-Identifier: MIT */
/* The network as the rest of nnrun sees it: a table of operations that hides the precision.
 *
 * The engine owns weights, gradients, optimizer slots and all scratch memory, in a layout of its
 * own; get and set speak [outputs x inputs], row-major, in reals of the run's precision.  Training
 * takes whole stretches of mini-batches, so that its threads meet as seldom as the mathematics
 * allows.  The same stretch gives the same bits for any number of threads.
 *
 *   forward    z_l = a_{l-1} w_l' + b_l,  a_l = f_l(z_l)                       Nielsen 2015, ch. 2
 *   BP1        dz_L = da_L * f_L'(z_L)
 *   BP2        dz_l = (dz_{l+1} w_{l+1}) * f_l'(z_l)
 *   BP3        dC/db_l = mean over samples of dz_l
 *   BP4        dC/dw_l = dz_l' a_{l-1} / n
 */
#ifndef NN_NET_ENGINE_H
#define NN_NET_ENGINE_H

#include "base/pool.h"
#include "net/topology.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_engine nn_engine;

/* A view of samples as the engine gathers them; data/dataset.h's nn_samples without its room. */
typedef struct nn_input {
    const uint8_t *bytes;  /* count x features, or NULL */
    const void *reals;     /* count x features of the engine's precision, or NULL */
    const double *scale, *shift; /* x = raw * scale[f % scale_count] + shift[f % scale_count] */
    size_t scale_count;
    const int32_t *labels; /* class numbers, or NULL */
    const void *targets;   /* count x outputs reals, or NULL */
} nn_input;

/* What the threads do while they train: for `nnrun bench`. */
typedef enum nn_phase {
    NN_PHASE_GATHER,   /* samples to the inputs of a batch */
    NN_PHASE_FORWARD,  /* z and a of every layer */
    NN_PHASE_COST,     /* outputs, cost and BP1 */
    NN_PHASE_BACKWARD, /* BP2 */
    NN_PHASE_UPDATE,   /* BP3, BP4 and the optimizer */
    NN_PHASE_WAIT,     /* at barriers, for other threads */
    NN_PHASE_COUNT
} nn_phase;

/* A stretch of mini-batches, in order.  Rows are input samples order[0 .. count - 1], cut into batches
 * of batch_size; the last may be smaller. */
typedef struct nn_stretch {
    const nn_input *input;
    const uint32_t *order; /* NULL: 0, 1, 2, ... */
    size_t count;
    uint64_t epoch;        /* from 0: key of dropout */
    uint64_t position;     /* of the first row within the epoch: key of dropout */
    uint64_t step;         /* steps done before this stretch; t of its first batch is step + 1 */
    const double *rates;   /* one a batch: optimizer rate after schedule */
    double *phases;        /* seconds of all threads are added to [NN_PHASE_COUNT]; NULL: not measured,
                            * which saves some readings of the clock in each batch */
} nn_stretch;

/* What gave the first number that is not finite. */
typedef enum nn_fault {
    NN_FAULT_SUM,        /* nobody: finite weights and inputs whose sum of products is too large */
    NN_FAULT_INPUT,      /* an input of the batch, as it came */
    NN_FAULT_ACTIVATION, /* the layer's forward(), of a finite z */
    NN_FAULT_DERIVATIVE, /* the layer's backward(), of a finite da */
    NN_FAULT_COST,       /* the cost's value(), of finite outputs */
    NN_FAULT_GRADIENT,   /* the cost's gradient() or link_gradient(), of finite outputs */
    NN_FAULT_UPDATE      /* the optimizer: a weight after its update */
} nn_fault;

typedef struct nn_tally {
    double cost;      /* sum over rows, without penalties */
    uint64_t correct; /* rows whose largest output is their class; 0 without classes */
    uint64_t rows;
    /* Where a number stopped being finite (NN_ERR_NUMERIC): batch within the stretch and layer. */
    size_t bad_batch, bad_layer;
    nn_fault bad_fault;
    double bad_given, bad_value; /* ACTIVATION: z and a; DERIVATIVE: da and dz; else both are the value */
} nn_tally;

/* Reads topology (borrowed until destroy) and pool (borrowed; NULL: one thread); allocates, draws
 * the weights from stream "init", unless the topology is blank.  NN_ERR_MEMORY, NN_ERR_SHAPE, and
 * what initializers say. */
nn_status nn_engine_create(const nn_topology *topology, nn_pool *pool, nn_engine **out);
void nn_engine_destroy(nn_engine *engine);

/* Trains on a stretch: forward, cost, BP1-BP4, penalties, update, batch after batch.  Adds to *tally
 * (running cost and hits, before each update).  NN_ERR_NUMERIC: cost or gradient not finite; the
 * weights are then those before or after the failing batch's update. */
nn_status nn_engine_train(nn_engine *engine, const nn_stretch *stretch, nn_tally *tally);

/* Forward only, without dropout.  outputs (rows x units of the last layer, reals of the engine's
 * precision) and predictions (class of each row) may be NULL.  With labels or targets adds cost and
 * hits to *tally (may be NULL without). */
nn_status nn_engine_evaluate(nn_engine *engine, const nn_input *input, const uint32_t *order,
                             size_t count, nn_tally *tally, void *outputs, int32_t *predictions);

/* While *interrupt is not 0, evaluations end after the rows under way: NN_ERR_INTERRUPTED.  Borrowed;
 * NULL: nothing interrupts. */
void nn_engine_watch(nn_engine *engine, const volatile sig_atomic_t *interrupt);

/* The same without targets on the caller's thread, for many callers at once: each says a number of
 * its own below the threads of the engine's pool, which is busy with them.
 * nn_engine_forward_begin(), once before, takes the scales of `input`.  A row's outputs are the
 * bits nn_engine_evaluate() gives. */
void nn_engine_forward_begin(nn_engine *engine, const nn_input *input);
nn_status nn_engine_forward(nn_engine *engine, size_t thread, const nn_input *input, size_t count,
                            void *outputs, int32_t *predictions);

/* Mean gradient of one batch of `count` rows with penalties, as the next update would see it, into
 * dw[l] and db[l] (reals, [outputs x inputs] and [outputs]); the batch's mean cost with penalties to
 * *cost.  Changes nothing.  Dropout on, keyed as in nn_stretch. */
nn_status nn_engine_gradient(nn_engine *engine, const nn_stretch *stretch, void *const *dw,
                             void *const *db, double *cost);

/* z_l, a_l, dz_l of every layer for one batch, as views valid until the engine is next used: what
 * `nnrun trace`, `nnrun gradcheck` and the probe look at.  Arrays of layer_count pointers to count x
 * units reals; a is the activation before dropout, dz each sample's own (without 1/n).  With `dropout`
 * it is the batch as training sees it, masks keyed as in nn_stretch; without, as evaluation does. */
typedef struct nn_trace {
    const void *const *z, *const *a, *const *dz;
    const void *input; /* count x features, after normalisation */
    double cost;       /* mean over rows */
} nn_trace;
nn_status nn_engine_trace(nn_engine *engine, const nn_stretch *stretch, bool dropout,
                          nn_trace *out);

/* Euclidean norms of one layer. */
typedef struct nn_norms {
    double gradient; /* of weights and biases together, as nn_engine_gradient() gives them */
    double weight;   /* of the weights alone */
    double step;     /* of w' - w, with w' what the optimizer would make of w if this batch came next */
} nn_norms;
/* Fills out[0 .. layer_count) for one batch: stretch->step updates were made before it, `rate` is that
 * of the step.  Changes nothing.  NN_ERR_STATE, NN_ERR_SHAPE, NN_ERR_MEMORY. */
nn_status nn_engine_norms(nn_engine *engine, const nn_stretch *stretch, double rate, nn_norms *out);

const nn_topology *nn_engine_topology(const nn_engine *engine);
size_t nn_engine_memory(const nn_engine *engine); /* bytes it allocated */
/* Multiply-adds a second, times 2, of all threads together on registers alone, measured for about
 * `seconds`: what no engine can exceed here and now. */
double nn_engine_peak(nn_engine *engine, double seconds);
/* Whether the last call took its inputs as lists of the values other than zero. */
bool nn_engine_skipped_zeros(const nn_engine *engine);

/* Copies, reals of the engine's precision: weights [units x inputs] and biases [units] of a whole layer, or of
 * its units first .. first + count - 1.  nn_engine_get() leaves out a bias that is NULL.  `slot` is a number
 * below nn_engine_slot_count(). */
void nn_engine_get(const nn_engine *engine, size_t layer, void *weight, void *bias);
void nn_engine_get_units(const nn_engine *engine, size_t layer, size_t first, size_t count, void *weight,
                         void *bias);
void nn_engine_set(nn_engine *engine, size_t layer, const void *weight, const void *bias);
size_t nn_engine_slot_count(const nn_engine *engine);
const char *nn_engine_slot_name(const nn_engine *engine, size_t slot);
void nn_engine_get_slot_units(const nn_engine *engine, size_t slot, size_t layer, size_t first, size_t count,
                              void *weight, void *bias);
void nn_engine_set_slot(nn_engine *engine, size_t slot, size_t layer, const void *weight,
                        const void *bias);
/* The optimizer's scalars: names and values, read and written in place. */
size_t nn_engine_scalar_count(const nn_engine *engine);
const char *nn_engine_scalar_name(const nn_engine *engine, size_t scalar);
double *nn_engine_scalars(nn_engine *engine);

#endif
