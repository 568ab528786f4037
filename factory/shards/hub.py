"""Shards to the Hugging Face hub, in one commit, by its own client.

Promises: nothing is pushed from a folder that is not whole; the same content twice is no second commit; what
was uploaded before a push was cut short is not uploaded again; the commit is made on the state that it was
planned against, or planned anew; a repository that this makes is private unless asked otherwise, and what
is meant to be private never goes to a public one. The token is in no message. Files of others in the
repository are left alone: only parquet files of a former export are deleted. Large files go as the client
sends them: by XET, or by LFS where HF_HUB_DISABLE_XET is set. XET waits by itself for a busy storage, some
minutes, and says nothing of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from factory import network
from factory.errors import HubError, HubRefused, PartError
from factory.shards.check import faults
from factory.shards.views import VIEWS
from factory.storage.files import digest

TRIES = 6
_LONGEST_WAIT_S = 300.0
_TRANSIENT = {408, 409, 412, 429, 500, 502, 503, 504}
_HTTP_ERROR: type[Exception] = HfHubHTTPError.__mro__[
    1
]  # of the HTTP library that this major version of the client is made with


@dataclass(frozen=True, slots=True)
class Push:
    """What a push did, or with `dry_run` would do: paths added (or changed), paths deleted, files left as they are."""

    repo_id: str
    added: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: int
    commit: str | None
    """The commit that holds the shards now; None where there is none yet."""

    @property
    def changes(self) -> bool:
        return bool(self.added or self.deleted)


def push(
    folder: Path,
    repo_id: str,
    token: str,
    revision: str | None = None,
    public: bool = False,
    dry_run: bool = False,
    note: Callable[[str], None] = lambda line: None,
) -> Push:
    """Make the dataset repository `repo_id` hold the shards in `folder`; `note` gets a line on each wait.

    Raises PartError for a folder that is not whole, HubRefused without rights, HubError.
    """
    found = faults(folder)
    if found:
        faulty = "\n".join(f"{folder / name}: {fault}" for name, fault in found.items())
        raise PartError(f"{faulty}\nnothing was pushed; remedy: `factory export {folder.parent}`")
    target = _Target(HfApi(token=token, library_name="rollout-factory"), repo_id, revision, public, dry_run)
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(TRIES),
        wait=_wait,
        retry=tenacity.retry_if_exception(_may_pass),
        before_sleep=lambda state: note(_told(state, token)),
        reraise=True,
    )
    try:
        return retrying(target.bring_up_to, folder)
    except HFValidationError as error:
        raise HubRefused(f"{repo_id}: names no repository: {error}") from None
    except (_HTTP_ERROR, OSError, RuntimeError, ValueError) as error:
        raise _failure(repo_id, error, token) from None


class _Target:
    """A repository as it is to become. Every step may be done again, from the start."""

    def __init__(self, api: HfApi, repo_id: str, revision: str | None, public: bool, dry_run: bool) -> None:
        self._api, self._repo_id, self._revision = api, repo_id, revision
        self._public, self._dry_run = public, dry_run

    def bring_up_to(self, folder: Path) -> Push:
        if "/" not in self._repo_id:
            self._repo_id = f"{self._api.whoami()['name']}/{self._repo_id}"
        head = self._head()
        local = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
        remote = self._files(head)
        added = [name for name, path in local.items() if name not in remote or not _same(path, remote[name])]
        deleted = sorted(name for name in remote.keys() - local.keys() if _is_shard(name))
        commit = head
        if (added or deleted) and not self._dry_run:
            commit = self._commit(head, [(name, local[name]) for name in added], deleted)
        return Push(self._repo_id, tuple(added), tuple(deleted), len(local) - len(added), commit)

    def _head(self) -> str | None:
        """The commit to build on; repository and branch are made where they are not there."""
        about: dict[str, Any] = {"repo_id": self._repo_id, "repo_type": "dataset"}
        try:
            info = self._api.repo_info(**about)
        except RepositoryNotFoundError as error:
            if error.response.status_code == 401:
                raise
            if self._dry_run:
                return None
            self._api.create_repo(**about, private=not self._public, exist_ok=True)
            info = self._api.repo_info(**about)
        if not info.private and not self._public:
            raise HubRefused(
                f"{self._repo_id}: is public, and shards are private unless asked; remedy: --public, or another name"
            )
        if self._revision is None:
            return info.sha
        refs = self._api.list_repo_refs(**about)
        there = {branch.name: branch.target_commit for branch in refs.branches}
        if self._revision not in there and not self._dry_run:
            self._api.create_branch(**about, branch=self._revision, exist_ok=True)
            return self._api.repo_info(**about, revision=self._revision).sha
        return there.get(self._revision)

    def _files(self, head: str | None) -> dict[str, RepoFile]:
        if head is None:
            return {}
        tree = self._api.list_repo_tree(self._repo_id, recursive=True, revision=head, repo_type="dataset")
        return {item.path: item for item in tree if isinstance(item, RepoFile)}

    def _commit(self, head: str | None, added: Iterable[tuple[str, Path]], deleted: Iterable[str]) -> str:
        operations: list[Any] = [CommitOperationAdd(name, str(path)) for name, path in added]
        operations += [CommitOperationDelete(name) for name in deleted]
        info = self._api.create_commit(
            self._repo_id,
            operations,
            commit_message="Upload verified shards",
            repo_type="dataset",
            revision=self._revision,
            parent_commit=head,
        )
        return info.oid


def _is_shard(name: str) -> bool:
    """Whether a file in the repository is one that an export writes and may leave behind."""
    return re.fullmatch(rf"(?:data|{'|'.join(VIEWS)})/[^/]+-\d{{5}}-[0-9a-f]{{12}}\.parquet", name) is not None


def _same(path: Path, remote: RepoFile) -> bool:
    if remote.size != path.stat().st_size:
        return False
    if remote.lfs is not None:
        return remote.lfs.sha256 == digest(path)
    data = path.read_bytes()
    return remote.blob_id == hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()


# ---- failures ----


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of: the client wraps those of uploads."""
    while error is not None:
        yield error
        error = error.__cause__


def _answer(error: BaseException) -> Any:
    """The hub's answer that made an error, or None where there was none."""
    return next((one.response for one in _chain(error) if isinstance(one, HfHubHTTPError)), None)


def _refused(error: BaseException) -> int | None:
    """401 or 403 where the hub refuses, or its XET storage, whose client gives the status in words alone."""
    answer = _answer(error)
    if answer is not None:
        status = answer.status_code
    else:
        said = re.search(r"HTTP status client error \((\d{3})", str(error)) if isinstance(error, OSError) else None
        status = int(said[1]) if said else None
    return status if status in (401, 403) else None


def _may_pass(error: BaseException) -> bool:
    """Whether another try may do: the hub is busy, the branch has moved on, or nothing came through."""
    answer = _answer(error)
    if answer is not None:
        return answer.status_code in _TRANSIENT
    return isinstance(error, RuntimeError | json.JSONDecodeError) or any(
        isinstance(one, _HTTP_ERROR) for one in _chain(error)
    )


def _wait(state: tenacity.RetryCallState) -> float:
    """Seconds to wait: what the hub asked for (Retry-After, RateLimit), or more each time."""
    answer = _answer(_error(state))
    headers = answer.headers if answer is not None else {}
    reset = re.search(r"\bt=(\d+)", headers.get("ratelimit", "")) if answer and answer.status_code == 429 else None
    asked = headers.get("retry-after", "") or (reset[1] if reset else "")
    if asked.isdigit():
        return min(float(asked), _LONGEST_WAIT_S)
    return min(0.5 * 2.0**state.attempt_number, 60.0)


def _error(state: tenacity.RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    return error or RuntimeError("no error")


def _told(state: tenacity.RetryCallState, token: str) -> str:
    wait = state.next_action.sleep if state.next_action else 0.0
    return f"{_shown(_error(state), token)}; once more in {wait:g} s"


def _failure(repo_id: str, error: BaseException, token: str) -> HubError | HubRefused:
    refused = _refused(error)
    if refused is not None:
        return HubRefused(
            f"{repo_id}: the hub refuses ({refused}): {_shown(error, token)}\nremedy: in HF_TOKEN, a token "
            f"that {'is valid' if refused == 401 else 'may write there'}"
        )
    return HubError(f"{repo_id}: {_shown(error, token)}; what is uploaded is kept: run the same again")


def _shown(error: BaseException, token: str) -> str:
    """The hub's own words in one line, without addresses, which may be signed, and without the token.

    Where it has not answered, ours.
    """
    answer = _answer(error)
    if answer is None and network.is_from_network(error):
        return network.reason(error)
    line = network.words(getattr(next(_chain(error)), "server_message", None) or str(error))
    status = f"HTTP {answer.status_code}: " if answer is not None else ""
    return f"{status}{line or type(error).__name__}".replace(token, "***")
