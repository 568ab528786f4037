"""How many requests an endpoint gets at once, and for how long it is waited for: one pace for all of an engine's.

A rate that a 429 cuts and time raises again (additive increase, multiplicative decrease: Chiu and Jain 1989), a window
of open requests that failures halve and answers widen (as TCP does: RFC 5681), a pause of all requests after each
trouble, and one clock of patience. Promises: when one request is asked to slow down, all do; the first requests go
first; trouble, and its end, are said on one line each; without an answer for `patience_s` all of them end. Does not
promise the pace that an endpoint allows, only to come near it.

No library fits: tenacity and the `openai` client wait for each request alone, aiolimiter keeps a rate that is known.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from factory.errors import EngineError

QUIET_S = 10.0
"""Seconds without an answer after which that is said; then after twice as many, and so on."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
"""Of the pauses that double where an endpoint does not say how long it wants."""
_CUT, _RISE = 0.7, 0.04
"""What a 429 leaves of the rate, and how much of the rate that was cut comes back each second."""
_GUESS = 1.5
"""By how much each answer raises a rate that was cut before there were answers to measure it by."""
_SHORTEST_ASKED_S = 1.0
"""Where it does, and asks for any."""
_AT_ONCE_PER_S = 5.0
"""Requests a second, at least, where an endpoint asks for no pause at all (`Retry-After: 0`): it may turn most of them
away whatever their rate. Of one that answers one in five, 5 a second bring 0.9 answers, and a rate cut each time 0.2.
"""
_SAY_AGAIN_S, _SAY_ANOTHER_S = 60.0, 5.0
"""Seconds between two lines on the same trouble, and on another."""


class Pace:
    """The pace of requests to `place`, of which at most `most` are open; `say` gets the lines for the user."""

    def __init__(self, place: str, most: int, patience_s: float, say: Callable[[str], None]) -> None:
        self._place, self._most, self._patience_s, self._say = place, most, patience_s, say
        self._window = float(most)
        self._rate = _Rate()
        self._open = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._pause_s = _FIRST_PAUSE_S
        self._not_before = self._slowed = 0.0
        self._wake_up: asyncio.TimerHandle | None = None
        self._trouble: float | None = None
        """When the first failure came that no answer followed yet."""
        self._said, self._said_reason, self._in_trouble = -_SAY_AGAIN_S, "", False
        self._heard = 0.0
        """When anything came from the endpoint, or the first of the open requests was sent."""
        self._quiet_s = QUIET_S
        self.failure: EngineError | None = None
        self.answers = 0
        """Answers so far, refusals among them."""

    # ---- turns ----

    def ticket(self) -> int:
        """A place in the queue: lower ones go first, also when they have to ask again."""
        return next(self._numbers)

    @asynccontextmanager
    async def turn(self, ticket: int) -> AsyncIterator[float]:
        """A request may be open inside; gives when it began. Raises EngineError when patience is at an end."""
        await self._admitted(ticket)
        try:
            yield time.monotonic()
        finally:
            self._leave()

    async def _admitted(self, ticket: int) -> None:
        if self.failure is not None:
            raise self.failure
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (ticket, next(self._numbers), waiter))
        self._admit()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._leave()  # it was let in, and goes without having come
            raise

    def _admit(self) -> None:
        """Let in those whose turn it is."""
        self._wake_up = None
        now = time.monotonic()
        while self._waiting and self._open < max(int(self._window), 1):
            begin = max(self._not_before, self._rate.next_at)
            if now < begin:
                self._wake_at(begin - now)
                return
            _, _, waiter = heapq.heappop(self._waiting)
            if not waiter.done():
                if not self._open:
                    self._heard = now
                self._open += 1
                self._rate.sent(now)
                waiter.set_result(None)

    def _wake_at(self, seconds: float) -> None:
        if self._wake_up is not None:
            self._wake_up.cancel()
        self._wake_up = asyncio.get_running_loop().call_later(seconds, self._admit)

    def _leave(self) -> None:
        self._open -= 1
        self._admit()

    # ---- what came of them ----

    def answered(self, sent: float) -> None:
        """A request that was sent at `sent` has got an answer, be it a refusal."""
        self.answers += 1
        self._heard = time.monotonic()
        self._rate.answered(self._heard)
        if self._in_trouble and sent >= self._slowed:
            self._in_trouble = False
            if self._trouble is not None and self._heard - self._trouble >= QUIET_S:
                self._say(f"{self._place}: answers again, after {self._heard - self._trouble:.0f} s")
        self._trouble = None
        if sent >= self._slowed:
            self._pause_s = max(self._pause_s / 2, _FIRST_PAUSE_S)
        self._window = min(self._window + 1.0, float(self._most))

    def busy(self, sent: float, reason: str, after_s: float | None = None) -> None:
        """The endpoint has too much to do (429), and asks for `after_s` seconds of rest where it says how many."""
        now = time.monotonic()
        if sent >= self._slowed:  # of those sent before the last time, it is known already
            self._rate.cut(now, least=1 / _LONGEST_PAUSE_S if after_s != 0 else _AT_ONCE_PER_S)
            self._slowed = now
        asked_s = max(after_s, _SHORTEST_ASKED_S) if after_s else self._rate.pause_s
        self._rest(now, asked_s, reason, after_s)

    def away(self, sent: float, reason: str, after_s: float | None = None) -> None:
        """The endpoint does not answer, or not as it should (5xx, no connection); it may come back as it was."""
        now = time.monotonic()
        if sent >= self._slowed:
            self._window = max(self._window / 2, 1.0)
            self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
            self._slowed = now
        self._rest(now, max(self._pause_s, after_s or 0.0), reason, after_s)

    def _rest(self, now: float, rest_s: float, reason: str, after_s: float | None) -> None:
        """Send nothing for `rest_s`, unless patience is at an end."""
        self._heard = now
        self._trouble = self._trouble or now
        end = self._trouble + self._patience_s
        if now >= end or (after_s or 0.0) > end - now:
            self._give_up(reason, after_s)
            return
        self._not_before = max(self._not_before, min(now + rest_s * random.uniform(1.0, 1.1), end))
        self._say_trouble(now, reason)

    def _say_trouble(self, now: float, reason: str) -> None:
        """One line on trouble that is new, or has gone on for long."""
        self._in_trouble = True
        if now - self._said < (_SAY_AGAIN_S if reason == self._said_reason else _SAY_ANOTHER_S):
            return
        self._said, self._said_reason = now, reason
        wait_s, most = self._not_before - now, int(self._window)
        self._say(
            f"{self._place}: {reason}; goes on in {wait_s:.1f} s, with at most {most} open and {self._rate}; "
            f"waits up to {self._patience_s:,.0f} s for an answer (engine.patience_s)"
        )

    def _give_up(self, reason: str, after_s: float | None) -> None:
        asked = f", and asks to wait {after_s:,.0f} s" if after_s else ""
        self.failure = EngineError(
            f"{self._place}: {reason}{asked}; no answer within engine.patience_s ({self._patience_s:,.0f} s); "
            "what came is kept: run again to go on"
        )
        for _, _, waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(self.failure)
        self._waiting.clear()

    # ---- silence ----

    async def watch(self) -> None:
        """Say when nothing has come for long, until cancelled."""
        while True:
            await asyncio.sleep(QUIET_S / 10)
            quiet_s = time.monotonic() - self._heard
            if self._open and quiet_s >= self._quiet_s * 0.9:
                self._quiet_s *= 2
                self._say(f"{self._place}: no answer for {quiet_s:.0f} s; {self._open} request(s) are open")


class _Rate:
    """Requests a second: as many as there are, until an endpoint first says that it is too many."""

    def __init__(self) -> None:
        self.next_at = 0.0
        """When the next request may be sent."""
        self._per_s = self._cut_from = math.inf
        self._since = self._risen = 0.0
        self._answers = 0
        """Since the rate was cut last."""
        self._is_guess = False
        """Whether nothing is known but that it is below some rate."""

    def __str__(self) -> str:
        return "no limit of them" if math.isinf(self._per_s) else f"{self._per_s:,.2f} a second"

    @property
    def pause_s(self) -> float:
        return 1 / self._per_s

    def sent(self, now: float) -> None:
        self._since = self._since or now
        self.next_at = max(now, self.next_at) + 1 / self._per_s

    def answered(self, now: float) -> None:
        self._answers += 1
        if self._is_guess:
            self._per_s *= _GUESS
        elif not math.isinf(self._per_s):
            self._per_s += _RISE * self._cut_from * (now - self._risen)
            self._risen = now

    def cut(self, now: float, least: float) -> None:
        """Too many: fewer than were answered since the last time; half, where none was; but no fewer than `least`."""
        if self._answers:
            found = min(self._per_s, self._answers / max(now - self._since, 1e-3)) * _CUT
        else:
            found = 1.0 if math.isinf(self._per_s) else self._per_s / 2
        self._is_guess = not self._answers
        self._cut_from = self._per_s if not math.isinf(self._per_s) else found
        self._per_s = max(found, least)
        self._since = self._risen = now
        self._answers = 0
        self.next_at = now
