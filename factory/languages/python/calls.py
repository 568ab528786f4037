"""A case's call as text: what crosses into the sandbox, and by which equal calls are recognised."""

from __future__ import annotations

import json

from factory.records import Case


def call_text(case: Case) -> str:
    """A call case's arguments as the tagged JSON text of [args, kwargs]."""
    return json.dumps([case.args, case.kwargs])
