from __future__ import annotations

import pytest

from ramet.terminal.references import FileResolver, PlaceReference, find_references, resolve

FORMATS = [
    ('  File "/home/dev/a b/cart.py", line 3, in total', "/home/dev/a b/cart.py", 3, 0, "total"),
    ("tests/test_cart.py:12: AssertionError", "tests/test_cart.py", 12, 0, ""),
    ("    at com.shop.Cart.total(Cart.java:12)", "Cart.java", 12, 0, "com.shop.Cart.total"),
    ("    at java.base/shop.Cart.total(Cart.java:12)", "Cart.java", 12, 0, "shop.Cart.total"),
    ("   at Shop.Cart.Total(Int32 n) in /src/Cart.cs:line 12", "/src/Cart.cs", 12, 0, "Shop.Cart.Total"),
    ("    at async total (file:///home/dev/shop/x%20y.mjs:1:2)", "/home/dev/shop/x y.mjs", 1, 2, "total"),
    ("    at Object.<anonymous> (src/cart.test.js:5:10)", "src/cart.test.js", 5, 10, "Object.<anonymous>"),
    ("#0 /src/x.php(12): Cart->total()", "/src/x.php", 12, 0, "Cart->total"),
    ("PHP Parse error: syntax error in /src/x.php on line 12", "/src/x.php", 12, 0, ""),
    ("In deploy.sh line 3:", "deploy.sh", 3, 0, ""),
    ("./deploy.sh: line 12: foo: command not found", "./deploy.sh", 12, 0, ""),
    ("src/x.ts(12,3): error TS2322", "src/x.ts", 12, 3, ""),
    ("[ERROR] /src/main/java/Cart.java:[12,5] cannot find symbol", "/src/main/java/Cart.java", 12, 5, ""),
    ("cart.rb:12:in `total': bad (RuntimeError)", "cart.rb", 12, 0, "total"),
    ("  --> src/main.rs:2:5", "src/main.rs", 2, 5, ""),
    ("thread 'main' panicked at src/main.rs:2:5:", "src/main.rs", 2, 5, ""),
    ("\t/home/dev/shop/cart.go:12 +0x1d", "/home/dev/shop/cart.go", 12, 0, ""),
    ("/home/dev/App.vue\n  12:5  error  foo  no-undef", "/home/dev/App.vue", 12, 5, ""),
    ("CMake Error at CMakeLists.txt:12 (find_package):", "CMakeLists.txt", 12, 0, ""),
    ("make: *** [Makefile:2: all] Error 1", "Makefile", 2, 0, ""),
    ("In file included from a.h:1,", "a.h", 1, 0, ""),
    (" \u276f src/cart.test.ts:5:10", "src/cart.test.ts", 5, 10, ""),
    ("    at eval (webpack-internal:///(app)/./src/page.tsx:10:3)", "src/page.tsx", 10, 3, "eval"),
    ("http://localhost:5173/src/App.tsx?t=17:3:4", "src/App.tsx", 3, 4, ""),
    ("src/routes/[id]/page.svelte:3:1", "src/routes/[id]/page.svelte", 3, 1, ""),
    ("[vite] src/App.vue:12:5: unexpected token", "src/App.vue", 12, 5, ""),
    ("at x.pl line 3.", "x.pl", 3, 0, ""),
]


@pytest.mark.parametrize(("text", "path", "line", "column", "function"), FORMATS)
def test_a_place_is_found_in_each_format(text: str, path: str, line: int, column: int, function: str) -> None:
    found = find_references(text)

    assert [(each.path, each.line, each.column, each.function) for each in found] == [(path, line, column, function)]
    assert str(line) in text[found[0].start : found[0].end]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 12:00:01 INFO listening on http://localhost:8000/x and 127.0.0.1:80",
        "example.com:443 is up, ratio 3:2, 10:30:00",
        "node:internal/modules/cjs/loader:1210",
        "  at JSON.parse (<anonymous>)",
        "tests/test_cart.py::test_sum[a-1] PASSED [ 50%]",
        "sha256:3f2504e04f8911d39a0c0305e82c3301",
    ],
)
def test_what_only_looks_like_a_place_is_none(text: str) -> None:
    assert find_references(text) == ()


FILES = ["src/cart.py", "src/deep/util.py", "lib/util.py", "app/src/main/java/com/shop/Cart.java", "web/src/App.vue"]


@pytest.mark.parametrize(
    ("path", "function", "folder", "file"),
    [
        ("src/cart.py", "", "/home/dev/shop", "src/cart.py"),
        ("cart.py", "", "/home/dev/shop/src", "src/cart.py"),
        ("../lib/util.py", "", "/home/dev/shop/src", "lib/util.py"),
        ("/home/dev/shop/src/cart.py", "", "/home/dev/shop/web", "src/cart.py"),
        ("/builds/1234/shop/src/cart.py", "", "/home/dev/shop", "src/cart.py"),
        ("b/src/cart.py", "", "/home/dev/shop", "src/cart.py"),
        ("Cart.java", "com.shop.Cart.total", "/home/dev/shop", "app/src/main/java/com/shop/Cart.java"),
        ("App.vue", "", "/home/dev/shop", "web/src/App.vue"),
        ("util.py", "", "/home/dev/shop", None),
        ("/usr/lib/python3.11/site-packages/src/cart.py", "", "/home/dev/shop", None),
        ("../../../etc/passwd", "", "/home/dev/shop", None),
        ("node_modules/lib/util.py", "", "/home/dev/shop", None),
        ("gone.py", "", "/home/dev/shop", None),
    ],
)
def test_a_printed_path_becomes_a_file_that_exists(path: str, function: str, folder: str, file: str | None) -> None:
    assert FileResolver(FILES, folder).resolve(path, function) == file


def test_a_root_is_believed() -> None:
    reference = PlaceReference("/home/dev/shop/src/cart.py", 1)

    assert resolve(reference, "/somewhere/else", FILES, "/home/dev/shop") == "src/cart.py"
