/* SPDX-License-Identifier: MIT */
/* From gradient to weights.
 *
 * An optimizer that declares its update affine is folded: without slots into the product of BP4
 * itself, w = (a + b l2) w + (b/n dz)' a_{l-1}, so that no gradient is ever stored; with one
 * slot into one pass over the block while it is hot.  Any other optimizer's update() is called for
 * the hot block. */
#include "net/real/network.h"

#include <string.h>

static bool ask_affine(const network *net, batch *now)
{
    const nn_optimizer *o = net->optimizer;
    now->affine = (nn_affine){0};
    return o->affine != NULL && net->base.slot_count <= 1
           && o->affine(net->optimizer_self, &now->step, &now->affine);
}

void update_prepare(const network *net, gradient_fate fate, batch *now)
{
    const nn_topology *topology = net->base.topology;
    now->mean = (nn_real)(1.0 / (double)now->rows);
    now->kind = fate == GRADIENT_MEASURED ? UPDATE_MEASURED : UPDATE_STORED;
    if (fate != GRADIENT_USED) {
        return;
    }
    bool affine = ask_affine(net, now);
    now->apply = affine ? UPDATE_AFFINE : UPDATE_CALLED;
    if (topology->gradient_clip > 0) { /* only the whole gradient tells by how much */
        return;
    }
    now->kind = now->apply;
    if (affine && net->base.slot_count == 0 && !(topology->l1 > 0)) {
        now->kind = UPDATE_FOLDED;
        now->scale = (nn_real)(now->affine.b[0] / (double)now->rows);
        now->decay = (nn_real)(now->affine.a[0][0] + now->affine.b[0] * topology->l2);
    }
}

/* s' = a10 w + a11 s + b1 g,  w' = a00 w + a01 s + b0 g */
static void apply_affine(const nn_affine *how, size_t count, const nn_real *w, nn_real *w_next,
                         const nn_real *g, nn_real *s)
{
    nn_real a00 = (nn_real)how->a[0][0], a01 = (nn_real)how->a[0][1], b0 = (nn_real)how->b[0];
    nn_real a10 = (nn_real)how->a[1][0], a11 = (nn_real)how->a[1][1], b1 = (nn_real)how->b[1];
    if (s == NULL) {
        for (size_t k = 0; k < count; k++) {
            w_next[k] = a00 * w[k] + b0 * g[k];
        }
        return;
    }
    for (size_t k = 0; k < count; k++) {
        nn_real old_w = w[k], old_s = s[k];
        w_next[k] = a00 * old_w + a01 * old_s + b0 * g[k];
        s[k] = a10 * old_w + a11 * old_s + b1 * g[k];
    }
}

void update_apply(const network *net, const batch *now, size_t count, const nn_real *w,
                  nn_real *w_next, const nn_real *g, nn_real *const *slots, size_t offset)
{
    if (now->apply == UPDATE_AFFINE) {
        nn_real *s = net->base.slot_count > 0 ? slots[0] + offset : NULL;
        apply_affine(&now->affine, count, w, w_next, g, s);
        return;
    }
    nn_real *here[NN_SLOTS_MAX] = {NULL};
    for (size_t s = 0; s < net->base.slot_count; s++) {
        here[s] = slots[s] + offset;
    }
    if (w != w_next) {
        memcpy(w_next, w, count * sizeof *w);
    }
    net->optimizer->update(net->optimizer_self, &now->step, count, w_next, g, here);
}
