"""Which settings of an engine pay: what to try, what a trial has measured, and whether its pass rate holds."""
