/* tests/fuzz/fuzz_dns.c: whatever a name server says: records within their
 * limits, with names that can be asked for, or an error. The first two bytes
 * are the id we asked with, the third chooses the type.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adapters/net/dns.h"
#include "core/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	assert(strnlen(name, DNS_NAME_MAX) < DNS_NAME_MAX);
	assert(!name[0] || dns_name_ok(str_of(name)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_SRV,
					       DNS_NAPTR };
	struct dns_answer *out = mem_alloc(dns_answer_size(DNS_RECORDS_MAX));
	uint16_t id;
	size_t i;
	int rc;

	if (size < 3) {
		mem_free(out);
		return 0;
	}
	id = (uint16_t)(data[1] << 8 | data[2]);
	rc = dns_parse(data + 1, size - 1, id, STR("sip.example"),
		       types[data[0] & 3], out);
	if (rc == 0) {
		assert(out->records_n <= DNS_RECORDS_MAX);
		assert((out->status == DNS_OK) == (out->records_n > 0));
		check_name(out->alias);
		assert(out->status != DNS_ALIAS || out->alias[0]);
		for (i = 0; i < out->records_n; i++) {
			check_name(out->records[i].target);
			assert(strnlen(out->records[i].service, 24) < 24);
		}
	}
	mem_free(out);
	return 0;
}
