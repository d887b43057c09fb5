#!/usr/bin/python3
"""Privileges (XEP-0356): Causeway asks for none, so no server sees a privileged
stanza, whether it offers the privilege or not; and an offer, whoever makes it,
is answered by nothing."""

import asyncio
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
from fixtures import mocked  # noqa: E402
from tap import test  # noqa: E402

ALICE = "sip:alice@xmpp.example"
OFFER = ("<privilege xmlns='urn:xmpp:privilege:2'><perm access='message' "
         "type='outgoing'/><perm access='roster' type='both'/></privilege>")


async def all_kinds(lab, words):
    """What a privilege would be used for: a message that a user sent from his
    SIP device, and what he is told of it."""
    answer = await lab.bob.say(ALICE, words, message_id="m-" + words)
    assert answer.code in (200, 202), answer.start
    await lab.mock.wait_body(words)
    lab.mock.say("bob@sip.example", "back " + words)
    await lab.bob.wait_text("back " + words)


def privileged(lab):
    return [s for s in lab.mock.stanzas for e in s.iter()
            if "privilege" in e.tag or "delegation" in e.tag or
            "forward" in e.tag]


@test("A server that announced no privilege sees no privileged request",
      "X-121")
async def none(lab):
    await all_kinds(lab, "unannounced")
    assert not privileged(lab)


@test("An offer of privileges is answered by nothing - whoever makes it",
      "X-121")
async def offered(lab):
    for sender in ("xmpp.example", "sip.example", "mallory@xmpp.example/x"):
        lab.mock.send("<message from='%s' to='sip.example' id='offer'>%s"
                      "</message>" % (sender, OFFER))
    await all_kinds(lab, "announced")
    await asyncio.sleep(0.5)
    assert not privileged(lab)
    assert not [s for s in lab.mock.stanzas if s.get("id") == "offer"]


if __name__ == "__main__":
    tap.main(__doc__, mocked)
