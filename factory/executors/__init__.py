"""Who runs units of work: processes of this machine, or (later) actors of a Ray cluster.

An executor opens one context in each of its workers and calls functions with it; what the context
is and what the functions do is none of its business.
"""
