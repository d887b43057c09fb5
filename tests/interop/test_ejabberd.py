#!/usr/bin/python3
"""The main job once more, with ejabberd in Prosody's place: every test of
page-mode messages and of questions runs as it stands there."""

import functools
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import tap  # noqa: E402
import test_iq  # noqa: E402,F401
import test_page  # noqa: E402,F401
from fixtures import pair  # noqa: E402

on_ejabberd = functools.partial(pair, on_ejabberd=True)

if __name__ == "__main__":
    tap.main(__doc__, on_ejabberd)
