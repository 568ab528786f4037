"""What each command does, with the flow and its executor put together; `factory.cli` reads the command line."""

from factory.commands.audit import audit
from factory.commands.export import export, print_pair, push
from factory.commands.look import report, survey, watch
from factory.commands.run import run
from factory.commands.translate import translate
from factory.commands.verify import verify

__all__ = ["audit", "export", "print_pair", "push", "report", "run", "survey", "translate", "verify", "watch"]
