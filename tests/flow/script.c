/* tests/flow/script.c: lines and words of a scenario, and its tables. */
#include "tests/flow/script.h"

#include <stdlib.h>
#include <string.h>

bool script_line(struct script *s, char out[LINE_MAX_BYTES])
{
	char line[LINE_MAX_BYTES];

	while (fgets(line, sizeof(line), s->file)) {
		struct str t = str_trim(str_of(line));

		s->line++;
		if (t.n == 0 || t.p[0] == '#')
			continue;
		memcpy(out, t.p, t.n);
		out[t.n] = '\0';
		return true;
	}
	return false;
}

static char unescape(const char **p)
{
	char hex[3] = "";

	switch (*++*p) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'x':
		memcpy(hex, *p + 1, 2);
		*p += 2;
		return (char)strtol(hex, NULL, 16);
	default:
		return **p;
	}
}

void words_split(struct arena *a, const char *line, struct words *out)
{
	const char *p = line;

	out->n = 0;
	while (*p && out->n < WORDS_MAX) {
		char *word = arena_alloc(a, strlen(p) + 1);
		size_t n = 0;
		bool is_quoted = false;

		while (*p == ' ' || *p == '\t')
			p++;
		for (; *p && (is_quoted || (*p != ' ' && *p != '\t')); p++) {
			if (*p == '"')
				is_quoted = !is_quoted;
			else
				word[n++] = *p == '\\' ? unescape(&p) : *p;
		}
		word[n] = '\0';
		if (n)
			out->list[out->n++] = (struct str){ word, n };
	}
}

bool word_is(const struct words *w, size_t i, const char *text)
{
	return i < w->n && str_eq(w->list[i], str_of(text));
}

struct str word_of(const struct words *w, const char *key)
{
	size_t i, n = strlen(key);

	for (i = 0; i < w->n; i++)
		if (w->list[i].n > n && w->list[i].p[n] == '=' &&
		    str_starts(w->list[i], str_of(key)))
			return str_from(w->list[i], n + 1);
	return STR_NONE;
}

bool word_flag(const struct words *w, const char *flag)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (str_eq(w->list[i], str_of(flag)))
			return true;
	return false;
}

static uint64_t number(struct str s, uint64_t otherwise)
{
	return s.p ? strtoull(s.p, NULL, 10) : otherwise;
}

static struct str text(const struct words *w, const char *key)
{
	struct str s = word_of(w, key);

	return s.p ? s : STR("");
}

static void put_user(struct script *s, const struct addr *who,
		     const struct words *w)
{
	char md5[DIGEST_HEX_MAX + 1], sha[DIGEST_HEX_MAX + 1];
	struct user *u = user_new(who->text);

	digest_ha1(DIGEST_MD5, who->user, who->domain, STR("secret"), md5);
	digest_ha1(DIGEST_SHA256, who->user, who->domain, STR("secret"), sha);
	u->exists = true;
	u->login = who->user;
	u->ha1_md5 = arena_dup(u->arena, str_of(md5));
	u->ha1_sha256 = arena_dup(u->arena, str_of(sha));
	u->is_barred = word_flag(w, "barred");
	u->is_out_barred = word_flag(w, "out-barred");
	u->is_active = !word_flag(w, "inactive");
	u->has_offline_delivery = !word_flag(w, "no-offline");
	u->store_on_busy = word_flag(w, "store-on-busy");
	u->quota_count = (uint32_t)number(word_of(w, "quota"), 0);
	fake_store_put_user(s->world.store, u);
	user_put(u);
}

static void put_binding(struct script *s, const struct addr *who,
			const struct words *w)
{
	uint64_t life_s = number(word_of(w, "for"), 3600);
	struct binding b = {
		.contact = w->list[2], .params = text(w, "params"),
		.instance = text(w, "instance"),
		.reg_id = (uint32_t)number(word_of(w, "reg-id"), 0),
		.path = STR(""), .flow = STR(""),
		.user_agent = STR(""), .call_id = STR("c1"), .cseq = 1,
		.q_milli = (uint16_t)number(word_of(w, "q"), 1000),
		.is_plain = word_flag(w, "plain"),
		.expires_utc_us = s->world.utc_us + (int64_t)life_s * 1000000,
	};

	fake_store_put_binding(s->world.store, who->text, &b);
}

void script_table(struct script *s, const struct words *w)
{
	struct str uri = arena_printf(s->arena, "sip:%s", w->list[1].p);
	struct addr who;

	if (w->n < 2 || addr_from_uri_text(s->arena, uri, &who) < 0) {
		printf("# %s:%u: not an address\n", s->path, s->line);
		s->failed = true;
		return;
	}
	if (word_is(w, 0, "user"))
		put_user(s, &who, w);
	else
		put_binding(s, &who, w);
}
