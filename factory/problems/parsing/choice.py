"""Whether a statement accepts any of several answers, or is of an interactive problem.

Promises: words about what somebody in the story chooses are none about the answer, as far as their subject tells.
Every search is linear in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TELL = r"(?:(?:print|output|return|report)(?:s|ed|ing)?|show|write|give|display)"
MAKE = r"(?:find|construct|build|produce|generate|create|restore|reconstruct)(?:ing)?"
_ASK = rf"(?:{TELL}|{MAKE})"
ANSWERS = r"(?:answers?|solutions?|outputs?|constructions?|results?)"
THINGS = (
    "string permutation array sequence graph tree path matrix subset subsequence substring list arrangement "
    "rearrangement partition pair triple triplet cycle route schedule assignment coloring colouring grid "
    "table word pattern plan set ordering number integer index order strategy point tour series way division cut "
    "placement layout variant example"
).replace(" ", "|")
OBJECTS = THINGS.replace("|order|", "|")
_RIGHT = (
    r"(?:accepted|acceptable|allowed|fine|ok(?:ay)?|valid|correct|right|permitted|judged\ as\ correct|"
    r"considered\ (?:correct|valid|right)|printed|output|returned|reported)"
)
_GUARANTEED = re.compile(r"^\W*(?:it(?:'s|\s+is)\s+)?guaranteed\b", re.I)
_DENIED = re.compile(r"(?:\bnot|\bcannot|n't|\bnever|\bunable\s+to|\bfails?\s+to|\bwithout)\s+(?:\w{1,30}\s+)?$", re.I)
_SOMEBODY = re.compile(
    r"\b(?!(?:you|we|us|one|program|solution|code|submission|function|output|answer)\b)(?:s?he|they|it|who|which|player|[a-z]{1,30}s?)\s+(?:can|may|could|will|must|might|should|"
    r"is\ able\ to|wants?\ to)\s+(?:\w{1,30}ly\s+)?$",
    re.I | re.X,
)
_JUDGE = r"(?:checker|judges?|jury|grader|tests?|system|kattis|codeforces|verifier)"
FITTING = r"(?:suitable|valid|possible|feasible|correct|fitting|appropriate)"
_ALIKE = (
    r"(?:ways|options|possibilities|variants|answers|solutions|"
    r"(?:permutation|arrangement|order|sequence|path|route|schedule|plan|assignment|set|string)s)"
)
_ANY = re.compile(
    rf"""\b{TELL}\s+(?:(?!(?:in|if|to|whether|with|for|at|from|when|where)\b)\w{{1,30}}\s+){{0,2}}?
           any(?!\s+(?:other|more|further|additional|extra)\b)(?:\s+(?:one|single))?
           (?:\s+(?:of\s+(?:them|these|those|the|such)|valid|possible|correct|suitable|such|optimal|best|appropriate|
              feasible|{ANSWERS}|{THINGS}|one)\b|\s*[.,;)!]|\s*$)
       | \b{_ASK}\s+any\s+(?:[\w'-]{{1,30}}\s+){{0,2}}?(?:{THINGS})(?:s|es)?\b(?!\s+of\s+times)
       | \b{_ASK}\s+any\s+(?!two\b|three\b)(?:[\w'-]{{1,30}}\s+){{0,2}}?(?:numbers?|integers?)
           \s+(?:that|which|such|satisfying|satisfies|meeting)\b
       | \b{TELL}\s+any\s?[\[(]
       | \b{TELL}\b[^.;]{{0,40}}?\s?[-–—:]\s?any\s+(?:[\w'-]{{1,30}}\s+){{0,2}}?(?:{THINGS}|values?|pairs?)\b
       | \b{_ASK}\s+any\s+(?:one\s+)?(?:of\s+(?:them|these|those)|such\s+\w{{1,30}}
           |(?:valid\s+|possible\s+|optimal\s+)?{ANSWERS}|one\b(?!\s+of\s+the))
       | \b{_ASK}\s+(?:an\s+)?arbitrary\s+(?!order|case|number|precision|letter)\w{{1,30}}
       | \b{TELL}\s+(?:any\s*one|whichever|whatever|either(?:\s+one)?(?=\s*[.,;]|\s+of\s+them|$))\b
       | (?:^|\byou\s+(?:can|may|should)\s+)\W*(?:then\s+|and\s+)?(?:print|output|return)\s+any\s+
           (?!remaining\b|other\b|extra\b|additional\b|of\b|number\b|integer\b)\w{{0,29}}[^\Ws]\b(?!\s\w{{1,29}}s\b)
       | \b{TELL}\s+(?:a|one)\s+{FITTING}\s+\w
       | \b{TELL}\s+(?:only\s+|just\s+)?one\s+of\s+the\s+(?:\w{{1,30}}\s+)?{_ALIKE}\b
       | \b(?:whichever|whatever)\s+(?!order\b)(?:\w{{1,30}}\s+)?you\s+(?:print|output|return|report|give|find)\b
       | ^\W*(?:construct|build|generate|create|design)\s+(?:a|an|some)\s+(?:\w{{1,30}}\s+){{0,2}}?
           (?:graph|permutation|grid|maze|polygon|string|board|labyrinth)\s+(?:of\s+\w{{1,30}}\s+)?
           (?:such\s+that|so\s+that|in\s+which|where\s+no|with\s+(?:exactly|at\s+least|at\s+most))\b
       | \b(?:give|provide|show)\s+(?:one|an|any)\s+example\b(?!\s+(?:why|how|of\s+why))
       | \b{MAKE}\s+any\s+\w{{1,30}}(?:\s\w{{1,30}})?\s+(?:such\s+that|satisfying)\b
       | \b{MAKE}\s+any(?=\s*[.,;!]|\s*$)
       | \b{TELL}\s+(?:only\s+)?(?:one|1|either)
           \s+(?:of\s+(?:them|these|those|the\s+(?:possible|valid|correct|suitable))|(?:possible|valid|such)\s+\w{{1,30}})\b
       | \b{MAKE}\s+(?:one|some)\s+(?:valid|possible|such|suitable)\s+(?:{THINGS}|{ANSWERS})\b
       | \b(?:task\s+is|have|need|asked|wants?\s+you|required)\s+to\s+(?:construct|build)\s+an?
           \s+(?:\w{{1,30}}\s+){{0,2}}?(?:{THINGS})\b""",
    re.I | re.X,
)
_ACCEPTED = re.compile(
    rf"""\b(?:any|every|all|each|other|either)\s+(?:one\s+)?(?:of\s+(?:them|these|those)|such\s+\w{{1,30}}|
           (?:(?:valid|correct|possible|optimal|feasible|suitable)\s+)?(?:one|winner|{ANSWERS}|{OBJECTS})s?)\s+
           (?:[^.;]{{0,120}}?\s)?(?<!you\s)(?<!we\s)(?<!they\s)
           (?:is|are|will\s+be|would\s+be|may\s+be|can\s+be|going\s+to\s+be|gets?)\s+(?:(?!not\b)\w{{1,20}}\s+){{0,2}}?
           {_RIGHT}\b
       | \bany\s+(?:valid|correct|optimal)\s+\w{{1,30}}(?:\s+\w{{1,30}})?
           \s+(?:is|are|will\s+be)\s+(?:\w{{1,20}}\s+){{0,2}}?{_RIGHT}\b
       | \b{ANSWERS}\s+(?:is|are|will\s+be)\s+(?:considered\s+|judged\s+)?(?:correct|accepted|valid)
           \s+(?:if|when|as\s+long\s+as)\b(?![^.]{{0,200}}?(?:\berror|\binaccuracy|\bdiffer|\bprecision|\bexact|\bequal|\bsame|\bmatch|\|\s?\w{{1,10}}\s?[-−–]|\bletter|\bcase\b))
       | \bothers?\s+(?:is|are|will\s+be)\s+(?:also\s+)?{_RIGHT}
       | \bany\s?(?:one)?(?:\s+of\s+(?:them|these|those))?\s+(?:will|would)\s+(?:do|suffice|work|be\s+{_RIGHT})\b
       | \bany\s?(?:one)?\s+(?:is|are)\s+{_RIGHT}\b
       | \bany\s(?:(?:correct|valid|right|good)\s[^.;]{{0,80}}?passes
           |[^.;]{{0,80}}?\s(?:gets?|receives?|earns?|scores?)\s+full)\b
       | \baccept(?:s|ed)?\s+any\s+(?:valid|correct|answer|solution|output|such)
       | \b{_JUDGE}\s+(?:will\s+)?(?:accepts?|takes?|allows?)\s+(?:any|every|each|all|either)\b
       | \b(?:any|every|each|all|either)\b[^.;]{{0,60}}?\b(?:gets?|receives?|earns?|scores?|gives?)
           \s+(?:full|all(?=\s+(?:the\s+)?(?:points|marks|credit)))\b
       | \b(?:any|every|each|all)\s+(?:of\s+(?:them|these|those)|{FITTING}\s+\w{{1,30}}|{ANSWERS}s?)\s+
           (?:will\s+|would\s+)?pass(?:es)?(?=\s*[.,;!)]|\s*$|\s+the\s+(?:tests?|checker)\b)
       | \bany\s+\w{{1,30}}\b[^.;]{{0,60}}?\spass(?:es)?\s+the\s+(?:tests?|checker|judge)\b
       | \bany\s+(?:\w{{1,30}}\s+){{1,2}}(?:will|would)\s+(?:do|suffice)(?=\s*[.,;!)]|\s*$)
       | \b(?:does|do)(?:\s+not|n't)\s+(?:mind|care)\s+which\s+(?:\w{{1,30}}\s+){{0,3}}?you\s+
           (?:print|output|return|report|give|find)\b
       | \b(?:does\s+not|doesn't)\s+matter\s+which\s+(?:\w{{1,30}}\s+){{0,3}}?you\s+
           (?:print|output|return|report|give|find)\b
       | \bwhich\s+(?:one|of\s+them)\b[^.;]{{0,40}}?\b(?:does\s+not|doesn't)\s+matter\b
       | \bties?\s+(?:(?:are|is|may\s+be|can\s+be)\s+)?(?:broken|resolved|decided)\s+
           (?:arbitrarily|in\s+any\s+way|anyhow)
       | \b(?:break|resolve)(?:ing)?\s+(?:\w{{1,30}}\s+)?ties\s+(?:arbitrarily|in\s+any\s+way|any\s*how|as\s+you)
       | ^(?:(?!\b(?:if|when|in\s+case|least|smallest|largest|first)\b).)*\b{ANSWERS}\s+(?:is|are)\s+not\s+unique\b
       | \b{ANSWERS}\s+(?:(?:may|might|need)\s+not\s+be|(?:is|are)\s+not\s+necessarily)\s+unique
       | \bspecial\s+(?:judge|checker)\b
       | \b(?:do|does)(?:\s+not|n't)\s+(?:need|have)\s+to\s+(?:minimi[sz]e
           |(?:find|use|make|have|be)\s+(?:the\s+|a\s+)?(?:shortest|minimum|minimal|least|fewest|smallest|optimal|best))\b
       | \bneed\s+not\s+be\s+(?:the\s+)?(?:shortest|minimum|minimal|smallest|optimal)\b
       | \b(?:need|may|might)\s+not\s+be\s+unique\b[^.]{{0,80}}\b{_RIGHT}""",
    re.I | re.X,
)
_SEVERAL = re.compile(
    rf"""\b(?:if|in\ case|should|when|where|whenever|as|because)\b[^.]{{0,60}}?
           \b(?:multiple|several|many|more\s+than\s+one|two\s+or\s+more|various|not\s+unique|ties?
             |(?:are|exist)\s+(?:\w{{1,30}}\s+)?different)\b
           (?P<between>[^.]{{0,160}}?)
           \b(?:{TELL}|accept\w{{0,4}}|you\s+(?:can|may)\s+choose|free|allowed|fine|consider\w{{0,3}}|find)\b[^.]{{0,30}}?
           \b(?:any(?!\s+(?:other|more|order|arbitrary))|anyone|whichever|whatever|arbitrary|either
             |one\s+of\s+(?:them|these|those|the))\b""",
    re.I | re.X,
)
_ENOUGH = re.compile(
    rf"""\b(?:multiple|several|many|more\s+than\s+one|various)\b[^.]{{0,120}}?
           \b(?:enough|suffic\w{{1,5}}|need|have|only|just)\b[^.]{{0,30}}?
           \b{TELL}\s+(?:only\s+|just\s+)?(?:one|any)(?:\s+of\s+\w{{1,30}})?\s*(?:[.,;!)]|$)
       | \b(?:multiple|several|many|more\s+than\s+one|various)\b[^.]{{0,120}}?
           \b(?:one|any)\s+(?:\w{{1,30}}\s+)?(?:suffices|is\s+enough|is\s+sufficient|will\s+do)\b
       | \b{TELL}\b[^.]{{0,120}}?\bnot\s+necessarily\s+(?:an?\s+|the\s+)?(?:minim|short|optimal|few|least|small)
       | \b{TELL}\s+the\s+(?:vertices|nodes|edges|rows|cells|steps|members|points)\s+of\s+(?:an?|some)\s+
           (?:\w{{1,30}}\s+)?(?:cycle|path|tree|matching|clique|walk|tour|cover|triangle|board|set|partition|subgraph)\b""",
    re.I | re.X,
)
_OTHERWISE = re.compile(r"\bhow\s+many\b|\bcount\b|\bnumber\s+of\b|\bmodulo\b", re.I)
_ERROR = re.compile(r"\b(?:error|precision|tolerance|within)\b", re.I)
_INTERACTIVE = re.compile(
    r"\binteractive\s+(?:problem|task|version|protocol|part)\b|\bthis\s+interactive\b|\bthe\s+interactor\b|"
    r"\b(?:interact(?:s|ing)?|communicat(?:e|es|ing)|talk(?:s|ing)?)\s+with\s+(?:the\s+|a\s+)?(?:judge|jury|grader|interactor|jury's\s+program|checker|testing|system)|"
    r"\bflush(?:es|ing)?\s+(?:the\s+|your\s+)?(?:output|stdout|standard\s+output|buffer|stream)|\bfflush\b|\bto\s+flush\b|\bflush\(\)|"
    r"\b(?:ask|query)\s+the\s+(?:judge|jury|grader|system|interactor)\b|"
    r"\bread(?:ing|s)?\s+the\s+answers?\s+(?:of|from|by)\s+the\s+(?:judge|jury|grader|system|interactor)\b|"
    r"\b(?:response|reply|replies)\s+(?:of|from|by)\s+the\s+(?:judge|jury|grader|system|interactor)\b(?!'s\s+program)|"
    r"\bthe\s+(?:judge|jury|jury's\s+program|grader)\s+(?:will\s+)?(?:answers?|repl(?:y|ies)|responds?)\b",
    re.I,
)


def is_interactive(sentence: str) -> bool:
    """Whether a sentence says that the judge answers back."""
    return bool(_INTERACTIVE.search(sentence))


def leaves_choice(sentences: Sequence[str]) -> bool:
    """Whether sentences say that another answer than the recorded one may be right."""
    return any(map(_says_so, sentences))


def _says_so(sentence: str) -> bool:
    if _ACCEPTED.search(sentence) and not (_ERROR.search(sentence) or _GUARANTEED.search(sentence)):
        return True
    if _ENOUGH.search(sentence):
        return True
    before = (sentence[max(0, any_.start() - 60) : any_.start()] for any_ in _ANY.finditer(sentence))
    if any(not (_SOMEBODY.search(words) or _DENIED.search(words)) for words in before):
        return True
    several = _SEVERAL.search(sentence)
    return bool(several and not _OTHERWISE.search(several["between"]))
