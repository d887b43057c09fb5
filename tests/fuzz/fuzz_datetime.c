/* tests/fuzz/fuzz_datetime.c: a stamp that is read lies in 1970..9999 and is
 * written so that it reads the same, to the millisecond; every number can be
 * written.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/codec/datetime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define END_US INT64_C(253402300800000000)

static void check_stamp(int64_t us)
{
	char out[DATETIME_MAX];
	struct str text;
	int64_t again;
	int err;

	text = datetime_put_3339(us, out);
	assert(text.n < DATETIME_MAX && strlen(out) == text.n);
	err = datetime_parse_3339(text, &again);
	assert(err == 0 && again == us / 1000 * 1000);
	text = datetime_put_ms(us, out);
	assert(text.n == 24);
	err = datetime_parse_3339(text, &again);
	assert(err == 0 && again == us / 1000 * 1000);
	text = datetime_put_sip(us, out);
	assert(text.n == 29);
	err = datetime_parse_sip(text, &again);
	assert(err == 0 && again == us / 1000000 * 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	char out[DATETIME_MAX];
	int64_t us;

	if (datetime_parse_3339(s, &us) == 0)
		check_stamp(us);
	else
		assert(us == 0);
	assert(us >= 0 && us < END_US);
	if (datetime_parse_sip(s, &us) == 0)
		check_stamp(us);
	else
		assert(us == 0);
	if (size != sizeof(us))
		return 0;
	memcpy(&us, data, sizeof(us));
	if (us >= 0 && us < END_US)
		check_stamp(us);
	assert(datetime_put_3339(us, out).n <= 24);
	assert(datetime_put_sip(us, out).n == 29);
	return 0;
}
