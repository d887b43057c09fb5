/* adapters/store/fold.c: see fold.h. */
#include "adapters/store/fold.h"

#include "core/model/addr.h"

/* By the rule XMPP itself uses; the domain is folded already. */
static int fold_user(struct arena *a, const struct addr *addr, struct str *out)
{
	struct buf text;
	struct jid j = { .domain = STR("x") };
	int err = jid_escape(a, addr->user, &j.local);

	if (err < 0)
		return err;
	buf_init(&text, JID_PART_MAX + 2);
	jid_put(&text, &j);
	err = text.err;
	if (err == 0)
		err = jid_prepare(a, buf_str(&text), &j);
	buf_free(&text);
	*out = j.local;
	return err;
}

static struct str fold_ascii(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t i;

	if (!p)
		return s;
	for (i = 0; i < s.n; i++)
		p[i] = (char)ch_lower((unsigned char)s.p[i]);
	return (struct str){ p, s.n };
}

struct str fold_address(struct arena *a, struct str aor)
{
	struct addr addr;
	struct str user;

	if (addr_from_uri_text(a, aor, &addr) < 0)
		return fold_ascii(a, aor);
	if (addr.kind != ADDR_USER)
		return aor;
	if (fold_user(a, &addr, &user) < 0)
		return fold_ascii(a, aor);
	return arena_printf(a, "%.*s@%.*s", STR_ARG(user),
			    STR_ARG(addr.domain));
}
