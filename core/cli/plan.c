/* SPDX-License-Identifier: MIT */
#include "cli/plan.h"

#include "base/text.h"
#include "cli/print.h"

#include <inttypes.h>
#include <string.h>

/* "47.0 MB": powers of ten, three figures. */
static void put_bytes(nn_text *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1000;
        unit++;
    }
    int digits = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    nn_text_printf(out, "%.*f %s", digits, value, units[unit]);
}

static void put_table(nn_text *out, const nn_plan *plan)
{
    nn_text_put(out, "layer  inputs    units  activation          parameters\n");
    for (size_t l = 0; l < plan->layer_count; l++) {
        const nn_plan_layer *layer = &plan->layers[l];
        nn_text_printf(out, "%5zu %7zu %8zu  %-18s %11" PRIu64, l, layer->inputs, layer->units,
                       layer->activation, layer->parameters);
        if (layer->dropout > 0) {
            nn_text_printf(out, "  dropout %g", layer->dropout);
        }
        nn_text_put(out, "\n");
    }
    nn_text_printf(out, "%-42s %11" PRIu64 "\n\n", "", plan->parameters);
    nn_text_printf(out, "samples    %zu to train", plan->train);
    if (plan->validation > 0) {
        nn_text_printf(out, ", %zu to validate", plan->validation);
    }
    if (plan->test > 0) {
        nn_text_printf(out, ", %zu to test", plan->test);
    }
    nn_text_printf(out, "; each %zu x %zu x %zu", plan->height, plan->width, plan->channels);
    if (plan->classes > 0) {
        nn_text_printf(out, ", %zu classes", plan->classes);
    }
    nn_text_printf(out, "\nsteps      %" PRIu64 " = %" PRIu64 " epochs of %" PRIu64
                        " batches of %zu\n", plan->steps, plan->epochs, plan->steps_per_epoch,
                   plan->batch_size);
    nn_text_put(out, "memory     ");
    put_bytes(out, plan->data_bytes);
    nn_text_put(out, " data, ");
    put_bytes(out, plan->network_bytes);
    nn_text_printf(out, " network, %s, %zu thread%s\n", plan->precision, plan->threads,
                   plan->threads == 1 ? "" : "s");
    nn_text_put(out, "results in ");
    nn_text_escape(out, plan->folder, strlen(plan->folder));
    nn_text_put(out, "/\n");
}

static void put_json(nn_text *out, const nn_plan *plan)
{
    nn_text_put(out, "{\"name\": ");
    nn_text_json(out, plan->name);
    nn_text_put(out, ", \"layers\": [");
    for (size_t l = 0; l < plan->layer_count; l++) {
        const nn_plan_layer *layer = &plan->layers[l];
        nn_text_printf(out, "%s{\"inputs\": %zu, \"units\": %zu, \"activation\": ", l == 0 ? "" : ", ",
                       layer->inputs, layer->units);
        nn_text_json(out, layer->activation);
        nn_text_printf(out, ", \"parameters\": %" PRIu64 "}", layer->parameters);
    }
    nn_text_printf(out, "], \"parameters\": %" PRIu64 ", \"train\": %zu, \"validation\": %zu, "
                        "\"test\": %zu, \"epochs\": %" PRIu64 ", \"steps_per_epoch\": %" PRIu64
                        ", \"steps\": %" PRIu64 ", \"data_bytes\": %" PRIu64
                        ", \"network_bytes\": %" PRIu64 ", \"precision\": \"%s\", \"threads\": %zu, "
                        "\"folder\": ", plan->parameters, plan->train, plan->validation, plan->test,
                   plan->epochs, plan->steps_per_epoch, plan->steps, plan->data_bytes,
                   plan->network_bytes, plan->precision, plan->threads);
    nn_text_json(out, plan->folder);
    nn_text_put(out, "}\n");
}

nn_status nn_plan_print(const nn_plan *plan, bool json)
{
    nn_text text = {0};
    if (json) {
        put_json(&text, plan);
    } else {
        put_table(&text, plan);
    }
    return nn_print_finish(&text);
}
