"""What an answer in Go is held to while a model gives it: a grammar in XGrammar's EBNF.

Promises: an answer of the grammar is one fenced block with the package's name, imports, declarations that begin with a
keyword, and among them the entry point as declared; brackets match, and texts and comments end. Every gofmt-formatted
file of that shape is one. Does not promise that it compiles: expressions, names and types are not looked at.
"""

from __future__ import annotations

import json

FENCE, PACKAGE = "```go\n", "package main\n\n"
_REST = r"""
imports ::= ("import (\n" ("\t"? path "\n")* ")\n" "\n"* | "import " path "\n" "\n"*)*
path ::= ([a-zA-Z0-9_.]+ " ")? "\"" [a-z0-9/]+ "\""
declaration ::= keyword outer+ "\n" "\n"* | "//" [^\n]* "\n" "\n"*
keyword ::= "func " | "type " | "var " | "const "
outer ::= [^(){}[\]"'`\n] | text | "//" [^\n]* | "(" inner* ")" | "[" inner* "]" | "{" inner* "}"
inner ::= outer | "\n"
text ::= "\"" ([^"\\\n] | "\\" [^\n])* "\"" | "`" [^`]* "`" | "'" ([^'\\\n] | "\\" [^\n] [0-9a-fA-F]*) "'"
"""


def grammar(signature: str, begun: bool) -> str:
    """Of a file whose entry point is declared as `signature`; "" leaves the declaration to the model.

    `begun`: the answer has its beginning, up to the body of what is declared, and the grammar is of what follows.
    """
    if not signature:
        root = 'imports declaration+ "```"'
        head = "" if begun else f"{json.dumps(FENCE + PACKAGE)} "
    elif begun:
        root, head = r'inner* "}\n" "\n"* declaration* "```"', ""
    else:
        declared = json.dumps(f"{signature} {{", ensure_ascii=False)
        root = f'imports declaration* {declared} inner* "}}\\n" "\\n"* declaration* "```"'
        head = f"{json.dumps(FENCE + PACKAGE)} "
    return f"root ::= {head}{root}{_REST}"
