"""Prompts: Jinja templates filled with what the model may know of a problem.

Promises: of a problem's cases only the public ones ever reach a template; the same problem gives the same
text, wherever it is rendered; a template's hash, which every record carries, is that of its own text. In
completion mode the prompt ends in the starter code, so that starter code + answer is the program.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from factory.config import SamplingConfig
from factory.errors import ConfigError
from factory.languages import Language
from factory.languages.python.literals import arguments, literal
from factory.records import Case, Message, Problem, Request, sha256
from factory.records.values import decode

TEMPLATES = Path(__file__).parent / "templates"


PYTHON_CHAT, PYTHON_COMPLETION = "python_chat", "python_completion"
TASK = "task"
"""What shards ask where they do not repeat what a model was asked; no model is sent it."""


_EXAMPLES = 4


_EXAMPLE_CHARS = 400
"""A longer example teaches a model nothing; it is left out."""


def python_request(problem: Problem, indices: range, sampling: SamplingConfig) -> Request:
    """Ask for Python that solves `problem`. Raises ConfigError for a template that cannot be used."""
    template = sampling.template or (PYTHON_CHAT if sampling.mode == "chat" else PYTHON_COMPLETION)
    text = render(
        template,
        prompt=problem.prompt,
        entry_point=problem.entry_point,
        starter_code=problem.starter_code,
        examples=examples(problem),
    )
    if sampling.mode == "completion":
        return Request(problem.id, "python", indices, "completion", prompt=text, template=template_hash(template))
    return chat_request(problem.id, "python", indices, text, template, None)


def task(problem: Problem, language: Language, solution: str = "") -> str:
    """All that a program in `language` has to be, in plain words: statement, starter code, public examples, name.

    `solution` is Python that solves the problem; where the cases tell types, the declaration is made with its names.
    """
    name = problem.entry_point
    shows_starter = language.name == "python" and problem.starter_code.strip() not in problem.prompt
    cls, _, method = (name or "").rpartition(".") if language.name == "python" else ("", "", "")
    return render(
        TASK,
        prompt=problem.prompt,
        starter_code=problem.starter_code if shows_starter else "",
        examples=examples(problem),
        language=language.title,
        entry_point=name and language.entry_name(name),
        signature=language.signature(problem, solution) if solution else "",
        cls=cls,
        method=method if cls else "",
    ).strip()


def chat_request(
    problem_id: str, language: str, indices: range, text: str, template: Path | str, parent: str | None
) -> Request:
    """The request of a chat whose one message, from the user, is `text`; `parent` as in `Request`."""
    messages = (Message(role="user", content=text.strip()),)
    return Request(problem_id, language, indices, "chat", messages, template=template_hash(template), parent=parent)


def render(template: Path | str, **context: Any) -> str:
    """A template file, or the built-in one of that name, filled. Raises ConfigError naming template and fault."""
    try:
        return _compiled(_source(template)).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"template {template}:{error.lineno}: {error.message}") from None
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise ConfigError(f"template {template}: {error}; it is given: {', '.join(sorted(context))}") from None


def template_hash(template: Path | str) -> str:
    """SHA-256 of the template's text."""
    return sha256(_source(template))


def examples(problem: Problem) -> list[str]:
    """The first public cases as a reader wants them: `f(1, [2]) == 3`, or blocks of input and output."""
    if problem.calling.converts:
        return []  # the values of its cases are not what its program is given
    shown = (_example(problem, case) for case in problem.public_cases)
    return [example for example in shown if len(example) <= _EXAMPLE_CHARS][:_EXAMPLES]


def _example(problem: Problem, case: Case) -> str:
    if case.stdin is not None:
        return f"Input:\n{_block(case.stdin)}\nOutput:\n{_block(case.stdout)}"
    call = _call(problem.entry_point, case)
    if asserted := problem.comparison_of(case).predicate:
        return f"answer = {call}\nassert {asserted}"
    return f"{call} == {literal(decode(case.expected))}"


def _call(name: str | None, case: Case) -> str:
    shown = name.replace(".", "().") if name else name
    return f"{shown}({arguments(case, literal)})"


def _block(text: str | None) -> str:
    return f"```\n{(text or '').rstrip()}\n```"


def _source(template: Path | str) -> str:
    path = template if isinstance(template, Path) else TEMPLATES / f"{template}.j2"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"template {template}: no such file; leave it out for the built-in one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"template {template}: cannot be read: {error}") from None


@lru_cache(maxsize=32)
def _compiled(source: str) -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["comment"] = _comment
    return environment.from_string(source)


def _comment(text: str) -> str:
    """Every line of `text` as a Python comment."""
    return "\n".join(f"# {line}".rstrip() for line in text.strip().splitlines())
