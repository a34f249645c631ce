/* SPDX-License-Identifier: MIT */
#include "run/bench.h"

#include "base/clock.h"
#include "data/order.h"
#include "run/inside.h"

#include <stdlib.h>
#include <string.h>

enum { STRETCHES_MOST = 10000, STRETCHES_LEAST = 3, FORWARD_LEAST = 96 };
static const double SECONDS_USUAL = 3, STRETCH_S = 0.05, CALLS_S = 0.001, PEAK_S = 0.2;

struct bench {
    nn_session *session;
    uint32_t *order;
    double *rates;
    uint64_t epoch, step;
    size_t at, rows; /* next row of the epoch; rows of one stretch */
};

static void shuffle(struct bench *b)
{
    const nn__sources *sources = &b->session->sources;
    nn_order_shuffle(b->session->topology.seed, b->epoch, sources->train_rows, sources->train_count,
                     b->order);
    b->at = 0;
}

/* Trains the next `rows` rows and tells how long that took. */
static nn_status train(struct bench *b, size_t rows, double *phases, double *seconds)
{
    const nn__sources *sources = &b->session->sources;
    size_t batch = b->session->topology.batch_size;
    double begin = nn_clock_s(); /* shuffling belongs to an epoch */
    if (b->at + rows > sources->train_count) {
        b->epoch++;
        shuffle(b);
    }
    nn_stretch stretch = {
        .input = &sources->train_input,
        .order = b->order + b->at,
        .count = rows,
        .epoch = b->epoch,
        .position = b->at,
        .step = b->step,
        .rates = b->rates,
        .phases = phases,
    };
    nn_tally tally = {0};
    NN_TRY(nn_engine_train(b->session->engine, &stretch, &tally));
    *seconds = nn_clock_s() - begin;
    b->at += rows;
    b->step += (rows + batch - 1) / batch;
    return NN_OK;
}

/* Whole batches that take about STRETCH_S, at most an epoch. */
static nn_status choose_rows(struct bench *b)
{
    size_t all = b->session->sources.train_count, batch = b->session->topology.batch_size;
    double seconds;
    b->rows = batch < all ? batch : all;
    NN_TRY(train(b, b->rows, NULL, &seconds)); /* the first touches all memory */
    for (;;) {
        NN_TRY(train(b, b->rows, NULL, &seconds));
        if (seconds >= STRETCH_S || b->rows * 2 > all) {
            return NN_OK;
        }
        b->rows *= 2;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static nn_status measure_rate(struct bench *b, double wanted_s, nn_bench *out)
{
    double *found;
    NN_TRY(NN_ARENA_ALLOC(b->session->arena, &found, STRETCHES_MOST));
    double begin = nn_clock_s();
    while (out->stretches < STRETCHES_MOST
           && (out->stretches < STRETCHES_LEAST || nn_clock_s() - begin < wanted_s)) {
        double seconds;
        NN_TRY(train(b, b->rows, NULL, &seconds));
        found[out->stretches++] = (double)b->rows / seconds;
    }
    qsort(found, out->stretches, sizeof *found, compare);
    out->rows = b->rows;
    out->rate = found[out->stretches / 2];
    out->least = found[0];
    out->most = found[out->stretches - 1];
    out->batch_s = (double)b->session->topology.batch_size / out->rate;
    return NN_OK;
}

static nn_status measure_phases(struct bench *b, double wanted_s, nn_bench *out)
{
    double begin = nn_clock_s(), sum = 0;
    do {
        double seconds;
        NN_TRY(train(b, b->rows, out->phases, &seconds));
    } while (nn_clock_s() - begin < wanted_s);
    for (int p = 0; p < NN_PHASE_COUNT; p++) {
        sum += out->phases[p];
    }
    for (int p = 0; p < NN_PHASE_COUNT; p++) {
        out->phases[p] /= sum;
    }
    return NN_OK;
}

/* As many rows as take about STRETCH_S, at most all. */
static nn_status measure_forward(struct bench *b, double wanted_s, nn_bench *out)
{
    const nn__sources *sources = &b->session->sources;
    size_t all = sources->train_count, rows = FORWARD_LEAST < all ? FORWARD_LEAST : all;
    double begin = nn_clock_s();
    do {
        double from = nn_clock_s();
        NN_TRY(nn_engine_evaluate(b->session->engine, &sources->train_input, b->order, rows, NULL,
                                  NULL, NULL));
        double seconds = nn_clock_s() - from, rate = (double)rows / seconds;
        out->forward_rate = rate > out->forward_rate ? rate : out->forward_rate;
        if (seconds < STRETCH_S) {
            rows = rows * 2 < all ? rows * 2 : all;
        }
    } while (nn_clock_s() - begin < wanted_s);
    return NN_OK;
}

/* One sample a call, another one each time: what a caller waits for an answer. */
static nn_status measure_latency(struct bench *b, double wanted_s, nn_bench *out)
{
    const nn__sources *sources = &b->session->sources;
    size_t at = 0, calls = 1;
    double begin = nn_clock_s();
    do {
        double from = nn_clock_s();
        for (size_t k = 0; k < calls; k++) {
            at = at + 1 < sources->train_count ? at + 1 : 0;
            NN_TRY(nn_engine_evaluate(b->session->engine, &sources->train_input, b->order + at, 1,
                                      NULL, NULL, NULL));
        }
        double seconds = nn_clock_s() - from, each = seconds / (double)calls;
        out->latency_s = out->latency_s == 0 || each < out->latency_s ? each : out->latency_s;
        calls *= seconds < CALLS_S ? 2 : 1;
    } while (nn_clock_s() - begin < wanted_s);
    return NN_OK;
}

static nn_status describe(nn_session *s, nn_bench *out)
{
    const nn_topology *t = &s->topology;
    *out = (nn_bench){
        .layer_count = t->layer_count,
        .batch_size = t->batch_size,
        .threads = nn_pool_threads(s->pool),
        .bits = t->bits,
        .isa = nn_isa_name(t->isa),
        .cost = t->cost->name,
        .optimizer = t->optimizer->name,
        .flops_sample = nn_topology_flops(t, true),
        .engine_bytes = nn_engine_memory(s->engine),
    };
    NN_TRY(NN_ARENA_ALLOC(s->arena, &out->layers, t->layer_count));
    for (size_t l = 0; l < t->layer_count; l++) {
        out->layers[l] = (nn_bench_layer){t->layers[l].inputs, t->layers[l].units,
                                          t->layers[l].activation->name};
    }
    return NN_OK;
}

nn_status nn_bench_run(nn_session *s, const nn_bench_options *options, nn_bench *out)
{
    double seconds = options->seconds > 0 ? options->seconds : SECONDS_USUAL;
    struct bench b = {.session = s};
    NN_TRY(nn__open_network(s));
    NN_TRY(describe(s, out));
    size_t batches = s->sources.train_count / s->topology.batch_size + 1;
    NN_TRY(NN_ARENA_ALLOC(s->arena, &b.order, s->sources.train_count));
    NN_TRY(NN_ARENA_ALLOC(s->arena, &b.rates, batches));
    for (size_t k = 0; k < batches; k++) {
        b.rates[k] = s->training.rate;
    }
    shuffle(&b);
    NN_TRY(choose_rows(&b));
    NN_TRY(measure_rate(&b, seconds, out));
    NN_TRY(measure_phases(&b, seconds, out));
    out->skipped_zeros = nn_engine_skipped_zeros(s->engine);
    NN_TRY(measure_forward(&b, seconds / 3, out));
    NN_TRY(measure_latency(&b, seconds / 3, out));
    out->peak = nn_engine_peak(s->engine, seconds / 3 < PEAK_S ? seconds / 3 : PEAK_S);
    return NN_OK;
}
