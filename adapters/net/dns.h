/* adapters/net/dns.h: DNS messages, bytes to structs and back; pure. Only what
 * finding a SIP server needs: questions of one name, and answers of A, AAAA,
 * SRV and NAPTR records behind at most a few aliases.
 * [RFC 1035 4, RFC 2782, RFC 3403 4, RFC 3596, RFC 6891]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/str.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_NAPTR = 35,
	DNS_OPT = 41,
};

enum {
	DNS_NAME_MAX = 254,    /* text of a name with its NUL */
	DNS_RECORDS_MAX = 32,  /* of one answer that are read; ours */
	DNS_ALIASES_MAX = 8,   /* CNAMEs that are followed; ours */
	DNS_QUERY_MAX = 300,   /* bytes of a question */
	DNS_UDP_MAX = 1232,    /* answer over UDP [DNS flag day 2020] */
};

/* What a question came to. */
enum dns_status {
	DNS_OK,	       /* records */
	DNS_NO_DATA,   /* the name is there, such records are not */
	DNS_NO_NAME,   /* NXDOMAIN */
	DNS_FAILED,    /* no server gave a usable answer */
	DNS_ALIAS,     /* ask again for .alias */
	DNS_TRUNCATED, /* ask again over TCP */
};

struct dns_record {
	uint8_t ip[16];		  /* A: the first four */
	uint16_t order, weight;	  /* NAPTR order, preference; SRV priority,
				     weight */
	uint16_t port;		  /* SRV */
	char flags, has_regexp;	  /* NAPTR: one letter in lower case, 0: none */
	char service[24];	  /* NAPTR: upper case */
	char target[DNS_NAME_MAX]; /* SRV target, NAPTR replacement: lower
				      case, "" for the root */
};

struct dns_answer {
	enum dns_status status;
	uint32_t ttl_s;		     /* least of what it was made of */
	char alias[DNS_NAME_MAX];
	size_t records_n;
	struct dns_record records[]; /* room for DNS_RECORDS_MAX when parsed */
};

/* Bytes of an answer with n records. */
static inline size_t dns_answer_size(size_t n)
{
	return sizeof(struct dns_answer) + n * sizeof(struct dns_record);
}

/* A host name as DNS has it: labels of letters, digits, '-' and '_'. */
bool dns_name_ok(struct str name);

/* The question into out; its length, or ERR_SYNTAX for what is no name. */
int dns_put_query(uint8_t out[DNS_QUERY_MAX], uint16_t id, struct str name,
		  enum dns_type type);

/* out must hold DNS_RECORDS_MAX records. ERR_DECLINED: not the answer to this
   question (wrong id, name or type): wait on. ERR_SYNTAX: it is, but broken. */
int dns_parse(const void *bytes, size_t n, uint16_t id, struct str name,
	      enum dns_type type, struct dns_answer *out) MUST_CHECK;
