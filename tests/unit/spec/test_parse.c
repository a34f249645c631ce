/* SPDX-License-Identifier: MIT */
#include "spec_support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

/* Parses bytes that must be refused by one diagnostic that holds `part`. */
static void refused_bytes(desk *d, const char *bytes, size_t length, const char *part)
{
    nn_node *root = (nn_node *)d;
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    assert_int_equal(nn_parse(d->arena, source_of(d, "s", bytes, length), d->diagnostics, &root),
                     NN_OK);
    assert_null(root);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 1);
    assert_holds(printed(d), part);
}

static void refused(desk *d, const char *text, const char *part)
{
    refused_bytes(d, text, strlen(text), part);
}

static void every_node_knows_its_place(void **state)
{
    desk *d = *state;
    nn_node *root = parse_text(d, "a: 1\n\xC3\xA4\xC3\xB6: {b: [x, 'yy']}\n");
    const nn_pair *pair = nn_node_pair(root, "\xC3\xA4\xC3\xB6");
    assert_int_equal(pair->key->place.line, 2);
    assert_int_equal(pair->key->place.column, 1);
    assert_int_equal(pair->key->place.width, 2);
    const nn_node *list = nn_node_get(pair->value, "b");
    assert_int_equal(list->items[1]->place.column, 13);
    assert_int_equal(list->items[1]->place.width, 4);
    assert_true(list->items[1]->quoted);
    assert_false(list->items[0]->quoted);
    assert_string_equal(list->items[1]->place.source->name, "spec.yaml");
}

static void byte_order_mark_and_crlf_are_fine(void **state)
{
    desk *d = *state;
    nn_node *root = parse_text(d, "\xEF\xBB\xBF" "a: 1\r\nb: 2\r\n");
    assert_non_null(root);
    assert_string_equal(nn_node_get(root, "a")->text, "1");
    assert_string_equal(nn_node_get(root, "b")->text, "2");
    assert_int_equal(nn_node_pair(root, "a")->key->place.column, 1);
}

static void an_alias_is_a_copy(void **state)
{
    desk *d = *state;
    nn_node *root = parse_text(d, "a: &x {k: 1}\nb: *x\n");
    assert_non_null(root);
    nn_node_drop(nn_node_get(root, "a"), "k");
    assert_string_equal(nn_node_get(nn_node_get(root, "b"), "k")->text, "1");
}

static void what_is_not_a_spec_is_refused_with_its_place(void **state)
{
    desk *d = *state;
    refused_bytes(d, "a: \0b\n", 6, "s:1:4: error: a NUL byte");
    refused(d, "a: 1\nb: \xff\n", "s:2:4: error: invalid UTF-8");
    refused(d, "a: \xC0\x80\n", "s:1:4: error: invalid UTF-8");
    refused_bytes(d, "\xff\xfe" "a\0:\0", 6, "s:1:1: error: invalid UTF-8");
    refused(d, "a: \x1b[0m\n", "s:1:4: error: a control character");
    refused(d, "a: \"\\0\"\n", "a: a NUL character in a text");
    refused(d, "a: 1\n---\nb: 2\n", "s:2:1: error: a second document begins here");
    refused(d, "", "the file is empty");
    refused(d, "# only a comment\n", "the file is empty");
    refused(d, "%YAML 1.1\n---\na: 1\n", "s:1:1: error: a YAML directive");
    refused(d, "a: !!float 1\n", "s:1:4: error: a: a tag has no meaning");
    refused(d, "a: *x\n", "s:1:4: error: a: this alias has no anchor");
    refused(d, "a: &x [*x]\n", "s:1:8: error: a.0: this alias stands within its own anchor");
    refused(d, "? [a]\n: 1\n", "a key must be a plain word");
    refused(d, "a: {<<: 1}\n", "merge keys are not part of YAML 1.2");
    refused(d, "a:\n\tb: 1\n", "a tab: YAML is indented by spaces");
    refused(d, "a: [1, 2\n", "not valid YAML");
    refused(d, "a: b: c\n", "s:1:5: error: not valid YAML: mapping values are not allowed");
}

static void libyaml_s_complaints_are_explained(void **state)
{
    desk *d = *state;
    refused(d, "a:\n  b:1\n  c: 2\n", "line 2: a blank belongs behind the colon");
    refused(d, "a:\n  b = 1\n\n  # so\n  c: 2\n", "line 2 is no \"key: value\"");
    refused(d, "a:\n  b: 1 2: 3\n", "is the line indented as its neighbours are?");
    refused(d, "a: {b: 1\nc: 2\n", "it is opened on line 1");
    refused(d, "a: \"b\nc: 2\n", "s:1:4: error: not valid YAML");
    refused(d, "a: \"C:\\data\"\n", "take single quotes");
}

static void a_duplicate_key_is_named_and_the_rest_goes_on(void **state)
{
    desk *d = *state;
    nn_node *root = parse_text(d, "a:\n  b: 1\n  c: 2\n  b: 3\n");
    assert_non_null(root);
    assert_holds(printed(d), "spec.yaml:4:3: error: a.b: the key \"b\" is there twice\n");
    assert_holds(printed(d), "the first one is on line 2");
    assert_string_equal(nn_node_get(nn_node_get(root, "a"), "b")->text, "1");
}

static char *repeat(desk *d, const char *part, size_t times)
{
    void *text;
    size_t length = strlen(part);
    assert_int_equal(nn_arena_alloc(d->arena, times * length + 1, &text), NN_OK);
    for (size_t i = 0; i < times; i++) {
        memcpy((char *)text + i * length, part, length);
    }
    return text;
}

static void nesting_stops_at_64(void **state)
{
    desk *d = *state;
    char text[256];
    snprintf(text, sizeof text, "%s%s", repeat(d, "[", 64), repeat(d, "]", 64));
    assert_non_null(parse_text(d, text));
    snprintf(text, sizeof text, "%s%s", repeat(d, "[", 65), repeat(d, "]", 65));
    refused(d, text, "nested deeper than 64");
    refused(d, "a: &a [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
               "b: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
            "nested deeper than 64");
}

static void values_stop_at_10000_aliases_counted(void **state)
{
    desk *d = *state;
    char bomb[512] = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
    for (size_t i = 1; i < 9; i++) {
        size_t used = strlen(bomb);
        snprintf(bomb + used, sizeof bomb - used, "a%zu: &a%zu [*a%zu, *a%zu, *a%zu]\n", i, i,
                 i - 1, i - 1, i - 1);
    }
    refused(d, bomb, "more than 10,000 values");
    refused(d, repeat(d, "- 1\n", 10000), "more than 10,000 values");
}

/* Inputs libyaml alone needs minutes for; the limit is the process's alarm, not a timing. */
static void hostile_input_ends_at_once(void **state)
{
    desk *d = *state;
    static const char *const parts[] = {"[", "{", "- ", "? ", "[\n", "{a: ", "a: [", "%TAG !a! x\n",
                                        "&a ", "!a ", "- - - -\n"};
    alarm(20);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *text = repeat(d, parts[i], 999999 / strlen(parts[i]));
        nn_node *root;
        assert_int_equal(nn_parse(d->arena, source_of(d, "s", text, strlen(text)), d->diagnostics,
                                  &root),
                         NN_OK);
        assert_null(root);
    }
    const char *tags = repeat(d, "%TAG !a! x\n", 90000);
    void *text;
    assert_int_equal(nn_arena_alloc(d->arena, 1000000, &text), NN_OK);
    snprintf(text, 1000000, "a: 1\n...\n%s", tags);
    refused(d, text, "a YAML directive has no meaning");
    alarm(0);
}

static void a_file_beyond_a_megabyte_is_refused(void **state)
{
    desk *d = *state;
    char *text = repeat(d, "#", NN_SPEC_BYTES_MOST + 1);
    refused(d, text, "larger than 1 MB");
    nn_node *root;
    const char *path = write_file(d, "large.yaml", text);
    assert_int_equal(nn_parse_file(d->arena, path, d->diagnostics, &root), NN_OK);
    assert_null(root);
}

static void refused_file(desk *d, const char *path, const char *part)
{
    nn_node *root;
    assert_int_equal(nn_diagnostics_create(d->arena, &d->diagnostics), NN_OK);
    assert_int_equal(nn_parse_file(d->arena, path, d->diagnostics, &root), NN_OK);
    assert_null(root);
    assert_int_equal(nn_diagnostics_errors(d->diagnostics), 1);
    assert_holds(printed(d), part);
}

static void folders_fifos_and_devices_are_refused(void **state)
{
    desk *d = *state;
    char fifo[96];
    write_file(d, "list.yaml", "- 1\n");
    snprintf(fifo, sizeof fifo, "%s/fifo", d->folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    alarm(20);
    refused_file(d, fifo, "fifo: error: not a regular file");
    refused_file(d, d->folder, "error: not a regular file but a folder");
    refused_file(d, "/dev/zero", "/dev/zero: error: not a regular file");
    refused_file(d, "/nowhere/x.yaml", "/nowhere/x.yaml: error: can't be opened");
    snprintf(fifo, sizeof fifo, "%s/list.yaml", d->folder);
    refused_file(d, fifo, "list.yaml:1:1: error: not a mapping but a list");
    alarm(0);
}

static void a_part_points_into_the_whole_text(void **state)
{
    desk *d = *state;
    nn_text_source *source;
    nn_node *root;
    assert_int_equal(NN_ARENA_ALLOC(d->arena, &source, 1), NN_OK);
    *source = (nn_text_source){.name = "argument 1", .bytes = "\xC3\xA4.b={c: 1}", .argument = true};
    source->length = strlen(source->bytes);
    assert_int_equal(nn_parse_part(d->arena, source, 5, "a.b", d->diagnostics, &root), NN_OK);
    assert_non_null(root);
    assert_int_equal(nn_node_pair(root, "c")->key->place.column, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(every_node_knows_its_place),
        DESK_TEST(byte_order_mark_and_crlf_are_fine),
        DESK_TEST(an_alias_is_a_copy),
        DESK_TEST(what_is_not_a_spec_is_refused_with_its_place),
        DESK_TEST(libyaml_s_complaints_are_explained),
        DESK_TEST(a_duplicate_key_is_named_and_the_rest_goes_on),
        DESK_TEST(nesting_stops_at_64),
        DESK_TEST(values_stop_at_10000_aliases_counted),
        DESK_TEST(hostile_input_ends_at_once),
        DESK_TEST(a_file_beyond_a_megabyte_is_refused),
        DESK_TEST(folders_fifos_and_devices_are_refused),
        DESK_TEST(a_part_points_into_the_whole_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
