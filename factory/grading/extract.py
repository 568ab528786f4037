"""Finds the program in a model's answer.

Promises: what it returns stood in the rollout: cut, taken out of its marks (a quote, HTML, JSON) and put together, but
never made up; in completion mode, behind the starter code. Chat answers may hold reasoning, prose, several blocks of
any kind, no marks at all, or end in the middle. It takes time in proportion to the text, whatever that is. Does not
promise a program that parses: that is the next filter's matter.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from factory.grading.blocks import Block, asides, fenced, indented, nested, quoted, tagged
from factory.grading.unfenced import unfenced, whole_part
from factory.languages import Language
from factory.languages.source import ODD_SPACE
from factory.records import Problem, Program, Rollout, reasoning
from factory.records.bounds import MAX_TEXT, Tries

_TURN_ENDS = (
    *("<|return|>", "<|end|>", "<|call|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "</s>"),
    *("<end_of_turn>", "<｜end▁of▁sentence｜>", "<|end_of_text|>", "<|END_OF_TURN_TOKEN|>", "<turn|>"),
)
_TURN_BEGINS = (
    "<|start_header_id|>assistant<|end_header_id|>",
    *("<|im_start|>assistant\n", "<start_of_turn>model\n", "<|assistant|>", "<|python_tag|>"),
)
_GLUED = re.compile(
    r"^([ \t>]{0,40}(?:`{3,}+|~{3,}+))(?=<\||<｜|</s>|<end_of_turn>|assistant(?:final|commentary|analysis))", re.M
)
"""A fence that the mark of a turn's end follows on its line."""
_NEXT_TURN = re.compile(
    r"(?<!['\"])(?:<\|(?:return|end|im_end|eot_id|end_of_text|endoftext)\|>|</s>|<end_of_turn>|<turn\|>)\s{0,9}"
    r"(?:<\|start\|>|<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|turn>|<\|)?(?:user|system|human)\b"
)
"""Where somebody else speaks: what comes then is no answer of the model."""
_MOST_ENDS = 8
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_ODD = ODD_SPACE.pattern
_MARGIN = re.compile(rf"^(?:[ \t]|{_ODD})++|(?<!{_ODD}){_ODD}++(?=\r?$)", re.MULTILINE)
_ATTRIBUTE = re.compile(r"[\w-]+=\S")
"""What else than code stands behind a fence's name: `title="a.py"`."""
_PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_SESSION = re.compile(r"^(?!>>>|\.\.\.)[^\n]*+\n?", re.MULTILINE)
"""Lines of an interpreter's session that are not typed in."""
_LAST_LINE = re.compile(r"(?:`{3,}|~{3,})[ \t]*$", re.MULTILINE)
"""A fence at the end of a line of code."""
_LINE = 200
"""Characters before a block that are searched for what is said of it."""
_BAD = r"(?:incorrect|wrong|buggy|broken|faulty|flawed|erroneous|naive but wrong)"
_CODE = r"(?:code|program|version|solution|implementation|attempt|approach|answer|example|function|way)"
_WRONG = re.compile(
    rf"\b(?:common|typical|frequent|classic|usual|popular) (?:mistake|error|pitfall|bug|trap)s?\b|\b{_BAD} {_CODE}\b"
    rf"|^(?:#+ |\W*)?{_BAD}\W*$|\b{_CODE} (?:below |here )?(?:is|would be) (?:{_BAD}|not correct)\b"
    r"|\b(?:do not|don't|never) (?:do|write|use|submit) (?:this|it like this|the following)\b"
    r"|\b(?:what|how) not to (?:do|write)\b|^\W{0,9}[❌🚫✗✘]",
    re.IGNORECASE,
)
_OUTDATED = re.compile(
    rf"^\W*(?:the |my |your )?(?:before|original|old|previous|initial)(?: {_CODE})?(?: was| is)?(?: ?\([^()]*\))?\W*$"
    r"|\b(?:would|will) (?:fail|break|not work|be wrong)\b|\b(?:fails|breaks|(?:does not|doesn't|won't) work)\b",
    re.IGNORECASE,
)
"""Of the last sentence before a block: it is the code that another block replaces."""
_LAST_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SAID_INSIDE = re.compile(rf"\s*(?:#|//)\W*(?:{_BAD}|bad|do not use|don't use)(?: {_CODE})?\W*(?:\n|$)", re.IGNORECASE)
"""A comment that a wrong program begins with."""
_RIGHT = re.compile(r"\b(?:fix|correct(?:ed|s|ing)?|instead|avoid|right|proper|works)\w*\b", re.IGNORECASE)
"""Then the line says how to do it, too: "To avoid this common mistake:"."""
_AROUND = 20
"""Blocks before and behind one that may hold what it needs."""


def extract(rollout: Rollout, problem: Problem, language: Language) -> Program:
    """The program in `rollout`, or None with the reason there is none."""
    if len(rollout.text) > MAX_TEXT:
        return Program(rollout.index, None, f"an answer of {len(rollout.text)} characters; at most {MAX_TEXT} are read")
    if rollout.mode == "code":
        code: str | None = rollout.text
    elif rollout.mode == "completion":
        code = language.completed(problem.starter_code, rollout.text, problem.entry_point)
    else:
        whole = rollout.finish_reason != "length" and (rollout.finish_reason is not None or rollout.text[-1:] == "\n")
        code = _by_any_name(rollout.text, problem, language, whole)
    if code is not None and code.strip():
        return Program(rollout.index, code)
    if not rollout.text.strip():
        return Program(rollout.index, None, "the answer is empty")
    cut = ", and was cut off" if rollout.finish_reason == "length" else ""
    return Program(rollout.index, None, f"no {language.name} program in the answer{cut}")


def _by_any_name(text: str, problem: Problem, language: Language, whole: bool) -> str | None:
    """The program in a chat answer under the first of its names that one has; else what is found by the first name."""
    tries, first = Tries(), None
    for number, name in enumerate(problem.entry_points):
        code = find(text, name, language, whole=whole, tries=tries)
        if code and (len(problem.entry_points) == 1 or (tries.afford(code) and language.solves(code, name))):
            return code
        first = code if number == 0 else first
    return first


def find(
    text: str, entry_point: str | None, language: Language, *, whole: bool = True, tries: Tries | None = None
) -> str | None:
    """The program in a chat answer; with `entry_point` None one that reads standard input.

    Of all blocks that do what is asked the last, with what it needs of the others. Where none does, the last that
    looks as if it were meant to. `whole`: a block that the text ends in was finished. `tries` is what may still be
    parsed.
    """
    tries = tries or Tries()
    answer = _answer(text, language, tries)
    blocks = list(fenced(answer))
    if code := _solving(answer, blocks, entry_point, language, whole, tries):
        return code
    loose = unfenced(answer, entry_point, language, tries)
    meant = any(language.defines(block.code, entry_point) for block in blocks)  # and is broken, which stays so
    if not meant and (code := _unmarked(answer, loose, entry_point, language, tries)):
        return code
    return _meant(blocks, loose, entry_point, language)


def _answer(text: str, language: Language, tries: Tries) -> str:
    """`text` without thoughts, the marks of a turn's end, and a fence's name of which the prompt had the fence."""
    text = _GLUED.sub(r"\1\n", text)
    turn = _NEXT_TURN.search(text)
    if turn and text[: turn.start()].strip():
        text = text[: turn.start()]
    if "```" in text or "~~~" in text or not (tries.afford(text) and language.looks_like(text)):
        _, text = reasoning.split(text)
    for _ in range(_MOST_ENDS):
        ended = next((end for end in _TURN_ENDS if text.rstrip().endswith(end)), None)
        if ended is None:
            break
        text = text.rstrip().removesuffix(ended)
    for begin in _TURN_BEGINS:
        text = text.lstrip().removeprefix(begin) if text.lstrip().startswith(begin) else text
    first, _, rest = text.lstrip("\ufeff \t\r\n").partition("\n")
    return rest if first.strip().lower() in language.fences else text.lstrip("\ufeff")


def _solving(
    answer: str, blocks: list[Block], entry_point: str | None, language: Language, whole: bool, tries: Tries
) -> str | None:
    """The last block that does what is asked, those that are marked as the answer may be before others."""
    beside = (Block("", code, True, end=end) for code, end in _prompt_opened(answer, blocks))
    places: list[tuple[Block, int | None]] = [(block, at) for at, block in enumerate(blocks)]
    places += [(block, None) for block in (*beside, *nested(blocks), *tagged(answer), *quoted(answer))]
    aside = asides(answer)
    places.sort(
        key=lambda place: (
            _is_marked(place[0], language, whole),
            _is_meant(answer, place[0]) and not aside(place[0].end),
            place[0].end,
        )
    )
    for block, at in reversed(places):
        for code in _readings(block, language):
            if tries.afford(code) and language.solves(code, entry_point):
                return language.joined(code, _nearest_first(blocks, at))
        if entry_point is None and at is not None:
            others = _nearest_first(blocks, at)
            if tries.afford("".join((block.code, *others))):
                code = language.joined(block.code, others)
                if code != block.code and language.solves(code, None):
                    return code
    return None


def _is_marked(block: Block, language: Language, whole: bool) -> bool:
    """Whether it may be the answer by its marks; else it is an aside: named as another language, or not finished."""
    return (not block.info or block.info in language.fences) and (block.closed or whole)


def _is_meant(answer: str, block: Block) -> bool:
    """Whether neither the line before it nor its first one calls it wrong, as in "A common mistake is:"."""
    if _SAID_INSIDE.match(block.code):
        return False
    before = answer[max(block.start - _LINE, 0) : block.start].rstrip().rpartition("\n")[2].strip()
    labels = before.endswith((":", "**", ".", "!")) or before.startswith(("#", "❌"))
    last = _LAST_SENTENCE.split(before)[-1]
    wrong = _WRONG.search(before) or _OUTDATED.search(last)
    return not (labels and wrong and not _RIGHT.search(before))


def _prompt_opened(answer: str, blocks: list[Block]) -> Iterator[tuple[str, int]]:
    """What stands before the first fence, if that has no name: it may close one that the prompt opened."""
    if blocks and not blocks[0].line:
        yield answer[: blocks[0].start], blocks[0].start


def _nearest_first(blocks: list[Block], at: int | None) -> list[str]:
    """The code of those blocks around the one at `at` that come before it, the nearest first, then of those behind."""
    if at is None:
        at = len(blocks)
    return [block.code for block in (*reversed(blocks[max(at - _AROUND, 0) : at]), *blocks[at + 1 : at + _AROUND])]


def _readings(block: Block, language: Language) -> Iterator[str]:
    """What the code of a block may be, likeliest first: as it stands, then without what marks and editors put in."""
    for code in (*_with_its_line(block, language), *block.wider):
        yield from _spaced(code)
        if code[:1] in (" ", "\t", "\n"):
            yield textwrap.dedent(code)
        if _PROMPT.match(code):
            yield _PROMPT.sub("", _SESSION.sub("", code))
    if not block.closed and (end := _LAST_LINE.search(block.code)):
        yield block.code[: end.start()]


def _with_its_line(block: Block, language: Language) -> Iterator[str]:
    """Its code, with code on the line that opens it, too."""
    first, _, rest = block.code.partition("\n")
    code = rest if first.strip().lower() in language.fences else block.code.lstrip("\ufeff")
    named = block.line[len(block.info) :].strip() if block.line.lower().startswith(block.info) else ""
    if named and language.opening.match(named) and not _ATTRIBUTE.match(named):
        yield f"{named}\n{code}"
    yield code
    for line in (named, block.line):
        if line != block.info and language.opening.match(line):
            yield f"{line}\n{code}"


def _spaced(code: str) -> Iterator[str]:
    """`code` as it stands, and with ordinary blanks: at the margins of its lines, then everywhere."""
    yield code
    if ODD_SPACE.search(code):
        yield _MARGIN.sub(_plain, code)
        yield _plain(code)


def _plain(code: str | re.Match[str]) -> str:
    """`code` with ordinary blanks for those of other kinds, and nothing for what has no width."""
    return ODD_SPACE.sub(" ", _ZERO_WIDTH.sub("", code if isinstance(code, str) else code[0]))


def _unmarked(answer: str, loose: str | None, entry_point: str | None, language: Language, tries: Tries) -> str | None:
    """`loose`, at the margin, if it does what is asked; else, where nothing is at the margin, such indented lines."""
    if loose is None:
        others = (unfenced(text, entry_point, language, tries) for text in list(_spaced(answer))[1:])
        loose = next((other for other in others if other is not None), None)
    if loose is not None:
        return loose if tries.afford(loose) and language.solves(loose, entry_point) else None
    for block in reversed(list(indented(answer))):
        name, _, rest = block.code.strip().partition(" ")
        for code in _spaced(rest if name.lower() in language.fences else textwrap.dedent(block.code)):
            if tries.afford(code) and language.solves(code, entry_point):
                return code
    return None


def _meant(blocks: list[Block], loose: str | None, entry_point: str | None, language: Language) -> str | None:
    """A program without marks; or the block that comes nearest to one."""
    own = [block for block in blocks if block.info in language.fences]
    untagged = [block for block in blocks if not block.info]
    for usable in (own, untagged, blocks):
        if defining := [block for block in usable if language.defines(block.code, entry_point)]:
            return _last(defining, entry_point, language)
    if loose is not None and (not blocks or language.defines(loose, entry_point)):
        return loose
    usable = own or untagged
    return _last(usable if entry_point is None else usable[:1], entry_point, language) if usable else None


def _last(blocks: list[Block], entry_point: str | None, language: Language) -> str:
    """The last of several programs: it corrects those before it. One that was cut off only where no other is."""
    last = ([block for block in blocks if block.closed] or blocks)[-1]
    return last.code if last.closed or entry_point is None else whole_part(last.code, entry_point, language)
