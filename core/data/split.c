/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdbool.h>
#include <string.h>

/* What a class gives: its members, its share and the remainder that ranks it. */
struct share {
    uint64_t members, quota, remainder;
    uint64_t first; /* of its members in the list ordered by class */
    bool raised;
};

/* quota = take * members / count rounded down; what is missing goes one each to the largest
 * remainders (Hamilton's method), the lower class first among equals. */
static void apportion(struct share *shares, size_t class_count, uint64_t count, uint64_t take)
{
    uint64_t given = 0;
    for (size_t c = 0; c < class_count; c++) {
        shares[c].quota = take * shares[c].members / count;
        shares[c].remainder = take * shares[c].members % count;
        given += shares[c].quota;
    }
    for (; given < take; given++) {
        size_t best = class_count;
        for (size_t c = 0; c < class_count; c++) {
            if (!shares[c].raised && shares[c].remainder > 0
                && (best == class_count || shares[c].remainder > shares[best].remainder)) {
                best = c;
            }
        }
        shares[best].raised = true;
        shares[best].quota++;
    }
}

/* Marks `quota` of the members, drawn without replacement: the first steps of a Fisher-Yates shuffle. */
static void draw(uint32_t *members, uint64_t count, uint64_t quota, const nn_stream *stream,
                 uint8_t *mark)
{
    uint64_t used = 0;
    for (uint64_t i = 0; i < quota; i++) {
        uint64_t j = i + nn_random_below(stream, count - i, &used);
        uint32_t chosen = members[j];
        members[j] = members[i];
        mark[chosen] = 1;
    }
}

nn_status nn_split(const int32_t *labels, size_t count, size_t class_count, size_t take,
                   uint64_t seed, const char *stream, uint32_t *taken, uint32_t *rest)
{
    if (take > count) {
        return nn_fail(NN_ERR_DATA, "%zu samples are wanted of %zu", take, count);
    }
    if (count > UINT32_MAX) {
        return nn_fail(NN_ERR_DATA, "%zu samples are more than a split can hold (%lu)", count,
                       (unsigned long)UINT32_MAX);
    }
    if (labels == NULL) {
        class_count = 1;
    }
    struct share *shares = NULL;
    uint32_t *members = NULL;
    uint8_t *mark = NULL;
    nn_status status = NN_OK;
    NN_TRY_DONE(NN_ALLOC(&shares, class_count, "a split"));
    NN_TRY_DONE(NN_ALLOC(&members, count, "a split"));
    NN_TRY_DONE(NN_ALLOC(&mark, count, "a split"));

    for (size_t i = 0; i < count; i++) {
        shares[labels == NULL ? 0 : labels[i]].members++;
    }
    for (size_t c = 1; c < class_count; c++) {
        shares[c].first = shares[c - 1].first + shares[c - 1].members;
    }
    for (size_t i = 0; i < count; i++) {
        members[shares[labels == NULL ? 0 : labels[i]].first++] = (uint32_t)i;
    }
    if (count > 0) {
        apportion(shares, class_count, count, take);
    }
    for (size_t c = 0; c < class_count; c++) {
        nn_stream own = nn_stream_make(seed, stream, c, 0);
        uint32_t *first = members + shares[c].first - shares[c].members;
        draw(first, shares[c].members, shares[c].quota, &own, mark);
    }
    for (size_t i = 0, t = 0, r = 0; i < count; i++) {
        if (mark[i]) {
            if (taken != NULL) {
                taken[t++] = (uint32_t)i;
            }
        } else if (rest != NULL) {
            rest[r++] = (uint32_t)i;
        }
    }
done:
    nn_free(mark);
    nn_free(members);
    nn_free(shares);
    return status;
}
