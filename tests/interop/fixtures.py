"""What most test programs start from: Prosody, the daemon, users on both
sides. Each gives a Lab with the things as attributes."""

import contextlib

import ejabberd
from lab import (SIP_DOMAIN, Lab, Process, policy, sip_config, xmpp_config)
from mock_xmpp import MockXmpp

# Retries are waited for in seconds here, not in minutes.
QUICK = policy(retry_link_min="200ms", retry_link_max="1s",
               retry_user="{1s, 1s, 1s}", no_answer="3s")


def tail_of(lab):
    return "\n".join("%s:\n%s" % (t.name, t.tail(30)) for t in lab.things
                     if isinstance(t, Process))


@contextlib.asynccontextmanager
async def pair(build, config="", xmpp=("alice", "anna"), link_more="",
               domain_more="", listeners=("udp", "tcp"), policy_text=QUICK,
               on_ejabberd=False):
    """lab.prosody_ (or ejabberd in its place), lab.node, lab.bob (UDP),
    lab.carol (TCP), lab.alice."""
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.prosody_ = await (ejabberd.start(lab, users=xmpp) if on_ejabberd
                              else lab.prosody(users=xmpp))
        lab.node = await lab.causewayd(
            sip_config() + xmpp_config(
                lab.prosody_.component, lab.prosody_.secrets[SIP_DOMAIN],
                link_more=link_more, domain_more=domain_more) +
            policy_text + config, listeners=listeners)
        lab.bob = await lab.sip_user(lab.node, "bob", display="Bob Builder")
        lab.carol = await lab.sip_user(lab.node, "carol",
                                       transport="tcp")
        lab.alice = await lab.xmpp_user(lab.prosody_, "alice", "tablet")
        yield lab


@contextlib.asynccontextmanager
async def mocked(build, config="", link_more="", domain_more="",
                 policy_text=QUICK):
    """lab.mock in place of Prosody: says to us whatever a test wishes."""
    async with Lab(build) as lab:
        lab.tail = lambda: tail_of(lab)
        lab.mock = lab.own(MockXmpp(lab.ports.take(), SIP_DOMAIN, "s3cret"))
        await lab.mock.start()
        lab.node = await lab.causewayd(
            sip_config() + xmpp_config(lab.mock.port, "s3cret",
                                       link_more=link_more,
                                       domain_more=domain_more) +
            policy_text + config, listeners=("udp", "tcp"))
        lab.bob = await lab.sip_user(lab.node, "bob")
        yield lab


class Nothing:
    def __init__(self, build):
        self.build = build


@contextlib.asynccontextmanager
async def nothing(build):
    """For tests that each make a laboratory of their own."""
    yield Nothing(build)
