"""Questions to parts, asked before any work, in processes of their own.

A part that raises, ends its process or hangs has given a reason instead of an answer, and what it
changed of the world is gone: parts of other plugins answer as they would without it.
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from samplebench.apart import Died, Fault, call_apart
from samplebench.errors import SamplebenchError
from samplebench.missing import Missing
from samplebench.registry.registry import Chosen

_Key = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """A function of a part that gives plain data, with the arguments after the part.

    Errors that end a command whoever asks, such as ``DataMissing``, are returned.
    """

    function: Callable[..., Any]
    part: Chosen
    arguments: tuple[Any, ...] = ()

    @property
    def key(self) -> _Key:
        return (*_key(self.part), self.function.__qualname__, self.arguments)

    def ask(self) -> Any:
        return self.function(self.part, *self.arguments)


class Asker:
    """Asks each question once, and a part that ended or held up its process no more."""

    def __init__(self) -> None:
        self._answers: dict[_Key, Any] = {}
        self._dead: dict[_Key, Fault] = {}

    def answer(self, question: Question) -> Any:
        """The answer to a question, or a ``Missing`` with the reason why there is none.

        Raises:
            SamplebenchError: that is the answer.
        """
        self.prepare([question])
        answer = self._answers[question.key]
        if isinstance(answer, SamplebenchError):
            raise answer
        return answer

    def prepare(self, questions: Iterable[Question]) -> None:
        """Ask questions that will be asked for: together, they take fewer processes."""
        new = {q.key: q for q in questions if q.key not in self._answers}
        for _, group in groupby(sorted(new.values(), key=_process), key=_process):
            self._ask(list(group))

    def missing(self, kind: str) -> list[Missing]:
        """The reasons for which parts of a kind gave no answers, each once."""
        reasons = (a for k, a in self._answers.items() if k[0] == kind and isinstance(a, Missing))
        return list(dict.fromkeys(reasons))

    def _ask(self, questions: list[Question]) -> None:
        """Ask in one process, and after its end in another one."""
        while questions := [q for q in questions if not self._is_answered(q)]:
            with closing(call_apart([question.ask for question in questions])) as answers:
                for question, answer in zip(questions, answers, strict=False):
                    if isinstance(answer, Fault):
                        answer = _name(question.part, answer)
                    self._answers[question.key] = answer
                    if isinstance(answer, Died):
                        self._dead[_key(question.part)] = answer

    def _is_answered(self, question: Question) -> bool:
        if dead := self._dead.get(_key(question.part)):
            self._answers.setdefault(question.key, dead)
        return question.key in self._answers


def _key(part: Chosen) -> _Key:
    return part.part.kind, part.key


def _process(question: Question) -> str:
    """The process to ask in: bundled parts share one, and so do those of every other plugin."""
    plugin = question.part.part.plugin
    return "" if plugin.is_bundled else plugin.name


def _name(part: Chosen, fault: Fault) -> Fault:
    return replace(fault, reason=f"{part.part.kind} '{part}' cannot be asked: {fault.reason}")
