/* SPDX-License-Identifier: MIT */
#include "plugin/kind.h"

#include "plugin/registry.h"

#include <nnrun/activation.h>
#include <nnrun/cost.h>
#include <nnrun/initializer.h>
#include <nnrun/loader.h>
#include <nnrun/optimizer.h>
#include <nnrun/schedule.h>
#include <nnrun/transform.h>

#include <string.h>

#define REQUIRED(type, operation) {#operation, offsetof(type, operation)}

/* Indexed by nn_kind. */
static const nn__kind kinds[NN__KINDS + 1] = {
    [NN_KIND_ACTIVATION] = {"activation", "activations", sizeof(nn_activation), sizeof(nn_activation),
                            {REQUIRED(nn_activation, forward), REQUIRED(nn_activation, backward)}},
    [NN_KIND_COST] = {"cost", "costs", sizeof(nn_cost), sizeof(nn_cost),
                      {REQUIRED(nn_cost, value), REQUIRED(nn_cost, gradient)}},
    [NN_KIND_OPTIMIZER] = {"optimizer", "optimizers", sizeof(nn_optimizer),
                           offsetof(nn_optimizer, affine),
                           {REQUIRED(nn_optimizer, update), REQUIRED(nn_optimizer, rate)}},
    [NN_KIND_LOADER] = {"loader", "loaders", sizeof(nn_loader), sizeof(nn_loader),
                        {REQUIRED(nn_loader, open), REQUIRED(nn_loader, close),
                         REQUIRED(nn_loader, reader_create), REQUIRED(nn_loader, reader_destroy),
                         REQUIRED(nn_loader, read)}},
    [NN_KIND_INITIALIZER] = {"initializer", "initializers", sizeof(nn_initializer),
                             sizeof(nn_initializer), {REQUIRED(nn_initializer, fill)}},
    [NN_KIND_SCHEDULE] = {"schedule", "schedules", sizeof(nn_schedule), sizeof(nn_schedule),
                          {REQUIRED(nn_schedule, factor)}},
    [NN_KIND_TRANSFORM] = {"transform", "transforms", sizeof(nn_transform), sizeof(nn_transform),
                           {REQUIRED(nn_transform, apply)}},
};

const nn__kind *nn__kind_info(uint32_t kind)
{
    return kind >= 1 && kind <= NN__KINDS ? &kinds[kind] : NULL;
}

const char *nn_kind_name(nn_kind kind)
{
    const nn__kind *info = nn__kind_info((uint32_t)kind);
    return info == NULL ? NULL : info->name;
}

nn_kind nn_kind_of(const char *name)
{
    for (uint32_t kind = 1; kind <= NN__KINDS; kind++) {
        if (strcmp(kinds[kind].name, name) == 0 || strcmp(kinds[kind].plural, name) == 0) {
            return (nn_kind)kind;
        }
    }
    return (nn_kind)0;
}
