"""All vector stores keep the same promises, and an embedded Chroma survives damage."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import chromadb
import numpy as np
import pytest
from chromadb.config import Settings
from numpy.typing import NDArray

from ramet.errors import StoreDamaged, StoreError
from ramet.index.chunker import chunk_key
from ramet.store import vector_matrix
from ramet.store.protocol import VectorStore
from ramet.store.vector_matrix import VectorMatrix
from ramet.store.vector_process import VectorProcess
from ramet.store.vectors import ChromaVectorStore, collection_name

NAME = collection_name("repository", "table-256-v2")


def unit_vectors(count: int, seed: int = 1) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def key(name: object) -> str:
    return chunk_key(str(name))


@pytest.fixture(scope="module")
def shared_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorProcess]:
    """A vector process for tests that do it no harm."""
    process = VectorProcess(tmp_path_factory.mktemp("data"))
    yield process
    process.close()


@pytest.fixture(params=["chroma", "memory", "process"])
def store(request: pytest.FixtureRequest, tmp_path: Path, shared_process: VectorProcess) -> Iterator[VectorStore]:
    made: VectorStore
    match request.param:
        case "memory":
            made = VectorMatrix(tmp_path / "vectors.f16")
        case "chroma":
            made = ChromaVectorStore(NAME, folder=tmp_path / "chroma")
        case _:
            made = shared_process.open(NAME, folder=tmp_path / "chroma")
    yield made
    made.close()


def test_nearest_orders_by_cosine_similarity(store: VectorStore) -> None:
    vectors = unit_vectors(50)
    store.add([key(n) for n in range(50)], vectors)

    found = store.nearest(vectors[7], 5)
    exact = vectors @ vectors[7]
    assert [found_key for found_key, _ in found] == [key(n) for n in np.argsort(-exact)[:5]]
    assert [score for _, score in found] == pytest.approx(sorted(exact, reverse=True)[:5], abs=1e-3)


def test_missing_keeps_order_and_drops_repeats(store: VectorStore) -> None:
    store.add([key("b")], unit_vectors(1))

    assert store.missing([key("c"), key("b"), key("a"), key("c")]) == [key("c"), key("a")]


def test_adding_a_key_again_overwrites_it(store: VectorStore) -> None:
    first, second = unit_vectors(2)
    store.add([key("k")], first[None, :])
    store.add([key("k")], second[None, :])

    assert store.count() == 1
    keys, rows = store.get([key("k"), key("unknown"), key("k")])
    assert keys == [key("k")]
    assert rows[0] == pytest.approx(second, abs=1e-3)


def test_removed_and_unknown_keys_are_gone(store: VectorStore) -> None:
    store.add([key("a"), key("b")], unit_vectors(2))
    store.remove([key("a"), key("never there")])

    assert store.keys() == {key("b")}
    assert [found_key for found_key, _ in store.nearest(unit_vectors(1)[0], 5)] == [key("b")]


def test_a_vector_of_zeros_is_stored_and_never_first(store: VectorStore) -> None:
    vector = unit_vectors(1)
    store.add([key("zero"), key("real")], np.concatenate([np.zeros((1, 16), np.float32), vector]))

    assert store.missing([key("zero")]) == []
    assert store.nearest(vector[0], 2)[0][0] == key("real")


def test_an_empty_store_finds_nothing(store: VectorStore) -> None:
    assert store.nearest(unit_vectors(1)[0], 3) == []
    assert store.get([key("k")])[0] == []
    assert store.keys() == set()


def test_the_local_copy_survives_a_cut_off_write(tmp_path: Path) -> None:
    path = tmp_path / "vectors.f16"
    matrix = VectorMatrix(path)
    matrix.add([key(n) for n in range(30)], unit_vectors(30))
    matrix.close()
    path.write_bytes(path.read_bytes()[:-7])
    again = VectorMatrix(path)

    assert again.missing([key(28), key(29)]) == [key(29)]
    again.add([key(29)], unit_vectors(30)[29:])
    assert again.nearest(unit_vectors(30)[29], 1)[0][0] == key(29)
    again.close()


def test_a_local_copy_that_is_something_else_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "vectors.f16"
    path.write_bytes(b"something else" * 100)
    matrix = VectorMatrix(path)

    assert matrix.count() == 0
    matrix.add([key("a")], unit_vectors(1))
    assert matrix.keys() == {key("a")}
    matrix.close()


def test_many_vectors_are_searched_by_their_signs_and_the_nearest_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_matrix, "_EXACT_ROWS", 1_000)
    monkeypatch.setattr(vector_matrix, "_CANDIDATES", 400)
    monkeypatch.setattr(vector_matrix, "_TAIL", 700)
    vectors = unit_vectors(5_000, seed=3)
    matrix = VectorMatrix(tmp_path / "vectors.f16")
    for start in range(0, 5_000, 500):
        matrix.add([key(n) for n in range(start, start + 500)], vectors[start : start + 500])
    exact = vectors @ vectors[77]
    found = [found_key for found_key, _ in matrix.nearest(vectors[77], 10)]

    assert found[0] == key(77)
    assert len({key(n) for n in np.argsort(-exact)[:10]} & set(found)) >= 8
    assert matrix.missing([key(n) for n in range(5_000)]) == []
    matrix.close()


@pytest.mark.parametrize("embedder", ["table-256-v2", "openai/text-embedding-3-small", "x", "é" * 600, "a" * 600])
def test_collection_names_are_what_chroma_takes(embedder: str) -> None:
    name = collection_name("git-0123", embedder)

    assert 3 <= len(name) <= 512
    assert all(char.isascii() and (char.isalnum() or char in "._-") for char in name)
    assert name != collection_name("git-0124", embedder)


def test_vectors_outlive_the_process_that_made_them(tmp_path: Path) -> None:
    first = ChromaVectorStore(NAME, folder=tmp_path / "chroma")
    first.add(["a", "b"], unit_vectors(2))
    generation = first.generation
    first.close()
    second = ChromaVectorStore(NAME, folder=tmp_path / "chroma")

    assert second.keys() == {"a", "b"}
    assert second.generation == generation
    second.close()


def test_a_collection_created_anew_has_another_generation(tmp_path: Path) -> None:
    first = ChromaVectorStore(NAME, folder=tmp_path / "one")
    second = ChromaVectorStore(NAME, folder=tmp_path / "two")

    assert first.generation != second.generation
    first.close()
    second.close()


@pytest.mark.parametrize("damage", ["garbage", "truncated"])
def test_a_damaged_folder_is_said_and_a_new_one_can_take_its_place(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "chroma"
    store = ChromaVectorStore(NAME, folder=folder)
    store.add([f"k{n}" for n in range(300)], unit_vectors(300))
    store.close()
    file = folder / "chroma.sqlite3"
    file.write_bytes(b"garbage" * 1000 if damage == "garbage" else file.read_bytes()[:40_000])

    with pytest.raises(StoreDamaged, match="cannot be used"):
        ChromaVectorStore(NAME, folder=folder)
    shutil.move(folder, tmp_path / "aside")
    fresh = ChromaVectorStore(NAME, folder=folder)
    assert fresh.count() == 0
    fresh.close()


def test_a_server_out_of_reach_is_an_error_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        ChromaVectorStore(NAME, url="http://user:secret@127.0.0.1:1")

    assert "127.0.0.1:1" in refused.value.what
    assert "secret" not in str(refused.value)
    assert not isinstance(refused.value, StoreDamaged)


def test_an_env_file_in_the_working_directory_does_not_configure_chroma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module("chromadb")
    (tmp_path / ".env").write_text("CHROMA_SERVER_HTTP_PORT=not a number\n")
    monkeypatch.chdir(tmp_path)
    store = ChromaVectorStore(NAME, folder=tmp_path / "chroma")

    assert store.count() == 0
    store.close()


def test_a_store_of_an_older_version_writes_its_index_as_often_as_a_new_one(tmp_path: Path) -> None:
    """Each write goes through all vectors since then: a third of a second for one vector, and a tenth of that now."""
    ChromaVectorStore("store-new", folder=tmp_path).close()
    client = chromadb.PersistentClient(path=str(tmp_path), settings=Settings(anonymized_telemetry=False))
    client.create_collection(
        "store-old", configuration={"hnsw": {"batch_size": 5_000, "sync_threshold": 20_000}}, embedding_function=None
    )
    ChromaVectorStore("store-old", folder=tmp_path).close()
    new, old = (client.get_collection(name, embedding_function=None).configuration_json for name in ("store-new", "store-old"))

    assert old["hnsw"]["sync_threshold"] == new["hnsw"]["sync_threshold"] < 20_000
