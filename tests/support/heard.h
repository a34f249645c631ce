/* SPDX-License-Identifier: MIT */
/* What `plugins check` says of a plugin of the build folder. */
#ifndef HEARD_H
#define HEARD_H

#include "run/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    size_t count, failed, skipped;
    char name[64], reason[1024]; /* of the last failure */
};

/* An nn_check_report with a struct heard. */
static inline void listen(void *context, const nn_check_result *result)
{
    struct heard *heard = context;
    heard->count++;
    heard->skipped += result->verdict == NN_VERDICT_SKIPPED;
    assert_true(strlen(result->rule) > 0);
    if (result->verdict == NN_VERDICT_FAILED) {
        heard->failed++;
        snprintf(heard->name, sizeof heard->name, "%s", result->name);
        snprintf(heard->reason, sizeof heard->reason, "%s", result->reason);
    } else if (result->verdict == NN_VERDICT_PASSED) {
        assert_true(strlen(result->figure) > 0 || strcmp(result->name, "loads") == 0);
    }
}

/* Asks the plugin `file` ("contract/cost/faulty"), with its parameter `fault` unless that is NULL, for one
 * check or, with NULL, for all. */
static inline struct heard hear(const char *file, const char *fault, const char *only, double limit_s)
{
    char path[512], parameter[128];
    struct heard heard = {0};
    size_t failed = 0;
    snprintf(path, sizeof path, "%s/%s.so", getenv("NNRUN_TEST_BUILD"), file);
    snprintf(parameter, sizeof parameter, "fault=%s", fault == NULL ? "" : fault);
    const char *parameters[] = {parameter};
    nn_contract contract = {.path = path, .parameters = parameters, .parameter_count = fault != NULL, .only = only,
                            .limit_s = limit_s, .report = listen, .context = &heard};
    assert_int_equal(nn_contract_check(&contract, &failed), NN_OK);
    assert_int_equal(failed, heard.failed);
    return heard;
}

#endif
