/* SPDX-License-Identifier: MIT */
#include "cli/readings.h"

#include <string.h>

nn_status nn_readings_open(const nn_cli *cli, nn_readings *out)
{
    const char *results = nn_cli_value(cli, "--out");
    nn_readings all = {0};
    NN_TRY(nn_arena_create(&all.arena));
    nn_status status = NN_ARENA_ALLOC(all.arena, &all.runs, cli->positional_count);
    for (size_t i = 0; status == NN_OK && i < cli->positional_count; i++) {
        const char *folder;
        status = nn_run_folder_find(cli->positional[i], results == NULL ? "results" : results, all.arena,
                                    &folder);
        if (status == NN_OK) {
            status = nn_reading_try(folder, all.arena, &all.runs[i]);
        }
        all.count += status == NN_OK;
    }
    if (status != NN_OK) {
        nn_readings_finish(&all);
        return status;
    }
    *out = all;
    return NN_OK;
}

void nn_readings_finish(nn_readings *readings)
{
    for (size_t i = 0; i < readings->count; i++) {
        nn_reading_finish(&readings->runs[i]);
    }
    nn_arena_destroy(readings->arena);
}

nn_status nn_readings_status(const nn_readings *readings)
{
    nn_status status = NN_OK;
    for (size_t i = 0; i < readings->count; i++) {
        const nn_reading *run = &readings->runs[i];
        if (strcmp(run->word, "damaged") != 0) {
            continue;
        }
        if (status == NN_OK) {
            status = nn_fail(NN_ERR_CHECKPOINT, "%s", run->line);
        } else {
            nn_note("%s", run->line);
        }
    }
    return status;
}
