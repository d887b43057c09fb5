/* adapters/sip/admit.c: admission while there is more than can be done. How far
 * behind we are is read off two queues: the kernel's, of datagrams not yet
 * read, and core's, of events not yet run. Answers are always read: they end
 * work. Then come those who lately were served, then strangers. What is refused
 * is refused as cheaply as can be, and not remembered: the repeat is judged for
 * itself. [RFC 3261 21.5.4]
 */
#include "adapters/sip/sip_priv.h"

#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/hash.h"

#define LAG_MS 200		      /* when the configuration says nothing */
#define BACKLOG_BYTES_MAX (3u << 20)  /* in the kernel: some 1,400 datagrams */
#define LOOK_EVERY 16u		      /* datagrams per look at the kernel */
#define KNOWN_N 16384u		      /* a power of two */
#define KNOWN_LIFE_MS (60 * 60 * 1000) /* a registration's usual life */
#define STRANGERS_N 8192u	      /* a power of two */
#define STRANGER_RATE 500u

/* One place per hash: a newcomer takes the place of whoever was there. */
struct known {
	uint64_t key;
	int64_t until_ms;
};

struct stranger {
	uint64_t key;
	int64_t at_ms;
	uint32_t left; /* in thousandths */
};

struct sip_admit {
	struct known known[KNOWN_N];
	struct stranger strangers[STRANGERS_N];
	uint32_t backlog, backlog_max; /* bytes, of the last look */
	unsigned looks;
	uint64_t told; /* refusals of this kind already logged */
};

/* The process has one adapter; the shim has no other way to it. */
static struct sip *here;

void sip_admit_start(struct sip *s)
{
	s->admit = mem_zalloc(sizeof(*s->admit));
	here = s;
}

void sip_admit_stop(struct sip *s)
{
	if (here == s)
		here = NULL;
	mem_free(s->admit);
	s->admit = NULL;
}

static uint64_t key_of(const struct sip *s, const su_sockaddr_t *a,
		       bool with_port)
{
	uint8_t text[18] = { 0 };
	size_t n = a->su_family == AF_INET6 ? 16 : 4;

	memcpy(text, SU_ADDR(a), n);
	if (with_port)
		memcpy(text + 16, &a->su_port, 2);
	return hash_key(s->seed ^ (uint64_t)with_port, text, sizeof(text)) | 1;
}

void sip_admit_known(struct sip *s, const su_sockaddr_t *from)
{
	uint64_t key = key_of(s, from, true);
	struct known *k = &s->admit->known[key >> 8 & (KNOWN_N - 1)];

	k->key = key;
	k->until_ms = net_now_ms(s->loop) + KNOWN_LIFE_MS;
}

bool sip_admit_is_known(const struct sip *s, const su_sockaddr_t *from)
{
	uint64_t key = key_of(s, from, true);
	const struct known *k = &s->admit->known[key >> 8 & (KNOWN_N - 1)];

	return k->key == key && k->until_ms > net_now_ms(s->loop);
}

/* A bucket that fills by the configured rate and holds twice as many. */
bool sip_admit_stranger(struct sip *s, const su_sockaddr_t *from)
{
	uint64_t key = key_of(s, from, false);
	struct stranger *b = &s->admit->strangers[key >> 8 & (STRANGERS_N - 1)];
	uint64_t rate = s->conf && s->conf->sip_stranger_rate ?
				s->conf->sip_stranger_rate : STRANGER_RATE;
	int64_t now = net_now_ms(s->loop);
	uint64_t max = 2000 * rate, left = max;

	if (b->key == key)
		left = b->left + (uint64_t)(now - b->at_ms) * rate;
	b->key = key;
	b->at_ms = now;
	if (left > max)
		left = max;
	b->left = (uint32_t)(left < 1000 ? left : left - 1000);
	if (left >= 1000)
		return true;
	s->counts.strangers++;
	return false;
}

/* ---- how far behind --------------------------------------------------- */

static void look(struct sip_admit *a, int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &n) < 0)
		return;
	a->backlog = info[SK_MEMINFO_RMEM_ALLOC];
	a->backlog_max = info[SK_MEMINFO_RCVBUF] / 2;
	if (a->backlog_max > BACKLOG_BYTES_MAX)
		a->backlog_max = BACKLOG_BYTES_MAX;
}

enum sip_load sip_admit_load(struct sip *s)
{
	const struct sip_admit *a = s->admit;
	int64_t max = s->conf && s->conf->sip_lag_ms_max ?
			      s->conf->sip_lag_ms_max : LAG_MS;
	int64_t lag = s->intake.lag_ms(s->intake.core);

	if (lag > max || (a->backlog_max && a->backlog > a->backlog_max))
		return SIP_LOAD_OVER;
	if (lag > max / 2 ||
	    (a->backlog_max && a->backlog > a->backlog_max / 2))
		return SIP_LOAD_HIGH;
	return SIP_LOAD_FINE;
}

bool sip_admit_is_over(struct sip *s, const su_sockaddr_t *from)
{
	enum sip_load load = sip_admit_load(s);

	return load == SIP_LOAD_OVER ||
	       (load == SIP_LOAD_HIGH && !sip_admit_is_known(s, from));
}

/* Refuses the datagram when it is a new request and too much. */
bool sip_admit_sheds(int fd, char *p, size_t n, const su_sockaddr_t *from)
{
	char out[SIP_HEAD_MAX];
	struct sip_dup_key key;
	struct sip *s = here;
	size_t out_n;

	if (!s)
		return false;
	if (s->admit->looks++ % LOOK_EVERY == 0)
		look(s->admit, fd);
	if (n < 8 || memcmp(p, "SIP/", 4) == 0 || memcmp(p, "ACK ", 4) == 0 ||
	    !sip_admit_is_over(s, from))
		return false;
	out_n = sip_busy_put(s, p, n, from, out, &key);
	if (!out_n || sip_dup_find(&s->dups, key, net_now_ms(s->loop)))
		return false; /* parsed, and refused or answered again */
	sendto(fd, out, out_n, MSG_DONTWAIT | MSG_NOSIGNAL, &from->su_sa,
	       from->su_family == AF_INET6 ? sizeof(from->su_sin6)
					   : sizeof(from->su_sin));
	s->counts.refused_busy++;
	s->counts.shed++;
	return true;
}

/* One line a second says what a flood would say a thousand times. */
void sip_admit_sweep(struct sip *s)
{
	uint64_t n = s->counts.refused_busy + s->counts.strangers;

	if (n == s->admit->told)
		return;
	log_warning(&s->log, "overload", F_N("refused", n - s->admit->told),
		    F_N("pending", s->pending_n),
		    F_N("backlog_bytes", s->admit->backlog),
		    F_N("lag_ms", s->intake.lag_ms(s->intake.core)));
	s->admit->told = n;
}
