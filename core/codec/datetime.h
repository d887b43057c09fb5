/* core/codec/datetime.h: stamps between text and microseconds since 1970-01-01
 * UTC, without the C library's clock or time zone. Years 1970..9999.
 *
 *   "2026-11-21T00:20:00.5+01:00"  ->  RFC 3339 (CPIM, IMDN, XEP-0203)
 *   "Sat, 21 Nov 2026 00:20:00 GMT"  ->  SIP Date [RFC 3261 20.17]
 */
#pragma once

#include "core/base/err.h"
#include "core/base/str.h"

enum { DATETIME_MAX = 32 };		/* bytes of any form with its NUL */

int datetime_parse_3339(struct str s, int64_t *utc_us_out) MUST_CHECK;
int datetime_parse_sip(struct str s, int64_t *utc_us_out) MUST_CHECK;

/* "2026-11-21T00:20:00Z", or with ".123Z" when the ms are not zero. */
struct str datetime_put_3339(int64_t utc_us, char out[DATETIME_MAX]);
/* Always with milliseconds: log lines and the accounting file. */
struct str datetime_put_ms(int64_t utc_us, char out[DATETIME_MAX]);
struct str datetime_put_sip(int64_t utc_us, char out[DATETIME_MAX]);
