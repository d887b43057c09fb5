/* tests/unit/test_contract_sip.c: the SIP adapter keeps the adapters' contract,
 * towards registered contacts and over a link to another server.
 */
#include "tests/unit/sip_side.h"

#include "core/base/mem.h"

static int setup_clients(void **state)
{
	struct sip_side *s = sip_side_new(SIDE_TRUSTED);

	s->is_echo = true;
	*state = s;
	return 0;
}

static int setup_peer(void **state)
{
	struct sip_side *s = sip_side_new(SIDE_TRUSTED | SIDE_PEER);

	s->is_echo = true;
	s->contract.link = 7;
	s->contract.window = SIP_SIDE_WINDOW;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	sip_side_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest clients[] = {
		CONTRACT_TESTS(setup_clients, teardown),
	};
	const struct CMUnitTest peer[] = {
		CONTRACT_TESTS(setup_peer, teardown),
	};
	int rc = cmocka_run_group_tests_name("clients", clients, NULL, NULL);

	return rc + cmocka_run_group_tests_name("peer", peer, NULL, NULL);
}
