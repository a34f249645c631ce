/* SPDX-License-Identifier: MIT */
/* nnrun bench SPEC [key=value ...] */
#include "cli/commands.h"
#include "run/bench.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name, *what;
} phases[NN_PHASE_COUNT] = {
    [NN_PHASE_GATHER] = {"gather", "samples to inputs"},
    [NN_PHASE_FORWARD] = {"forward", "z = a w' + b, a = f(z)"},
    [NN_PHASE_COST] = {"cost", "outputs, cost and BP1"},
    [NN_PHASE_BACKWARD] = {"backward", "BP2"},
    [NN_PHASE_UPDATE] = {"update", "BP3, BP4 and the optimizer"},
    [NN_PHASE_WAIT] = {"waiting", "for other threads"},
};

static void print(const char *spec, const nn_bench *b)
{
    printf("%s: %zu", spec, b->layers[0].inputs);
    for (size_t l = 0; l < b->layer_count; l++) {
        printf("-%zu %s", b->layers[l].units, b->layers[l].activation);
    }
    printf(", %s, %s, batch %zu\n", b->cost, b->optimizer, b->batch_size);
    printf("float%u, %s, %zu thread%s, engine %.1f MB%s\n\n", b->bits, b->isa, b->threads,
           b->threads == 1 ? "" : "s", (double)b->engine_bytes / 1e6,
           b->skipped_zeros ? ", zeros of the input skipped" : "");
    printf("training    %12.0f samples/s  (%.0f to %.0f in %zu stretches of %zu)\n", b->rate,
           b->least, b->most, b->stretches, b->rows);
    printf("a batch     %12.2f us\n", b->batch_s * 1e6);
    printf("evaluation  %12.0f samples/s\n", b->forward_rate);
    printf("one sample  %12.2f us\n", b->latency_s * 1e6);
    printf("products    %12.2f GFLOP/s   %.0f flops a sample%s\n", b->rate * b->flops_sample / 1e9,
           b->flops_sample, b->skipped_zeros ? ", skipped ones counted" : "");
    printf("peak        %12.2f GFLOP/s   of it %.0f %%\n\n", b->peak / 1e9,
           100 * b->rate * b->flops_sample / b->peak);
    printf("phase       share    us a batch\n");
    for (int p = 0; p < NN_PHASE_COUNT; p++) {
        printf("%-10s %5.1f %%  %10.2f   %s\n", phases[p].name, 100 * b->phases[p],
               b->phases[p] * b->batch_s * 1e6, phases[p].what);
    }
}

static void print_json(const nn_bench *b)
{
    printf("{\"samples_per_s\": %.1f, \"least\": %.1f, \"most\": %.1f, \"stretches\": %zu, "
           "\"rows\": %zu, \"batch_size\": %zu, \"batch_s\": %.9f, \"evaluation_per_s\": %.1f, "
           "\"one_sample_s\": %.9f, \"precision\": \"float%u\", \"isa\": \"%s\", \"threads\": %zu, "
           "\"engine_bytes\": %zu, "
           "\"flops_per_sample\": %.0f, \"gflops\": %.3f, \"peak_gflops\": %.3f, "
           "\"skipped_zeros\": %s, \"phases\": {",
           b->rate, b->least, b->most, b->stretches, b->rows, b->batch_size, b->batch_s,
           b->forward_rate, b->latency_s, b->bits, b->isa, b->threads, b->engine_bytes,
           b->flops_sample, b->rate * b->flops_sample / 1e9, b->peak / 1e9,
           b->skipped_zeros ? "true" : "false");
    for (int p = 0; p < NN_PHASE_COUNT; p++) {
        printf("%s\"%s\": %.5f", p > 0 ? ", " : "", phases[p].name, b->phases[p]);
    }
    printf("}}\n");
}

static nn_status read_seconds(const nn_cli *cli, double *out)
{
    const char *text = nn_cli_value(cli, "--seconds");
    char *end;
    *out = text == NULL ? 0 : strtod(text, &end);
    if (text != NULL && (*end != '\0' || !(*out > 0 && *out <= 3600))) {
        return nn_fail(NN_ERR_USAGE, "--seconds is a number above 0 and at most 3600, not \"%s\"",
                       text);
    }
    return NN_OK;
}

static nn_status measure(nn_cli *cli, nn_session *session)
{
    nn_bench_options options;
    nn_bench result;
    NN_TRY(read_seconds(cli, &options.seconds));
    NN_TRY(nn_cli_diagnostics(cli, session, nn_session_check(session, false)));
    NN_TRY(nn_bench_run(session, &options, &result));
    if (nn_cli_flag(cli, "--json")) {
        print_json(&result);
    } else {
        print(cli->positional[0], &result);
    }
    return NN_OK;
}

static nn_status run(nn_cli *cli)
{
    unsigned long long threads;
    NN_TRY(nn_cli_number(cli, "--threads", 1, 0, &threads));
    nn_session *session;
    nn_session_options options = {
        .spec = cli->positional[0],
        .overrides = (const char *const *)(cli->positional + 1),
        .override_count = cli->positional_count - 1,
        .plugins = nn_cli_places(cli),
        .threads = (size_t)threads,
        .log = &cli->log,
    };
    NN_TRY(nn_session_create(&options, &session));
    nn_status status = measure(cli, session);
    nn_session_destroy(session);
    return status;
}

static const nn_option options_[] = {
    {"--seconds", "S", "how long to measure, twice (default: 3)"},
    {"--threads", "N", "threads, whatever the spec says"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_JSON,
    NN_OPTION_QUIET,
    {0},
};

const nn_command nn_command_bench = {
    .name = "bench",
    .arguments = "SPEC [key=value ...]",
    .summary = "where the time of a training step goes",
    .help =
        "Trains from the initial weights for a few seconds and keeps nothing.  GFLOP/s are those "
        "of the\n"
        "matrix products, as if no input were zero; the peak is what the threads' multiply-adds\n"
        "reach on registers alone, so that skipping zeros may exceed it.",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
