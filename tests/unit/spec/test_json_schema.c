/* SPDX-License-Identifier: MIT */
/* Whether it is a schema, and the right one, is tried by tests/spec/test_schema.py with a validator. */
#include "spec_support.h"

#include "spec/json_schema.h"

typedef struct asked {
    char kinds[512];
} asked;

static nn_status component(void *context, const char *kind, const char *extra, nn_text *out)
{
    asked *a = context;
    size_t used = strlen(a->kinds);
    snprintf(a->kinds + used, sizeof a->kinds - used, "%s%s ", kind, extra == NULL ? "" : "+");
    nn_text_put(out, "{\"type\": [\"string\", \"object\"]}");
    return NN_OK;
}

static void each_kind_is_asked_for_once(void **state)
{
    (void)state;
    nn_text out = {0};
    asked a = {{0}};
    assert_int_equal(nn_json_schema(component, &a, &out), NN_OK);
    assert_string_equal(a.kinds, "loader+ loader transform initializer activation cost optimizer "
                                 "schedule ");
    nn_text_finish(&out);
}

static void types_ranges_words_and_defaults_are_told(void **state)
{
    (void)state;
    nn_text out = {0};
    asked a = {{0}};
    assert_int_equal(nn_json_schema(component, &a, &out), NN_OK);
    const char *text = nn_text_view(&out);
    assert_holds(text, "\"default\": \"auto\", \"anyOf\": [{\"const\": \"auto\"}, {\"type\": "
                       "\"integer\", \"minimum\": 1, \"maximum\": 1024}]");
    assert_holds(text, "\"type\": \"number\", \"exclusiveMinimum\": 0, \"exclusiveMaximum\": 1}");
    assert_holds(text, "\"enum\": [\"float32\", \"float64\"]");
    assert_holds(text, "\"else\": {\"required\": [\"nnrun\", \"data\", \"network\", \"training\"]");
    assert_lacks(text, "inf");
    assert_lacks(text, "nan");
    nn_text_finish(&out);
}

static nn_status no_memory(void *context, const char *kind, const char *extra, nn_text *out)
{
    (void)context;
    (void)kind;
    (void)extra;
    (void)out;
    return NN_ERR_MEMORY;
}

static void a_failing_kind_fails_it(void **state)
{
    (void)state;
    nn_text out = {0};
    assert_int_equal(nn_json_schema(no_memory, NULL, &out), NN_ERR_MEMORY);
    nn_text_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_asked_for_once),
        cmocka_unit_test(types_ranges_words_and_defaults_are_told),
        cmocka_unit_test(a_failing_kind_fails_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
