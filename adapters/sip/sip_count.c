/* adapters/sip/sip_count.c: see sip_count.h. The series are looked up once:
 * this runs for every request.
 */
#include "adapters/sip/sip_count.h"

#include <string.h>

#include "core/base/metric.h"

/* What a client calls a method is his; unknown ones share a place. */
static const char *const methods[] = {
	"MESSAGE", "REGISTER", "OPTIONS", "INVITE", "SUBSCRIBE",
	"PUBLISH", "NOTIFY",   "REFER",	  "other",
};
static const char *const classes[] = {
	"none", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx",
};
enum {
	METHODS_N = sizeof(methods) / sizeof(methods[0]),
	CLASSES_N = sizeof(classes) / sizeof(classes[0]),
};

void sip_count_request(const char *method, bool is_in, unsigned status)
{
	static struct metric *series[METHODS_N][2][CLASSES_N];
	size_t m = 0, k = status / 100;
	struct metric **at;

	while (m < METHODS_N - 1 && strcmp(method, methods[m]) != 0)
		m++;
	if (k >= CLASSES_N)
		k = 0;
	at = &series[m][is_in][k];
	if (!*at)
		*at = METRIC(SIP_REQUESTS, methods[m], is_in ? "in" : "out",
			     classes[k]);
	metric_inc(*at);
}

void sip_count_parse_error(void)
{
	metric_inc(METRIC(PARSE_ERRORS, "sip"));
}

void sip_count_auth_failure(void)
{
	metric_inc(METRIC(AUTH_FAILURES, "sip"));
}
