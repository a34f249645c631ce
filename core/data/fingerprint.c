/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "data/inside.h"

#include <string.h>

/* Reals are hashed rounded to float, so that both precisions give one fingerprint. */
static void hash_reals(nn_hasher *hasher, const void *values, size_t count, unsigned bits)
{
    if (bits == 32) {
        nn_hasher_add(hasher, values, count * sizeof(float));
        return;
    }
    const double *v = values;
    float chunk[256];
    for (size_t first = 0; first < count; first += 256) {
        size_t n = count - first < 256 ? count - first : 256;
        for (size_t i = 0; i < n; i++) {
            chunk[i] = (float)v[first + i];
        }
        nn_hasher_add(hasher, chunk, n * sizeof(float));
    }
}

nn_status nn__hash_samples(const nn_dataset *set, size_t first, size_t n, nn_hash128 *out)
{
    const nn_source *s = &set->source;
    size_t features = nn__features(set), y_bytes = s->outputs * nn__real_bytes(set);
    const char *x = (const char *)set->x + first * nn__sample_bytes(set);
    nn_hasher *hasher;
    NN_TRY(nn_hasher_create(&hasher));
    if (s->dtype == NN_DTYPE_UINT8) {
        nn_hasher_add(hasher, x, n * features);
    } else {
        hash_reals(hasher, x, n * features, set->bits);
    }
    if (set->labels != NULL) {
        nn_hasher_add(hasher, set->labels + first, n * sizeof *set->labels);
    }
    if (set->y != NULL) {
        hash_reals(hasher, (const char *)set->y + first * y_bytes, n * s->outputs, set->bits);
    }
    *out = nn_hasher_value(hasher);
    nn_hasher_destroy(hasher);
    return NN_OK;
}

nn_status nn__fingerprint(const nn_dataset *set, const nn_hash128 *hashes, size_t blocks,
                          nn_hash128 *out)
{
    const nn_source *s = &set->source;
    const uint64_t shape[] = {s->identity[0], s->identity[1], s->samples, s->height,
                              s->width,       s->channels,    s->dtype,   s->outputs};
    nn_hasher *hasher;
    NN_TRY(nn_hasher_create(&hasher));
    nn_hasher_add(hasher, shape, sizeof shape);
    for (size_t c = 0; c < s->class_count; c++) {
        nn_hasher_add(hasher, s->class_names[c], strlen(s->class_names[c]) + 1);
    }
    if ((set->ops->flags & NN_HASH_CONTENT) != 0) {
        nn_hasher_add(hasher, hashes, blocks * sizeof *hashes);
    }
    *out = nn_hasher_value(hasher);
    nn_hasher_destroy(hasher);
    return NN_OK;
}
