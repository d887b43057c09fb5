/* gateway/ctl/dns.c: see dns.h. */
#include "gateway/ctl/dns.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_BYTES 8192

struct found {
	char *out;
	size_t size, n;
	unsigned records; /* of SRV, A, AAAA: each leads somewhere */
	unsigned dead;	  /* SRV targets without an address */
};

static void add(struct found *f, const char *text)
{
	int n = snprintf(f->out + f->n, f->size - f->n, "%s%s",
			 f->n ? ", " : "", text);

	if (n > 0 && f->n + (size_t)n < f->size)
		f->n += (size_t)n;
	else
		f->out[f->n] = '\0';
}

/* Bytes of the answer, or -1. */
static int ask(const char *name, int type, unsigned char *out)
{
	int n = res_query(name, ns_c_in, type, out, ANSWER_BYTES);

	return n > ANSWER_BYTES ? -1 : n;
}

static unsigned count(const char *name, int type)
{
	unsigned char answer[ANSWER_BYTES];
	int n = ask(name, type, answer), i;
	unsigned found = 0;
	ns_msg msg;
	ns_rr rr;

	if (n < 0 || ns_initparse(answer, n, &msg) < 0)
		return 0;
	for (i = 0; i < ns_msg_count(msg, ns_s_an); i++)
		if (ns_parserr(&msg, ns_s_an, i, &rr) == 0 &&
		    (int)ns_rr_type(rr) == type)
			found++;
	return found;
}

static bool has_address(const char *name)
{
	return count(name, ns_t_a) + count(name, ns_t_aaaa) > 0;
}

/* Each target of an SRV record must have an address. */
static void check_srv(struct found *f, const char *service, const char *domain)
{
	unsigned char answer[ANSWER_BYTES];
	char name[512], target[NS_MAXDNAME], text[NS_MAXDNAME + 64];
	ns_msg msg;
	ns_rr rr;
	int n, i;

	snprintf(name, sizeof(name), "%s.%s", service, domain);
	n = ask(name, ns_t_srv, answer);
	if (n < 0 || ns_initparse(answer, n, &msg) < 0)
		return;
	for (i = 0; i < ns_msg_count(msg, ns_s_an); i++) {
		if (ns_parserr(&msg, ns_s_an, i, &rr) < 0 ||
		    ns_rr_type(rr) != ns_t_srv || ns_rr_rdlen(rr) < 7 ||
		    dn_expand(ns_msg_base(msg), ns_msg_end(msg),
			      ns_rr_rdata(rr) + 6, target, sizeof(target)) < 0)
			continue;
		f->records++;
		snprintf(text, sizeof(text), "%s leads to %s:%u", service,
			 target, ns_get16(ns_rr_rdata(rr) + 4));
		add(f, text);
		if (has_address(target))
			continue;
		f->dead++;
		snprintf(text, sizeof(text), "%s HAS NO ADDRESS", target);
		add(f, text);
	}
}

bool dns_check_domain(const char *domain, char *detail_out, size_t size)
{
	static const char *const services[] = { "_sips._tcp", "_sip._tcp",
						"_sip._udp" };
	struct found f = { .out = detail_out, .size = size };
	char text[64];
	unsigned n;
	size_t i;

	detail_out[0] = '\0';
	res_init();
	n = count(domain, ns_t_naptr);
	if (n) {
		snprintf(text, sizeof(text), "%u NAPTR", n);
		add(&f, text);
	}
	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		check_srv(&f, services[i], domain);
	n = count(domain, ns_t_a) + count(domain, ns_t_aaaa);
	if (n) {
		snprintf(text, sizeof(text), "%u addresses of its own", n);
		add(&f, text);
	}
	f.records += n;
	if (!f.records)
		add(&f, "no SRV and no address: nobody can find it");
	return f.records > 0 && f.dead == 0;
}
