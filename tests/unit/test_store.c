/* tests/unit/test_store.c: the store on SQLite: what is its own beside the
 * contract (test_store_contract.c): group commit, laziness, limits, plans.
 */
#include "tests/unit/test_store.h"

static void test_commit_and_read(void **state)
{
	struct msg *m = make_msg("id1", "sip:alice@a.example",
				 "sip:bob@b.example", "hello", 11);
	struct todo t = make_todo(21, "user:sip:bob@b.example", m);
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct claim c = { .what = CLAIM_LANE, .lane = t.lane };
	struct got put = { 0 }, claim = { 0 };
	struct place p;

	(void)state;
	place_make(&p);
	place_open(&p, (struct store_options){ .is_alone = true });
	assert_int_equal(p.port.commit(p.port.self, w, 2, false, on_got, &put),
			 0);
	place_wait(&p, &put);
	assert_int_equal(put.err, STORE_OK);
	assert_int_equal(p.port.claim(p.port.self, &c, 2000, on_got, &claim),
			 0);
	place_wait(&p, &claim);
	assert_int_equal(claim.err, STORE_OK);
	assert_int_equal(claim.rows->todos_n, 1);
	assert_str(claim.rows->todos[0].msg->body.bytes, "hello");
	got_free(&claim);
	place_drop(&p);
	msg_put(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commit_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
