"""From a verified program to what a model is asked for it in another language, and after a failure again."""

from factory.translation.repair import complaint
from factory.translation.specification import Specification, specify

__all__ = ["Specification", "complaint", "specify"]
