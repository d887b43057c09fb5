/* gateway/daemon/value.c: see value.h. */
#include "gateway/daemon/value.h"

#include <arpa/inet.h>
#include <string.h>

#include "adapters/sip/locate.h"
#include "core/base/utf8.h"
#include "core/route/pattern.h"
#include "core/route/rewrite.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define REWRITE_ARENA_BYTES 65536u

static const struct {
	const char *name;
	uint64_t ms;
} durations[] = {
	/* largest first */
	{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 },	   { "ms", 1 },
};

static const struct {
	const char *name;
	uint64_t bytes;
} sizes[] = {
	{ "G", 1ull << 30 },
	{ "M", 1ull << 20 },
	{ "K", 1ull << 10 },
	{ "", 1 },
};

/* Digits and the rest behind them. */
static bool number_front(struct str s, uint64_t *out, struct str *rest_out)
{
	size_t n = 0;

	while (n < s.n && ch_is_digit((unsigned char)s.p[n]))
		n++;
	*rest_out = str_from(s, n);
	return n > 0 && str_u64(str_sub(s, 0, n), out);
}

bool value_duration(struct str s, enum opt_unit unit, uint64_t *out)
{
	uint64_t v, per = unit == UNIT_S ? 1000 : 1, ms;
	struct str rest;
	size_t i;

	if (!number_front(s, &v, &rest))
		return false;
	if (v == 0 && rest.n == 0) {
		*out = 0;
		return true;
	}
	for (i = 0; i < COUNT_OF(durations); i++) {
		if (!str_eq(rest, str_of(durations[i].name)))
			continue;
		if (__builtin_mul_overflow(v, durations[i].ms, &ms) ||
		    ms % per != 0)
			return false;
		*out = ms / per;
		return true;
	}
	return false;
}

bool value_size(struct str s, uint64_t *out)
{
	struct str rest;
	uint64_t v;
	size_t i;

	if (!number_front(s, &v, &rest))
		return false;
	for (i = 0; i < COUNT_OF(sizes); i++)
		if (str_eq(rest, str_of(sizes[i].name)))
			return !__builtin_mul_overflow(v, sizes[i].bytes, out);
	return false;
}

bool value_bool(struct str s, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "yes", true },  { "no", false },  { "on", true },
		{ "off", false }, { "true", true }, { "false", false },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++) {
		if (!str_ieq(s, str_of(words[i].word)))
			continue;
		*out = words[i].value;
		return true;
	}
	return false;
}

void value_put_duration(struct buf *b, uint64_t v, enum opt_unit unit)
{
	uint64_t ms = v * (unit == UNIT_S ? 1000 : 1);
	size_t i;

	if (ms == 0) {
		buf_put_char(b, '0');
		return;
	}
	for (i = 0; ms % durations[i].ms != 0; i++)
		;
	buf_put_u64(b, ms / durations[i].ms);
	buf_put_str(b, str_of(durations[i].name));
}

void value_put_size(struct buf *b, uint64_t v)
{
	size_t i;

	if (v == 0) {
		buf_put_char(b, '0');
		return;
	}
	for (i = 0; v % sizes[i].bytes != 0; i++)
		;
	buf_put_u64(b, v / sizes[i].bytes);
	buf_put_str(b, str_of(sizes[i].name));
}

void value_put_text(struct buf *b, struct str s)
{
	size_t i;

	buf_put_char(b, '"');
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '$')
			buf_put_char(b, '\\');
		buf_put_char(b, s.p[i]);
	}
	buf_put_char(b, '"');
}

static bool is_address(struct str s, int *bits_out)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		*bits_out = 32;
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*bits_out = 128;
	else
		return false;
	return true;
}

static bool is_net(struct str s)
{
	size_t slash = str_find(s, '/');
	uint32_t n;
	int bits;

	if (!is_address(str_sub(s, 0, slash), &bits))
		return false;
	if (slash == s.n)
		return true;
	return str_u32(str_from(s, slash + 1), &n) && n <= (uint32_t)bits;
}

/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53" */
static bool is_server(struct str s)
{
	size_t colon = str_rfind(s, ':');
	uint32_t port;
	int bits;

	if (is_address(s, &bits))
		return true;
	if (colon == s.n || !str_u32(str_from(s, colon + 1), &port) || !port ||
	    port > 65535)
		return false;
	s = str_sub(s, 0, colon);
	if (str_starts(s, STR("[")) && str_ends(s, STR("]")))
		return is_address(str_sub(s, 1, s.n - 2), &bits) && bits == 128;
	return is_address(s, &bits) && bits == 32;
}

static bool all_of(struct str s, bool (*ok)(unsigned char c))
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ok((unsigned char)s.p[i]))
			return false;
	return true;
}

static bool is_word_char(unsigned char c)
{
	return ch_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

static bool is_host(struct str s)
{
	if (str_starts(s, STR("*.")))
		s = str_from(s, 2);
	return uri_host_ok(s);
}

static bool no_blanks(struct str s)
{
	return utf8_is_clean_line(s) && str_find(s, ' ') == s.n;
}

/* Core itself says what a template is, tried on somebody who has all that one
   can ask for. */
static bool is_rewrite(struct str s)
{
	static const struct addr sample = {
		.kind = ADDR_USER,
		.text = STR_LIT("sip:4912@sip.example"),
		.user = STR_LIT("4912"),
		.domain = STR_LIT("sip.example"),
	};
	struct arena *a = arena_new(REWRITE_ARENA_BYTES);
	struct addr made;
	bool ok = rewrite_addr(a, s, &sample, &made) == 0;

	arena_free(a);
	return ok;
}

static bool is_sip_uri(struct str s)
{
	struct uri u;

	return uri_parse(s, &u) == 0 &&
	       (u.scheme == URI_SIP || u.scheme == URI_SIPS);
}

bool value_form_ok(struct str s, enum opt_form form)
{
	struct dns_record target;
	int bits;

	switch (form) {
	case FORM_LINE:
		return utf8_is_clean_line(s);
	case FORM_WORD:
	case FORM_LINK:
	case FORM_PLAN:
		return s.n > 0 && s.n <= 64 && all_of(s, is_word_char);
	case FORM_HOST:
		return is_host(s);
	case FORM_ADDRESS:
		return is_address(s, &bits);
	case FORM_NET:
		return is_net(s);
	case FORM_SERVER:
		return is_server(s);
	case FORM_TARGET:
		return locate_target(s, &target);
	case FORM_PEER:
		return is_address(s, &bits) ||
		       (!str_starts(s, STR("*.")) && is_host(s));
	case FORM_DIGITS:
		return s.n > 0 && s.n <= 15 && all_of(s, ch_is_digit);
	case FORM_PATTERN:
		return s.n > 0 && s.n < PATTERN_BYTES_MAX && no_blanks(s);
	case FORM_REWRITE:
		return no_blanks(s) && is_rewrite(s);
	case FORM_URI:
		return is_sip_uri(s);
	}
	return false;
}

const char *value_form_text(enum opt_form form)
{
	switch (form) {
	case FORM_LINE:
		return "clean UTF-8 on one line";
	case FORM_WORD:
		return "letters, digits, '.', '_' and '-', at most 64";
	case FORM_HOST:
		return "a host name";
	case FORM_ADDRESS:
		return "a numeric IPv4 or IPv6 address";
	case FORM_NET:
		return "a numeric address, or a network such as 192.0.2.0/24";
	case FORM_SERVER:
		return "a numeric address, with :port unless it is 53";
	case FORM_TARGET:
		return "an address, and perhaps :port, priority and weight, "
		       "such as \"192.0.2.1:5060 10 60\"";
	case FORM_PEER:
		return "a numeric address or a host name";
	case FORM_DIGITS:
		return "digits, at most 15";
	case FORM_PATTERN:
		return "an address pattern such as \"*\" or \"tel:+49*\"";
	case FORM_REWRITE:
		return "an address with {user}, {domain} or {digits} to be "
		       "filled in";
	case FORM_URI:
		return "a SIP URI such as sip:edge.example;lr";
	case FORM_LINK:
		return "the name of a link block";
	case FORM_PLAN:
		return "the name of a number-plan block";
	}
	return "another form";
}

bool value_is_loopback(struct str address)
{
	return str_starts(address, STR("127.")) ||
	       str_eq(address, STR("::1")) ||
	       str_starts(address, STR("::ffff:127."));
}
