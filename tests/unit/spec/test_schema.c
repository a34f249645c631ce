/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "spec/schema.h"
#include "spec/wants.h"
#include "spec/wants.h"

static void check_rows(desk *d, const nn_key *keys)
{
    size_t count = 0;
    for (const nn_key *key = keys; key->name != NULL; key++, count++) {
        nn_text wants = {0};
        nn_key_wants(key, &wants);
        assert_true(wants.length > 0);
        nn_text_finish(&wants);
        assert_non_null(key->doc);
        assert_int_equal(key->doc[strlen(key->doc) - 1], '.');
        assert_true(nn_key_find(keys, key->name) == key); /* no name twice */
        bool required = key->flags & NN_KEY_REQUIRED, sparse = key->flags & NN_KEY_SPARSE;
        if (required && key->def != NULL) {
            fail_msg("%s is required and has a default", key->name);
        }
        if (!required && !sparse && key->def == NULL && key->type != NN_KEY_MAP
            && strcmp(key->name, "count") != 0 && strcmp(key->name, "fraction") != 0) {
            fail_msg("%s is neither required nor sparse and has no default", key->name);
        }
        if (key->keys != NULL) {
            check_rows(d, key->keys);
        }
    }
    assert_true(count < 64);
}

static void every_row_is_whole(void **state)
{
    check_rows(*state, nn_spec_keys);
}

static void paths_lead_to_rows(void **state)
{
    (void)state;
    assert_string_equal(nn_key_at("network.layers.0.units")->name, "units");
    assert_string_equal(nn_key_at("data.train.limit")->name, "limit");
    assert_string_equal(nn_key_at("training.optimizer")->kind, "optimizer");
    assert_null(nn_key_at("training.optimizer.rate"));
    assert_null(nn_key_at("network.layers.units"));
    assert_null(nn_key_at("trainin"));
    assert_null(nn_key_at(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(every_row_is_whole),
        DESK_TEST(paths_lead_to_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
