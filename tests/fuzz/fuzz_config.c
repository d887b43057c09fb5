/* tests/fuzz/fuzz_config.c: a configuration file of any content is loaded or
 * blamed, never both; what is loaded prints as a file that loads to the same.
 * No other file is looked at.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/daemon/load.h"
#include "gateway/daemon/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct faults faults;

static struct config *load(struct str text)
{
	const struct conf_source src = { .path = "/x/f.conf",
					 .no_files = true };
	struct config *c;

	faults_init(&faults);
	c = conf_load_text(&src, text, &faults);
	assert((c == NULL) == (faults.n > 0));
	return c;
}

static void print_faults(void)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	faults_put(&b, &faults, "f");
	assert(!b.err && b.n > 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct buf once, twice;
	struct config *c = load(text), *again;

	if (!c) {
		print_faults();
		return 0;
	}
	buf_init(&once, 64u << 20);
	buf_init(&twice, 64u << 20);
	print_config(&once, c);
	config_put(c);
	again = load(buf_str(&once));
	assert(again);
	print_config(&twice, again);
	config_put(again);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
