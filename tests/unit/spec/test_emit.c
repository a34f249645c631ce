/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include "spec/emit.h"

static bool same(const nn_node *a, const nn_node *b)
{
    if (a->kind != b->kind || a->count != b->count) {
        return false;
    }
    if (a->kind == NN_NODE_SCALAR) {
        bool nulls = nn_node_is_null(a) && nn_node_is_null(b);
        return nulls || strcmp(a->text, b->text) == 0;
    }
    for (size_t i = 0; i < a->count; i++) {
        bool equal = a->kind == NN_NODE_LIST
                       ? same(a->items[i], b->items[i])
                       : strcmp(a->pairs[i].key->text, b->pairs[i].key->text) == 0
                             && same(a->pairs[i].value, b->pairs[i].value);
        if (!equal) {
            return false;
        }
    }
    return true;
}

static void what_is_emitted_parses_to_the_same(void **state)
{
    desk *d = *state;
    static const char *const texts[] = {
        "a: 1\n",
        "just text\n",
        "[]\n",
        "a: {}\nb: []\nc: ~\nd:\ne: ''\n",
        "- - 1\n  - [2, [3, {a: 4}]]\n- {b: {c: [d]}}\n-\n  - - - x\n",
        "a: '1'\nb: \"true\"\nc: 'null'\nd: '~'\n",
        "a: 'x, y'\nb: 'k: v'\nc: '# no'\nd: ' blank '\ne: '-'\nf: '- 1'\ng: '--- '\nh: ...\n",
        "a: \"tab\\t nl\\n esc\\e nel\\N ls\\L bom\\uFEFF del\\x7f quote\\\" back\\\\\"\n",
        "\"k: 1\": 2\n'': 3\n\"\\n\": 4\n'<<': 5\n",
        "a: |\n  two\n  lines\nb: >\n  folded\n  text\n",
        "a: -1\nb: -.inf\nc: -x\nd: a:b\ne: a#b\nf: 'a:'\ng: 'a:,'\nh: [1, \"c:?v\"]\n",
        "a: \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\n",
        "data: {train: {use: idx, path: /a/very/long/path/that/goes/on/and/on/and/on/and/on, x: 1}}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (int origin = 0; origin < 2; origin++) {
            nn_text out = {0};
            nn_node *first = parse_text(d, texts[i]);
            assert_non_null(first);
            nn_emit(first, origin, &out);
            nn_node *second = parse_text(d, nn_text_view(&out));
            if (second == NULL || !same(first, second)) {
                fail_msg("not the same:\n%s\n%s\n%s", texts[i], nn_text_view(&out), printed(d));
            }
            nn_text_finish(&out);
        }
    }
}

static void short_flat_collections_are_written_on_one_line(void **state)
{
    desk *d = *state;
    nn_text out = {0};
    nn_emit(parse_text(d, "a:\n  - 1\n  - 2\nb:\n  c: 1\n  d: x\ne:\n  - {f: 1, g: {h: 2}}\n"), false,
            &out);
    assert_string_equal(nn_text_view(&out),
                        "a: [1, 2]\nb: {c: 1, d: x}\ne:\n  - f: 1\n    g: {h: 2}\n");
    nn_text_finish(&out);
}

static void the_origin_of_each_scalar_is_told(void **state)
{
    desk *d = *state;
    nn_text out = {0};
    nn_node *root = parse_text(d, "a: {b: 1}\n"), *value;
    assert_int_equal(nn_node_scalar(d->arena, "2", (nn_place){0}, &value), NN_OK);
    assert_int_equal(nn_node_set(d->arena, root, "c", value), NN_OK);
    nn_emit(root, true, &out);
    assert_string_equal(nn_text_view(&out), "a:\n  b: 1  # spec.yaml:1\nc: 2  # default\n");
    nn_text_finish(&out);
}

static void a_quoted_number_stays_quoted(void **state)
{
    desk *d = *state;
    nn_text out = {0};
    nn_emit(parse_text(d, "a: '1e3'\nb: 'word'\nc: 1e3\n"), false, &out);
    assert_string_equal(nn_text_view(&out), "a: \"1e3\"\nb: word\nc: 1e3\n");
    nn_text_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(what_is_emitted_parses_to_the_same),
        DESK_TEST(short_flat_collections_are_written_on_one_line),
        DESK_TEST(the_origin_of_each_scalar_is_told),
        DESK_TEST(a_quoted_number_stays_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
