/* adapters/net/cert.h: what a certificate file says of itself, for the operator:
 * until when it holds, and whether the chain in it is one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/str.h"

struct net_cert {
	char subject[256], issuer[256];	/* "CN=sip.example" */
	char names[512];		/* alternative names, with commas */
	int64_t not_before_utc_s, not_after_utc_s;
	int chain_n;			/* certificates in the file */
	bool is_chain;			/* each is signed by the next */
	bool is_trusted;		/* this machine's authorities vouch for
					   it */
};

/* A PEM file, the certificate first. Reads the disk. */
int net_cert_look(struct str path, struct net_cert *out,
		  struct errtext *why) MUST_CHECK;
