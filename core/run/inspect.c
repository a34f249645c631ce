/* SPDX-License-Identifier: MIT */
#include "run/inspect.h"

#include "base/cores.h"
#include "base/memory.h"
#include "run/inspect_inside.h"

#include <math.h>
#include <string.h>

static nn_status make_pool(nn_session *s)
{
    if (s->pool != NULL) {
        return NN_OK;
    }
    size_t threads = s->options.threads > 0 ? s->options.threads : s->experiment->threads;
    return nn_pool_create(threads > 0 ? threads : nn_cores(), &s->pool);
}

nn_status nn__inspect_open(nn_session *s, nn_component *loader, bool tolerate, nn_dataset **out)
{
    NN_TRY(make_pool(s));
    NN_TRY(nn_component_create(loader, NULL));
    const nn_load_options options = {
        .pool = s->pool,
        /* Bad samples are listed by who asked, not in the log as well. */
        .log = tolerate ? NULL : s->options.log,
        .tolerate = tolerate,
        .bits = s->experiment->precision,
        .progress = s->options.loading,
        .context = s->options.loading_context,
    };
    return nn_dataset_open(loader, &options, out);
}

/* ---- Moments ---- */

static double value_at(const nn_samples *samples, const void *reals, size_t at)
{
    if (reals == NULL) {
        return samples->bytes[at];
    }
    return samples->bits == 32 ? (double)((const float *)reals)[at] : ((const double *)reals)[at];
}

/* Two passes over rows x width values; value f belongs to group f % groups. */
static nn_status measure_values(nn_arena *arena, const nn_samples *samples, const void *reals,
                                size_t width, size_t groups, const nn_data_moments **out)
{
    nn_data_moments *m;
    NN_TRY(NN_ARENA_ALLOC(arena, &m, groups));
    double n = (double)samples->count * (double)(width / groups);
    for (size_t g = 0; g < groups; g++) {
        m[g].least = INFINITY;
        m[g].most = -INFINITY;
    }
    for (size_t i = 0; i < samples->count; i++) {
        for (size_t f = 0; f < width; f++) {
            double v = value_at(samples, reals, i * width + f);
            nn_data_moments *own = &m[f % groups];
            own->mean += v / n;
            own->least = v < own->least ? v : own->least;
            own->most = v > own->most ? v : own->most;
        }
    }
    for (size_t i = 0; i < samples->count; i++) {
        for (size_t f = 0; f < width; f++) {
            double d = value_at(samples, reals, i * width + f) - m[f % groups].mean;
            m[f % groups].deviation += d * d / n;
        }
    }
    for (size_t g = 0; g < groups; g++) {
        m[g].deviation = sqrt(m[g].deviation);
    }
    *out = m;
    return NN_OK;
}

static nn_status measure_part(nn_arena *arena, nn_data_part *part)
{
    const nn_samples *samples = &part->samples;
    part->input_count = samples->image ? samples->channels : samples->features;
    NN_TRY(measure_values(arena, samples, samples->reals, samples->features, part->input_count,
                          &part->inputs));
    if (samples->targets != NULL) {
        NN_TRY(measure_values(arena, samples, samples->targets, samples->outputs, samples->outputs,
                              &part->targets));
    }
    if (samples->labels != NULL) {
        size_t *counts;
        NN_TRY(NN_ARENA_ALLOC(arena, &counts, samples->class_count));
        for (size_t i = 0; i < samples->count; i++) {
            counts[samples->labels[i]]++;
        }
        part->class_counts = counts;
    }
    return NN_OK;
}

/* ---- Parts ---- */

static nn_status inspect_one(nn_session *s, nn_component *loader, const char *name, bool measure,
                             nn_data_visit *visit, void *context)
{
    nn_data_part part = {.name = name, .loader = loader->name};
    nn_dataset *set = NULL;
    nn_arena *arena;
    NN_TRY(nn_arena_create(&arena));
    nn_status status = nn__inspect_open(s, loader, true, &set);
    if (status == NN_OK) {
        part.about = *nn_dataset_describe(set);
        part.bad = nn_dataset_bad(set, &part.bad_count);
        part.samples = nn_dataset_view(set);
        status = measure ? measure_part(arena, &part) : NN_OK;
    } else if (status != NN_ERR_MEMORY) {
        const char *story = nn_story();
        NN_TRY_DONE(nn_arena_text(arena, story, strlen(story), &part.failure));
        status = NN_ERR_DATA;
    }
    if (status == NN_OK || part.failure != NULL) {
        visit(context, &part);
    }
done:
    nn_dataset_close(set);
    nn_arena_destroy(arena);
    return status;
}

nn_status nn__inspect_parts(nn_session *s, nn_component *loaders[3], const char *names[3])
{
    NN_TRY(nn_session_check(s, false));
    loaders[0] = s->components.train;
    loaders[1] = s->components.validation;
    loaders[2] = s->components.test;
    names[0] = "train";
    names[1] = "validation";
    names[2] = "test";
    return NN_OK;
}

nn_status nn_session_inspect(nn_session *s, bool measure, nn_data_visit *visit, void *context)
{
    nn_component *loaders[3];
    const char *names[3];
    NN_TRY(nn__inspect_parts(s, loaders, names));
    nn_status first = NN_OK;
    for (size_t i = 0; i < 3; i++) {
        if (loaders[i] == NULL) {
            continue;
        }
        nn_status status = inspect_one(s, loaders[i], names[i], measure, visit, context);
        if (status != NN_OK && status != NN_ERR_DATA) {
            return status;
        }
        first = first == NN_OK ? status : first;
    }
    return first;
}
