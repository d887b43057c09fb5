/* tests/unit/test_user.c: a user's snapshot, packed. */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/model/user.h"

static struct binding make_binding(const char *contact)
{
	return (struct binding){
		.contact = str_of(contact),
		.params = STR("+g.oma.sip-im;expires=3600"),
		.instance = STR("<urn:uuid:00000000-0000-1000-8000-AABBCC>"),
		.reg_id = 1,
		.q_milli = 700,
		.call_id = STR("843817637684230@998sdasdh09"),
		.cseq = 1826,
		.path = STR(""),
		.flow = STR("tcp 192.0.2.1 40123"),
		.user_agent = STR("device/1.0"),
		.expires_utc_us = 12345,
		.is_plain = true,
	};
}

static struct user *make_user(struct binding *bindings, size_t n)
{
	struct user *u = user_new(STR("sip:alice@sip.example"));

	u->exists = true;
	u->login = STR("alice");
	u->ha1_md5 = STR("0123456789abcdef0123456789abcdef");
	u->ha1_sha256 = STR("0123456789abcdef0123456789abcdef"
			    "0123456789abcdef0123456789abcdef");
	u->profile = STR("profile 1\n");
	u->quota_count = 7;
	u->backlog_count = 3;
	u->bindings = bindings;
	u->bindings_n = n;
	return u;
}

static void assert_slice(struct str a, struct str b)
{
	assert_int_equal(a.n, b.n);
	assert_int_equal(a.p == NULL, b.p == NULL);
	assert_true(str_eq(a, b));
}

static void test_packed_is_the_same(void **state)
{
	struct binding b[2] = { make_binding("sip:alice@192.0.2.1:5060"),
				make_binding("sip:alice@192.0.2.2:5060") };
	struct user *u = make_user(b, 2), *p = user_pack(u);
	size_t i;

	(void)state;
	user_put(u);	/* nothing of it is needed any more */
	memset(b, 0xff, sizeof(b));
	assert_true(p->exists);
	assert_null(p->arena);
	assert_slice(p->aor, STR("sip:alice@sip.example"));
	assert_slice(p->login, STR("alice"));
	assert_null(p->display.p);	/* absent stays absent */
	assert_slice(p->ha1_md5, STR("0123456789abcdef0123456789abcdef"));
	assert_slice(p->profile, STR("profile 1\n"));
	assert_int_equal(p->quota_count, 7);
	assert_int_equal(p->backlog_count, 3);
	assert_true(p->is_active && p->has_offline_delivery);
	assert_int_equal(p->bindings_n, 2);
	for (i = 0; i < 2; i++) {
		struct binding like = make_binding(
			i ? "sip:alice@192.0.2.2:5060" :
			    "sip:alice@192.0.2.1:5060");
		const struct binding *it = &p->bindings[i];

		assert_slice(it->contact, like.contact);
		assert_slice(it->params, like.params);
		assert_slice(it->instance, like.instance);
		assert_slice(it->call_id, like.call_id);
		assert_slice(it->path, like.path);
		assert_slice(it->flow, like.flow);
		assert_slice(it->user_agent, like.user_agent);
		assert_int_equal(it->reg_id, 1);
		assert_int_equal(it->q_milli, 700);
		assert_int_equal(it->cseq, 1826);
		assert_int_equal(it->expires_utc_us, 12345);
		assert_true(it->is_plain);
	}
	user_put(p);
}

/* A million of them are held: a user with one binding stays below 1 KiB, his
   place in the tables of the cache (some 200 bytes) counted. */
static void test_packed_is_small(void **state)
{
	struct binding b = make_binding("sip:alice@192.0.2.1:5060");
	struct user *u = make_user(&b, 1), *p = user_pack(u);

	(void)state;
	assert_true(user_bytes(p) < 1024 - 200);
	/* what an arena holds counts whole, used or not */
	assert_true(user_bytes(u) > 2000);
	user_put(u);
	user_put(p);
}

static void test_packed_nobody(void **state)
{
	struct user *u = user_new(STR("sip:x@y")), *p = user_pack(u);

	(void)state;
	user_put(u);
	assert_false(p->exists);
	assert_slice(p->aor, STR("sip:x@y"));
	assert_int_equal(p->bindings_n, 0);
	user_put(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_packed_is_the_same),
		TEST(test_packed_is_small),
		TEST(test_packed_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
