/* SPDX-License-Identifier: MIT */
/* nnrun gradcheck SPEC [key=value ...] */
#include "base/arena.h"
#include "cli/commands.h"
#include "run/gradcheck.h"

#include <stdio.h>
#include <stdlib.h>

enum { POINTS_USUAL = 200, NAME_ROOM = 48 };

static void print_array(const nn_gradcheck_array *array)
{
    char shape[NAME_ROOM], place[NAME_ROOM] = "";
    if (array->bias) {
        snprintf(shape, sizeof shape, "%zu", array->outputs);
        snprintf(place, sizeof place, "[%zu]", array->row);
    } else {
        snprintf(shape, sizeof shape, "%zu x %zu", array->outputs, array->inputs);
        snprintf(place, sizeof place, "[%zu, %zu]", array->row, array->column);
    }
    printf("%5zu  %-6s  %-12s  %7zu  %5zu", array->layer + 1, array->bias ? "bias" : "weight", shape,
           array->checked, array->kinked);
    if (array->checked > 0) {
        printf("  %9.1e  %-14s  % .12e  % .12e", array->error, place, array->analytic,
               array->numeric);
    }
    putchar('\n');
}

static void print(const char *spec, const nn_gradcheck *check)
{
    printf("%s: %zu samples of the first batch in float64, h = %g", spec, check->samples, check->step);
    if (check->saturated > 0) {
        printf(", %zu saturated samples passed over", check->saturated);
    }
    printf("\nlayer  array   shape         checked  kinks  error      at              analytic"
           "             numeric\n");
    for (size_t i = 0; i < check->array_count; i++) {
        print_array(&check->arrays[i]);
    }
    const nn_gradcheck_array *worst = &check->arrays[check->worst];
    printf("the gradients are %s: largest error %.1e in the %s of layer %zu, allowed %.0e",
           check->right ? "right" : "WRONG", worst->error, worst->bias ? "biases" : "weights",
           worst->layer + 1, NN_GRADCHECK_ALLOWED);
    printf("; cost %.12g, error %.1e\n", check->cost, check->cost_error);
}

static void print_json(const nn_gradcheck *check)
{
    printf("{\"right\": %s, \"allowed\": %g, \"step\": %g, \"samples\": %zu, \"saturated\": %zu, "
           "\"cost\": %.17g, \"cost_error\": %.17g, \"arrays\": [",
           check->right ? "true" : "false", NN_GRADCHECK_ALLOWED, check->step, check->samples,
           check->saturated, check->cost, check->cost_error);
    for (size_t i = 0; i < check->array_count; i++) {
        const nn_gradcheck_array *a = &check->arrays[i];
        printf("%s{\"layer\": %zu, \"array\": \"%s\", \"checked\": %zu, \"kinks\": %zu, "
               "\"error\": %.17g, \"row\": %zu, \"column\": %zu, \"analytic\": %.17g, "
               "\"numeric\": %.17g}", i > 0 ? ", " : "", a->layer + 1, a->bias ? "bias" : "weight",
               a->checked, a->kinked, a->error, a->row, a->column, a->analytic, a->numeric);
    }
    printf("]}\n");
}

/* --step: a positive number. */
static nn_status read_step(const nn_cli *cli, double *out)
{
    const char *text = nn_cli_value(cli, "--step");
    char *end;
    *out = text == NULL ? 0 : strtod(text, &end);
    if (text != NULL && (*end != '\0' || !(*out > 0 && *out <= 1))) {
        return nn_fail(NN_ERR_USAGE, "--step is a number above 0 and at most 1, not \"%s\"", text);
    }
    return NN_OK;
}

static nn_status check(nn_cli *cli, nn_session *session)
{
    unsigned long long samples, points;
    nn_gradcheck_options options = {0};
    nn_gradcheck result;
    NN_TRY(nn_cli_number(cli, "--samples", 1, 0, &samples));
    NN_TRY(nn_cli_number(cli, "--points", 1, POINTS_USUAL, &points));
    NN_TRY(read_step(cli, &options.step));
    options.samples = (size_t)samples;
    options.points = nn_cli_flag(cli, "--all") ? 0 : (size_t)points;
    NN_TRY(nn_cli_diagnostics(cli, session, nn_session_check(session, false)));
    NN_TRY(nn_gradcheck_run(session, &options, &result));
    if (nn_cli_flag(cli, "--json")) {
        print_json(&result);
    } else {
        print(cli->positional[0], &result);
    }
    if (!result.right) {
        cli->told = true;
        return NN_ERR_CHECK;
    }
    return NN_OK;
}

static nn_status run(nn_cli *cli)
{
    nn_arena *arena;
    const char **overrides;
    size_t count = cli->positional_count - 1;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = NN_ARENA_ALLOC(arena, &overrides, count + 1);
    nn_session *session = NULL;
    if (status == NN_OK) {
        for (size_t i = 0; i < count; i++) {
            overrides[i] = cli->positional[i + 1];
        }
        overrides[count] = "precision=float64";
        nn_session_options options = {
            .spec = cli->positional[0],
            .overrides = overrides,
            .override_count = count + 1,
            .plugins = nn_cli_places(cli),
            .threads = 1,
            .log = &cli->log,
        };
        status = nn_session_create(&options, &session);
    }
    if (status == NN_OK) {
        status = check(cli, session);
    }
    nn_session_destroy(session);
    nn_arena_destroy(arena);
    return status;
}

static const nn_option options_[] = {
    {"--points", "N", "weights and biases to check in each layer, spread over it (default: 200)"},
    {"--all", NULL, "check every weight and bias"},
    {"--samples", "N", "samples of the batch, at most batch_size (default: 16)"},
    {"--step", "H", "step of the differences (default: 1e-4)"},
    NN_OPTION_PLUGIN_PATH,
    NN_OPTION_JSON,
    NN_OPTION_QUIET,
    {0},
};

const nn_command nn_command_gradcheck = {
    .name = "gradcheck",
    .arguments = "SPEC [key=value ...]",
    .summary = "holds back-propagation against differences of the cost",
    .help = "On samples of the first batch, in float64, with dropout's mask held and penalties included.\n"
            "Points that cross a kink of an activation or cost are left out and counted.  A gradient\n"
            "is right when |analytic - numeric| <= 1e-7 max(1, |analytic|); exit code 1 where one is not.",
    .options = options_,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
