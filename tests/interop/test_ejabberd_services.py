#!/usr/bin/python3
"""What the gateway does beside messages, with ejabberd in Prosody's place."""

import functools
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
import test_services  # noqa: E402

if __name__ == "__main__":
    tap.main(__doc__, functools.partial(test_services.fixture,
                                        on_ejabberd=True))
