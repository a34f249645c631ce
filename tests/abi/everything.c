/* SPDX-License-Identifier: MIT */
/* Names each public type of ABI 1.0, so that abidiff finds them in the debug information; see diff.sh. */
#include <nnrun/activation.h>
#include <nnrun/cost.h>
#include <nnrun/initializer.h>
#include <nnrun/loader.h>
#include <nnrun/optimizer.h>

NN_EXPORT void everything(const nn_manifest *, const nn_variant *, const nn_about *, const nn_host *, const nn_shape *,
                          const nn_param *, const nn_list *, const nn_stream *, const nn_activation *, const nn_cost *,
                          const nn_initializer *, const nn_loader *, const nn_source *, const nn_read_status *,
                          const nn_optimizer *, const nn_step *, nn_status);
void everything(const nn_manifest *manifest, const nn_variant *variant, const nn_about *about, const nn_host *host,
                const nn_shape *shape, const nn_param *param, const nn_list *list, const nn_stream *stream,
                const nn_activation *activation, const nn_cost *cost, const nn_initializer *initializer,
                const nn_loader *loader, const nn_source *source, const nn_read_status *read_status,
                const nn_optimizer *optimizer, const nn_step *step, nn_status status)
{
    (void)manifest, (void)variant, (void)about, (void)host, (void)shape, (void)param, (void)list, (void)stream;
    (void)activation, (void)cost, (void)initializer, (void)loader, (void)source, (void)read_status;
    (void)optimizer, (void)step, (void)status;
}
