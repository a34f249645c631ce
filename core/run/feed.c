/* SPDX-License-Identifier: MIT */
/* Transformed training rows: data/prefetch.h as the feed the loop knows. */
#include "base/cores.h"
#include "data/prefetch.h"
#include "run/inside.h"

static nn_status begin(void *context, uint64_t epoch, const uint32_t *order, size_t count,
                       size_t position)
{
    nn__feed *feed = context;
    return nn_prefetch_begin(feed->prefetch, epoch, order, count, position);
}

static nn_status next(void *context, size_t most, const nn_input **input, size_t *rows)
{
    nn__feed *feed = context;
    nn_samples view;
    NN_TRY(nn_prefetch_next(feed->prefetch, most, &view));
    feed->input = (nn_input){
        .reals = view.reals,
        .scale = view.input.scale,
        .shift = view.input.shift,
        .scale_count = view.input.count,
        .labels = view.labels,
        .targets = view.targets,
    };
    *input = &feed->input;
    *rows = view.count;
    return NN_OK;
}

/* "affine, elastic" */
static nn_status name_transforms(nn_session *s, const char **out)
{
    const nn__components *c = &s->components;
    *out = "";
    for (size_t i = 0; i < c->transform_count; i++) {
        NN_TRY(nn_arena_printf(s->arena, out, "%s%s%s", *out, i > 0 ? ", " : "", c->transforms[i]->name));
    }
    return NN_OK;
}

/* Cores that training leaves over, as many as it takes at most. */
static size_t spare_cores(size_t threads)
{
    size_t cores = nn_cores(), spare = cores > threads ? cores - threads : 0;
    return spare < threads ? spare : threads;
}

nn_status nn__feed_create(nn_session *s)
{
    const nn__components *c = &s->components;
    if (c->transform_count == 0) {
        return NN_OK;
    }
    nn_samples samples = nn_dataset_view(s->sources.train);
    samples.input = s->sources.normalize;
    const nn_shape shape = {
        .size = sizeof shape,
        .height = samples.height,
        .width = samples.width,
        .channels = samples.channels,
    };
    for (size_t i = 0; i < c->transform_count; i++) {
        NN_TRY(nn_component_create(c->transforms[i], &shape));
    }
    const nn_prefetch_options options = {
        .samples = samples,
        .transforms = c->transforms,
        .transform_count = c->transform_count,
        .seed = s->experiment->seed,
        .batch_size = s->topology.batch_size,
        .pool = s->pool,
        .ahead = spare_cores(nn_pool_threads(s->pool)),
    };
    NN_TRY(nn_prefetch_create(&options, &s->feed.prefetch));
    s->feed.feed = (nn_feed){.context = &s->feed, .begin = begin, .next = next};
    NN_TRY(name_transforms(s, &s->feed.feed.transforms));
    s->training.feed = &s->feed.feed;
    return NN_OK;
}
