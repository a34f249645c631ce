/* SPDX-License-Identifier: MIT */
#include "train/diverged.h"

#include <stdio.h>

enum { SENTENCE_MOST = 512 };

/* "activation swish gives nan where z is -88.7" */
static void put_fault(const nn_training *t, const nn_tally *tally, char *out, size_t room)
{
    if (tally->bad_fault == NN_FAULT_SUM) {
        snprintf(out, room, "a sum of weights times inputs is not finite: the weights have grown too large");
        return;
    }
    const nn_topology *topology = nn_engine_topology(t->engine);
    const char *activation = topology->layers[tally->bad_layer].activation->name;
    switch (tally->bad_fault) {
    case NN_FAULT_ACTIVATION:
        snprintf(out, room, "activation %s gives %g where z is %g", activation, tally->bad_value, tally->bad_given);
        break;
    case NN_FAULT_DERIVATIVE:
        snprintf(out, room, "the derivative of activation %s gives %g where da is %g", activation, tally->bad_value,
                 tally->bad_given);
        break;
    case NN_FAULT_COST:
        snprintf(out, room, "cost %s gives %g for finite outputs", topology->cost->name, tally->bad_value);
        break;
    case NN_FAULT_GRADIENT:
        snprintf(out, room, "the gradient of cost %s is %g for finite outputs", topology->cost->name, tally->bad_value);
        break;
    case NN_FAULT_UPDATE:
        snprintf(out, room, "optimizer %s leaves a weight that is not finite", topology->optimizer->name);
        break;
    default:
        snprintf(out, room, "an input is not finite%s%s", t->feed != NULL ? ": it comes from transform " : "",
                 t->feed != NULL ? t->feed->transforms : "");
        break;
    }
}

nn_status nn_diverged(const nn_training *training, const nn_tally *tally, uint64_t epoch, size_t batch, double rate)
{
    char fault[SENTENCE_MOST];
    put_fault(training, tally, fault, sizeof fault);
    return nn_fail(NN_ERR_NUMERIC, "training diverged in epoch %llu, batch %zu of %llu, layer %zu, at rate %g: %s; a "
                   "smaller rate, another initializer or gradient_clip may help, `nnrun plugins check` tells whether "
                   "a component is at fault", (unsigned long long)epoch + 1, batch + 1,
                   (unsigned long long)nn_train_steps(training), tally->bad_layer + 1, rate, fault);
}

nn_status nn_diverged_rate(const nn_training *training, uint64_t epoch, size_t batch, double rate)
{
    return nn_fail(NN_ERR_NUMERIC, "schedule %s makes the rate %g in epoch %llu, batch %zu of %llu; its factor must be "
                   "finite and not below 0", training->schedule->name, rate, (unsigned long long)epoch + 1,
                   batch + 1, (unsigned long long)nn_train_steps(training));
}
