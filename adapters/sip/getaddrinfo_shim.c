/* adapters/sip/getaddrinfo_shim.c: see getaddrinfo_shim.h. */
#include "adapters/sip/getaddrinfo_shim.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <sofia-sip/su_time.h>

#define NSEC UINT64_C(1000000000)
#define NTP_EPOCH UINT64_C(2208988800) /* seconds from 1900 to 1970 */

typedef int lookup_h(const char *, const char *, const struct addrinfo *,
		     struct addrinfo **);

/* sofia-sip's hooks, called with the time it would give [su_time0.c]. */
extern void (*_su_time)(su_time_t *tv);
extern su_nanotime_t (*_su_nanotime)(su_nanotime_t *ns);

static _Thread_local bool is_numeric;
static _Thread_local unsigned long refused;
static uint64_t offset_ns; /* NTP time minus monotonic time */

void sip_shim_numeric_only(bool on)
{
	is_numeric = on;
}

unsigned long sip_shim_refused(void)
{
	return refused;
}

static lookup_h *real_lookup(void)
{
	static lookup_h *found;

	if (!found) {
		union {
			void *p;
			lookup_h *h;
		} u = { .p = dlsym(RTLD_NEXT, "getaddrinfo") };

		found = u.h;
	}
	return found;
}

int getaddrinfo(const char *node, const char *service,
		const struct addrinfo *hints, struct addrinfo **out)
{
	lookup_h *real = real_lookup();
	struct addrinfo own = { .ai_family = AF_UNSPEC };
	int rc;

	if (!real)
		return EAI_SYSTEM;
	if (!is_numeric || !node)
		return real(node, service, hints, out);
	if (hints)
		own = *hints;
	own.ai_flags |= AI_NUMERICHOST;
	rc = real(node, service, &own, out);
	if (rc == EAI_NONAME)
		refused++;
	return rc;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static void steady_time(su_time_t *tv)
{
	uint64_t ns = clock_ns(CLOCK_MONOTONIC) + offset_ns;

	if (!tv)
		return;
	tv->tv_sec = (unsigned long)(ns / NSEC);
	tv->tv_usec = (unsigned long)(ns % NSEC / 1000);
}

static su_nanotime_t steady_nanotime(su_nanotime_t *ns)
{
	*ns = clock_ns(CLOCK_MONOTONIC) + offset_ns;
	return *ns;
}

void sip_shim_clock(void)
{
	if (offset_ns)
		return;
	offset_ns = clock_ns(CLOCK_REALTIME) + NTP_EPOCH * NSEC -
		    clock_ns(CLOCK_MONOTONIC);
	_su_time = steady_time;
	_su_nanotime = steady_nanotime;
}
