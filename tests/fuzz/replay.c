/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files of the folders given: the corpus as a test of every build. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

static void replay_file(const char *path)
{
    static unsigned char bytes[1 << 21];
    FILE *file = fopen(path, "rb");
    FUZZ_REQUIRE(file != NULL);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
}

static size_t replay_folder(const char *folder)
{
    size_t count = 0;
    DIR *entries = opendir(folder);
    FUZZ_REQUIRE(entries != NULL);
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        fprintf(stderr, "%s\n", path);
        replay_file(path);
        count++;
    }
    closedir(entries);
    return count;
}

int main(int count, char **arguments)
{
    size_t files = 0;
    for (int i = 1; i < count; i++) {
        files += replay_folder(arguments[i]);
    }
    printf("%zu inputs\n", files);
    return files == 0;
}
