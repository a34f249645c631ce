/* SPDX-License-Identifier: MIT */
/* How many images a transform makes on one thread, float32, its defaults for parameters.
 *
 *     bench_transform NAME [HEIGHT=28] [WIDTH=28] [SECONDS=0.5]
 *
 * Calls apply() as the threads that prepare samples do: another stream for each image.  The best of
 * several stretches is printed as one JSON line.
 */
#include "loader.h"

#include <nnrun/transform.h>

#include "base/clock.h"
#include "base/random.h"

#include <stdlib.h>

enum { STRETCH = 50 }; /* short: the best is one nobody interrupted */

static double stretch_s(const nn_component *c, const nn_shape *shape, float *in, float *out,
                        void *scratch)
{
    const nn_transform *ops = c->ops;
    nn_stream stream = nn_stream_make(1, "transform.0", 0, 0);
    double begin_s = nn_clock_s();
    for (uint64_t i = 0; i < STRETCH; i++) {
        stream.counter[1] = i;
        ops->apply(c->self, c->host, &stream, shape, in, out, scratch);
    }
    return nn_clock_s() - begin_s;
}

static int measure(nn_component *c, const nn_shape *shape, double seconds)
{
    const nn_transform *ops = c->ops;
    size_t pixels = shape->height * shape->width;
    size_t scratch_bytes = ops->scratch_size == NULL ? 0 : ops->scratch_size(c->self, shape);
    float *in = calloc(pixels, sizeof *in), *out = calloc(pixels, sizeof *out);
    void *scratch = malloc(scratch_bytes + 1);
    double best_s = INFINITY, begin_s = nn_clock_s();
    for (size_t i = 0; in != NULL && i < pixels; i++) {
        in[i] = (float)(i * 37 % 256) / 255;
    }
    while (in != NULL && out != NULL && scratch != NULL && nn_clock_s() - begin_s < seconds) {
        double s = stretch_s(c, shape, in, out, scratch);
        best_s = s < best_s ? s : best_s;
    }
    printf("{\"bench\":\"transform\",\"name\":\"%s\",\"height\":%zu,\"width\":%zu,\"per_s\":%.0f}\n",
           c->name, shape->height, shape->width, STRETCH / best_s);
    free(in);
    free(out);
    free(scratch);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_transform NAME [HEIGHT=28] [WIDTH=28] [SECONDS=0.5]\n");
        return 2;
    }
    loader_fixture f;
    nn_isa isa;
    if (nn_isa_choose(&isa) != NN_OK) {
        fprintf(stderr, "bench_transform: %s\n", nn_story());
        return 1;
    }
    component_setup(&f, NN_KIND_TRANSFORM, argv[1], 32, isa);
    const nn_shape shape = {
        .size = sizeof shape,
        .height = argc > 2 ? (size_t)atoi(argv[2]) : 28,
        .width = argc > 3 ? (size_t)atoi(argv[3]) : 28,
        .channels = 1,
    };
    if (nn_component_create(&f.component, &shape) != NN_OK) {
        fprintf(stderr, "bench_transform: %s\n", nn_story());
        return 1;
    }
    int code = measure(&f.component, &shape, argc > 4 ? atof(argv[4]) : 0.5);
    nn_component_finish(&f.component);
    loader_finish(&f);
    return code;
}
