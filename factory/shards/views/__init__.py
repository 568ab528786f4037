"""The forms in which a run's data is shipped: one `View` a file, a function from a problem's outcome to rows.

Promises: rows are a function of the outcome alone, in one order; every row names its problem, its rollouts' indices
and, for a translation, its parent. `programs`, the verified programs with all that is needed to verify them again, is
always written; the others are chosen in `shards.views`. A new view is one file here, one line below, and its name in
`shards.views` of the config.
"""

from factory.shards.views import pairs, preference, pretrain, rl, rollouts, sft
from factory.shards.views.base import View

__all__ = ["VIEWS", "View"]

VIEWS = {view.name: view for view in (it.VIEW for it in (sft, pretrain, pairs, preference, rl, rollouts))}
"""The views there are to choose from, by name."""
