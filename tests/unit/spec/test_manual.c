/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "base/memory.h"
#include "spec/manual.h"

static void the_page_in_docs_is_the_one_the_table_writes(void **state)
{
    (void)state;
    char path[4096], *bytes;
    size_t length;
    nn_text page = {0};
    const char *source = getenv("NNRUN_TEST_SOURCE");
    snprintf(path, sizeof path, "%s/docs/SPEC.md", source == NULL ? "." : source);
    nn_spec_manual(&page);
    if (getenv("NNRUN_UPDATE") != NULL) {
        assert_int_equal(nn_file_write(path, page.bytes, page.length, false), NN_OK);
    }
    assert_int_equal(nn_file_read(path, 1000000, &bytes, &length), NN_OK);
    if (length != page.length || memcmp(bytes, page.bytes, length) != 0) {
        fail_msg("docs/SPEC.md is stale: `nnrun schema --markdown > docs/SPEC.md` writes it");
    }
    nn_free(bytes);
    nn_text_finish(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_in_docs_is_the_one_the_table_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
