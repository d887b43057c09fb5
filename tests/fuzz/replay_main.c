/* tests/fuzz/replay_main.c: runs a fuzz target over the files named on the
 * command line, and over every file below the directories named there, without
 * the fuzzing engine: so that seeds and found crashes are tested everywhere.
 * Prints TAP with one test; a crash ends the process and so fails it. A file
 * that cannot be read, or no file at all, fails it too.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_BYTES_MAX (16u << 20)	/* ours: no seed is near it */
#define DEPTH_MAX 4u			/* ours: corpora are flat */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs_n;
static unsigned long unread_n;

static void complain(const char *path)
{
	printf("# cannot read %s\n", path);
	unread_n++;
}

/* The copy has exactly the size of the input: reading past it is seen. */
static void run_file(const char *path, size_t n)
{
	uint8_t *bytes = malloc(n ? n : 1);
	FILE *f = fopen(path, "rb");

	if (!bytes || !f || fread(bytes, 1, n, f) != n) {
		complain(path);
	} else {
		LLVMFuzzerTestOneInput(bytes, n);
		inputs_n++;
	}
	if (f)
		fclose(f);
	free(bytes);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_path(const char *path, unsigned depth)
{
	struct dirent **entries = NULL;
	struct stat st;
	int n, i;

	if (stat(path, &st) < 0 || depth > DEPTH_MAX) {
		complain(path);
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		if (st.st_size > (off_t)INPUT_BYTES_MAX)
			complain(path);
		else
			run_file(path, (size_t)st.st_size);
		return;
	}
	n = scandir(path, &entries, is_visible, alphasort);
	if (n < 0)
		complain(path);
	for (i = 0; i < n; i++) {
		size_t size = strlen(path) + strlen(entries[i]->d_name) + 2;
		char *child = malloc(size);

		if (child) {
			snprintf(child, size, "%s/%s", path,
				 entries[i]->d_name);
			run_path(child, depth + 1);
		}
		free(child);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int is_good, i;

	printf("1..1\n");
	fflush(stdout);
	for (i = 1; i < argc; i++)
		run_path(argv[i], 0);
	is_good = inputs_n > 0 && unread_n == 0;
	printf("%s 1 - fuzz seeds %s, %lu inputs\n", is_good ? "ok" : "not ok",
	       slash ? slash + 1 : argv[0], inputs_n);
	return is_good ? 0 : 1;
}
