"""JavaScript programs whose verdict is known. See `factory.run.canaries`."""

from factory.records import Canary

DIGIT_SUM = """function digitSums(numbers) {
  return numbers.map((n) => [...String(n < 0 ? -n : n)].reduce((sum, digit) => sum + Number(digit), 0));
}
"""
SORTED = """const numbers = require("fs").readFileSync(0, "utf8").split(/\\s+/).filter(Boolean).map(Number);
console.log(numbers.sort((a, b) => a - b).join(" "));
"""

CANARIES: tuple[Canary, ...] = (
    Canary("plain", "calls", True, DIGIT_SUM),
    Canary("noisy, as a module", "calls", True, 'console.log("debug");\nexport ' + DIGIT_SUM),
    Canary("right but for the last case", "calls", False, DIGIT_SUM.replace("String(", "String(n > 9e9 ? 1 : ")),
    Canary("leaves early", "calls", False, "function digitSums(numbers) {\n  process.exit(0);\n}\n"),
    Canary("throws", "calls", False, "function digitSums(numbers) {\n  throw new Error();\n}\n"),
    Canary("never ends", "calls", False, "function digitSums(numbers) {\n  for (;;);\n}\n"),
    Canary(
        "lies about its value",
        "calls",
        False,
        "Array.isArray = () => true;\nJSON.stringify = () => '[6,9]';\n"
        "function digitSums(numbers) {\n  return { toJSON: () => [6, 9], valueOf: () => [6, 9] };\n}\n",
    ),
    Canary("does not compile", "calls", False, DIGIT_SUM + "function (\n"),
    Canary("plain", "streams", True, SORTED),
    Canary("says nothing", "streams", False, "process.exit(0);\n"),
    Canary("says what it read", "streams", False, SORTED.replace(".sort((a, b) => a - b)", "")),
)
