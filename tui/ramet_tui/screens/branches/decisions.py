"""What is to be decided in a merge, and what was. Pure, no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from ramet.branch_models import ConflictChoice, ConflictRegion, MergeConflict, MergeRequest

Taken = Literal["base", "mine", "theirs", "both", "later"]


class Question(NamedTuple):
    """One place of one file; without a region, the whole file."""

    conflict: MergeConflict
    region: ConflictRegion | None

    @property
    def texts(self) -> tuple[str | None, str | None, str | None]:
        """Base, working tree and branch; None for what is not there or is no text."""
        if self.region is not None:
            return self.region.base, self.region.mine, self.region.theirs
        versions = (self.conflict.base, self.conflict.mine, self.conflict.theirs)
        base, mine, theirs = (version.text if version is not None else None for version in versions)
        return base, mine, theirs

    @property
    def absences(self) -> tuple[str, str, str]:
        """Why a version has no text; empty where it has one."""
        if self.region is not None:
            base, mine, theirs = (("" if text else "nothing here") for text in self.texts)
        else:
            versions = (self.conflict.base, self.conflict.mine, self.conflict.theirs)
            base, mine, theirs = (
                "not there" if version is None else "not text" if version.text is None else "" if version.text else "empty"
                for version in versions
            )
        return base, mine, theirs


class Decisions:
    """The questions of one merge with their answers."""

    def __init__(self, conflicts: Sequence[MergeConflict]) -> None:
        self.questions: list[Question] = []
        for conflict in conflicts:
            regions: Sequence[ConflictRegion | None] = conflict.regions or (None,)
            self.questions += (Question(conflict, region) for region in regions)
        self.answers: list[Taken | None] = [None] * len(self.questions)

    @property
    def count(self) -> int:
        """How many are decided."""
        return sum(answer is not None for answer in self.answers)

    @property
    def is_complete(self) -> bool:
        """Whether all are."""
        return self.count == len(self.questions)

    def answer(self, number: int, taken: Taken) -> None:
        """Decide one; the same answer again takes it back. What is left for later is the whole file."""
        is_again = self.answers[number] == taken
        if taken == "later" or self.answers[number] == "later":
            path = self.questions[number].conflict.path
            for other, question in enumerate(self.questions):
                if question.conflict.path == path:
                    self.answers[other] = "later" if taken == "later" and not is_again else None
        if taken != "later":
            self.answers[number] = None if is_again else taken

    def next_open(self, number: int) -> int:
        """Return the next question without an answer, beginning behind one; the same one when there is none."""
        places = [*range(number + 1, len(self.questions)), *range(number)]
        return next((place for place in places if self.answers[place] is None), number)

    def request(self, request: MergeRequest) -> MergeRequest:
        """Return the merge with these choices."""
        choices = tuple(
            ConflictChoice(question.conflict.path, answer, question.region.number if question.region is not None else 0)
            for question, answer in zip(self.questions, self.answers, strict=True)
            if answer is not None and answer != "later"
        )
        return replace(request, choices=choices, leave_conflicts="later" in self.answers)
