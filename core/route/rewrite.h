/* core/route/rewrite.h: addresses made from a template of the configuration.
 *
 *   "{user}@im.example"      sip:bob@sip.example -> sip:bob@im.example
 *   "tel:+{digits}"          sip:+4915112@x      -> tel:+4915112
 *   "{user}@{domain}.gw.example", "+49{digits}@sms.example"
 *
 * {user}    the user part, or the digits of a number with "+"
 * {domain}  the domain; behind the "@" only
 * {digits}  the digits of a number without "+", or a user part that is digits
 * Values are escaped where they are put in, and the result must parse as an
 * address: no text of a stranger becomes part of an address's structure.
 */
#pragma once

#include "core/model/addr.h"

/* Strings in the arena. Display name, instance and is_secure are kept.
   ERR_DECLINED: the address has no such value (a number has no domain);
   ERR_SYNTAX: no such template, or the result is no address; ERR_LIMIT. */
int rewrite_addr(struct arena *a, struct str template_text,
		 const struct addr *addr, struct addr *out) MUST_CHECK;
