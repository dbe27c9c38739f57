"""Small broken projects, one for each way in which a tool says that something failed."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A project, the command that fails in it, and what must be understood of the failure."""

    name: str
    tool: str
    needs: str
    """The program that must be installed."""
    command: str
    files: dict[str, str]
    """A line that ends in `@@` is the one that a person would open first."""
    keeps: str
    """Part of the error that no digest may cut."""
    tests: tuple[str, ...] = ()
    """Failing tests, as the tool names them."""
    environment: tuple[tuple[str, str], ...] = ()


CART = """
class Cart:
    def __init__(self, items):
        self.items = items

    def total(self):
        return sum(price(item) for item in self.items)


def price(item):
    return item["price"] * item["count"]{mark}
"""
STEPS = 'for i in range(1, 5001):\n    print(f"step {i} of 5000 is done")\n'


def _python() -> list[Case]:
    main = "from shop.cart import Cart\n\nprint(Cart([{'price': 2}]).total())\n"
    cart = CART.replace("{mark}", "  @@")
    chained = """
import json


class ConfigError(Exception):
    pass


def load(path):
    try:
        return json.loads(path)["name"]{a}
    except KeyError as error:
        raise ConfigError("no name in config") {b}


load("{}")
"""
    group = """
import asyncio


async def fetch(number):
    if number == 2:
        raise ValueError(f"bad page {number}")  @@


async def main():
    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(fetch(number))


asyncio.run(main())
"""
    return [
        Case(
            "python-keyerror", "python", "python", "python main.py", {"main.py": main, "shop/cart.py": cart}, "KeyError: 'count'"
        ),
        Case(
            "python-cause",
            "python",
            "python",
            "python app.py",
            {"app.py": chained.replace("{a}", "  @@").replace("{b}", "from error")},
            "ConfigError: no name",
        ),
        Case(
            "python-during",
            "python",
            "python",
            "python app.py",
            {"app.py": chained.replace("{a}", "").replace("{b}", " @@").replace("error:", "error:")},
            "ConfigError: no name",
        ),
        Case("python-group", "python", "python", "python app.py", {"app.py": group}, "ValueError: bad page 2"),
        Case(
            "python-syntax",
            "python",
            "python",
            "python main.py",
            {"main.py": "import cart\n", "cart.py": "def total(items):\n    return sum(items  @@\n\nx = 1\n"},
            "SyntaxError: '(' was never closed",
        ),
        Case(
            "python-indent",
            "python",
            "python",
            "python cart.py",
            {"cart.py": "def total(items):\n    a = 1\n      return a  @@\n"},
            "IndentationError",
        ),
        Case(
            "python-recursion",
            "python",
            "python",
            "python deep.py",
            {"deep.py": "def down(n):\n    return down(n + 1)  @@\n\n\ndown(0)\n"},
            "RecursionError",
        ),
        Case(
            "python-library",
            "python",
            "python",
            "python read.py",
            {"read.py": "import json\n\n\ndef read(text):\n    return json.loads(text)  @@\n\n\nread('{')\n"},
            "JSONDecodeError",
        ),
        Case(
            "python-import",
            "python",
            "python",
            "python -m shop.main",
            {"shop/__init__.py": "", "shop/main.py": "from shop.cart import Basket  @@\n", "shop/cart.py": "class Cart: ...\n"},
            "ImportError: cannot import name 'Basket'",
        ),
        Case(
            "python-module",
            "python",
            "python",
            "python main.py",
            {"main.py": "import os\nimport shopping  @@\n"},
            "ModuleNotFoundError",
        ),
        Case(
            "python-thread",
            "python",
            "python",
            "python work.py; exit 1",
            {
                "work.py": "import threading\n\n\ndef work():\n    raise OSError('disk is full')  @@\n\n\nt = threading.Thread(target=work)\nt.start()\nt.join()\n"
            },
            "OSError: disk is full",
        ),
        Case(
            "python-long-output",
            "python",
            "python",
            "python noisy.py",
            {"noisy.py": STEPS + "\n\ndef fail():\n    raise RuntimeError('step 5001 failed')  @@\n\n\nfail()\n"},
            "RuntimeError: step 5001 failed",
        ),
        Case(
            "python-then-long",
            "python",
            "python",
            "python first.py 2>&1; python noisy.py; exit 3",
            {"first.py": STEPS + "raise LookupError('lost in the middle')  @@\n", "noisy.py": STEPS},
            "LookupError: lost in the middle",
            (),
            (("PYTHONUNBUFFERED", "1"),),
        ),
        Case(
            "python-assert",
            "python",
            "python",
            "python check.py",
            {
                "check.py": "stock = {'pen': -1}\n\n\ndef check():\n    for name, count in stock.items():\n        assert count >= 0, f'{name} is oversold'  @@\n\n\ncheck()\n"
            },
            "AssertionError: pen is oversold",
        ),
        Case(
            "python-note",
            "python",
            "python",
            "python app.py",
            {
                "app.py": "def order(n):\n    try:\n        int(n)  @@\n    except ValueError as e:\n        e.add_note('while reading an order')\n        raise\n\n\norder('x1')\n"
            },
            "invalid literal for int()",
        ),
        Case(
            "python-runpy",
            "python",
            "python",
            "python -c 'import main'",
            {"main.py": "values = [1, 2]\nprint(values[2])  @@\n"},
            "IndexError: list index out of range",
        ),
    ]


def _pytest() -> list[Case]:
    cart = CART.replace("{mark}", "")
    test = """
import pytest

from cart import Cart


def test_empty():
    assert Cart([]).total() == 0


def test_sum():
    cart = Cart([{"price": 2, "count": 3}])
    assert cart.total() == 7  @@


@pytest.mark.parametrize("count", [1, 2])
def test_counts(count):
    assert Cart([{"price": 1, "count": count}]).total() == count
"""
    broken = CART.replace("{mark}", "  @@")
    raising = 'from cart import Cart\n\n\nclass TestCart:\n    def test_missing(self):\n        assert Cart([{"price": 1}]).total() == 1\n'
    ini = "[pytest]\naddopts = -p no:cacheprovider\n"
    both = {"cart.py": cart, "test_cart.py": test, "pytest.ini": ini}
    deep = {"cart.py": broken, "tests/test_deep.py": raising, "pytest.ini": ini + "pythonpath = .\n"}
    param = 'import pytest\n\n\n@pytest.mark.parametrize("text", ["a b", "x/y", "[z]"])\ndef test_slug(text):\n    assert text.isidentifier()  @@\n'
    fixture = "import pytest\n\n\n@pytest.fixture\ndef database():\n    raise ConnectionError('no database')  @@\n\n\ndef test_read(database):\n    assert database\n"
    lost = "def test_order(ordr):  @@\n    assert ordr\n"
    ids = ("test_cart.py::test_sum",)
    deep_ids = ("tests/test_deep.py::TestCart::test_missing",)
    collect = {
        "tests/test_bad.py": "import cart\nfrom cart import Basket  @@\n\n\ndef test_one():\n    pass\n",
        "cart.py": "X = 1\n",
        "pytest.ini": ini + "pythonpath = .\n",
    }
    syntax = {"test_bad.py": "def test_one():\n    assert 1 ==  @@\n", "pytest.ini": ini}
    many = "import pytest\n\n\n@pytest.mark.parametrize('n', range(30))\ndef test_even(n):\n    assert n % 2 == 0  @@\n"
    noisy = "import sys\n\n\ndef test_noise():\n    for i in range(1, 4001):\n        print(f'step {i} of 4000 is done')\n    value = 3\n    assert value == 4, 'wrong after the noise'  @@\n"
    return [
        Case("pytest-assert", "pytest", "pytest", "pytest", both, "assert 6 == 7", ids),
        Case("pytest-quiet", "pytest", "pytest", "pytest -q", both, "assert 6 == 7", ids),
        Case("pytest-verbose-colour", "pytest", "pytest", "pytest -v --color=yes", both, "assert 6 == 7", ids),
        Case("pytest-short", "pytest", "pytest", "pytest --tb=short", both, "assert 6 == 7", ids),
        Case("pytest-line", "pytest", "pytest", "pytest --tb=line", both, "assert 6 == 7", ids),
        Case("pytest-native", "pytest", "pytest", "pytest --tb=native", both, "assert 6 == 7", ids),
        Case("pytest-no-tb", "pytest", "pytest", "pytest --tb=short -rN", both, "assert 6 == 7"),
        Case("pytest-locals", "pytest", "pytest", "pytest -l", both, "assert 6 == 7", ids),
        Case("pytest-deep", "pytest", "pytest", "pytest", deep, "KeyError: 'count'", deep_ids),
        Case("pytest-deep-short", "pytest", "pytest", "pytest --tb=short -q", deep, "KeyError: 'count'", deep_ids),
        Case("pytest-deep-native", "pytest", "pytest", "pytest --tb=native", deep, "KeyError: 'count'", deep_ids),
        Case("pytest-deep-line", "pytest", "pytest", "pytest --tb=line", deep, "KeyError: 'count'", deep_ids),
        Case("pytest-xdist", "pytest", "pytest", "pytest -n 2 -v", both, "assert 6 == 7", ids),
        Case(
            "pytest-parametrised",
            "pytest",
            "pytest",
            "pytest",
            {"test_slug.py": param, "pytest.ini": ini},
            "isidentifier",
            ("test_slug.py::test_slug[a b]", "test_slug.py::test_slug[x/y]", "test_slug.py::test_slug[[z]]"),
        ),
        Case(
            "pytest-fixture",
            "pytest",
            "pytest",
            "pytest",
            {"test_db.py": fixture, "pytest.ini": ini},
            "ConnectionError: no database",
            ("test_db.py::test_read",),
        ),
        Case(
            "pytest-fixture-unknown",
            "pytest",
            "pytest",
            "pytest",
            {"test_db.py": lost, "pytest.ini": ini},
            "fixture 'ordr' not found",
            ("test_db.py::test_order",),
        ),
        Case("pytest-collection", "pytest", "pytest", "pytest", collect, "cannot import name 'Basket'", ("tests/test_bad.py",)),
        Case("pytest-collection-syntax", "pytest", "pytest", "pytest", syntax, "SyntaxError: invalid syntax", ("test_bad.py",)),
        Case(
            "pytest-many",
            "pytest",
            "pytest",
            "pytest -q",
            {"test_even.py": many, "pytest.ini": ini},
            "assert (1 % 2) == 0",
            tuple(f"test_even.py::test_even[{n}]" for n in range(1, 30, 2)),
        ),
        Case(
            "pytest-noise",
            "pytest",
            "pytest",
            "pytest",
            {"test_noise.py": noisy, "pytest.ini": ini},
            "wrong after the noise",
            ("test_noise.py::test_noise",),
        ),
        Case(
            "pytest-raises",
            "pytest",
            "pytest",
            "pytest",
            {
                "test_r.py": "import pytest\n\n\ndef test_refuses():\n    with pytest.raises(ValueError):  @@\n        int('3')\n",
                "pytest.ini": ini,
            },
            "DID NOT RAISE",
            ("test_r.py::test_refuses",),
        ),
        Case(
            "pytest-conftest",
            "pytest",
            "pytest",
            "pytest",
            {"conftest.py": "import nowhere  @@\n", "test_a.py": "def test_a(): ...\n", "pytest.ini": ini},
            "No module named 'nowhere'",
        ),
    ]


def _unittest() -> list[Case]:
    test = "import unittest\n\nfrom cart import Cart\n\n\nclass CartTest(unittest.TestCase):\n    def test_sum(self):\n        self.assertEqual(Cart([{'price': 2, 'count': 3}]).total(), 7)  @@\n\n    def test_none(self):\n        self.assertEqual(Cart([]).total(), 0)\n"
    error = "import unittest\n\nfrom cart import Cart\n\n\nclass CartTest(unittest.TestCase):\n    def test_missing(self):\n        Cart([{'price': 2}]).total()\n"
    doctest = 'def add(a, b):\n    """Add.\n\n    >>> add(1, 2)  @@\n    4\n    """\n    return a + b\n'
    return [
        Case(
            "unittest-assert",
            "unittest",
            "python",
            "python -m unittest",
            {"test_cart.py": test, "cart.py": CART.replace("{mark}", "")},
            "AssertionError: 6 != 7",
            ("test_cart.CartTest.test_sum",),
        ),
        Case(
            "unittest-verbose",
            "unittest",
            "python",
            "python -m unittest -v",
            {"test_cart.py": test, "cart.py": CART.replace("{mark}", "")},
            "AssertionError: 6 != 7",
            ("test_cart.CartTest.test_sum",),
        ),
        Case(
            "unittest-error",
            "unittest",
            "python",
            "python -m unittest",
            {"test_cart.py": error, "cart.py": CART.replace("{mark}", "  @@")},
            "KeyError: 'count'",
            ("test_cart.CartTest.test_missing",),
        ),
        Case(
            "unittest-import",
            "unittest",
            "python",
            "python -m unittest",
            {"test_cart.py": "import unittest\nimport basket  @@\n"},
            "No module named 'basket'",
            ("test_cart",),
        ),
        Case("doctest", "doctest", "python", "python -m doctest sums.py", {"sums.py": doctest}, "Expected:"),
    ]


def _checkers() -> list[Case]:
    typed = "def total(items: list[int]) -> str:\n    return sum(items)  @@\n\n\nx: int = 'a'\n"
    unused = "import sys\n\n\ndef f():\n    return undefined_name\n"
    return [
        Case("mypy", "mypy", "mypy", "mypy cart.py", {"cart.py": typed}, "Incompatible return value type"),
        Case(
            "mypy-columns",
            "mypy",
            "mypy",
            "mypy --show-column-numbers --pretty cart.py",
            {"cart.py": typed},
            "Incompatible return value type",
        ),
        Case(
            "mypy-colour",
            "mypy",
            "mypy",
            "mypy cart.py",
            {"cart.py": typed},
            "Incompatible return value type",
            (),
            (("MYPY_FORCE_COLOR", "1"),),
        ),
        Case(
            "mypy-notes", "mypy", "mypy", "mypy .", {"cart.py": "import yaml_nowhere  @@\n\nreveal_type(1)\n"}, "import-not-found"
        ),
        Case(
            "ruff-full",
            "ruff",
            "ruff",
            "ruff check --isolated --no-cache .",
            {"app.py": unused.replace("import sys", "import sys  @@")},
            "F401",
        ),
        Case(
            "ruff-concise",
            "ruff",
            "ruff",
            "ruff check --isolated --no-cache --output-format concise .",
            {"app.py": unused.replace("import sys", "import sys  @@")},
            "F401",
        ),
        Case(
            "ruff-syntax",
            "ruff",
            "ruff",
            "ruff check --isolated --no-cache .",
            {"app.py": "def f(:  @@\n    pass\n"},
            "invalid-syntax",
        ),
        Case(
            "pip-no-project",
            "pip",
            "uv",
            "uv pip install --offline --no-index nowhere-to-be-found",
            {"requirements.txt": "nowhere\n"},
            "nowhere-to-be-found",
        ),
    ]


def _javascript() -> list[Case]:
    cart = "function total(items) {\n  return items.map((item) => item.price.value).reduce((a, b) => a + b, 0);  @@\n}\n\nmodule.exports = { total };\n"
    plain = cart.replace("  @@", "")
    use = "const { total } = require('./src/cart');\n\nconsole.log(total([{}]));\n"
    ok = "function add(a, b) {\n  return a - b;\n}\n\nmodule.exports = { add };\n"
    jest = "const { add } = require('../src/sums');\n\ndescribe('sums', () => {\n  test('adds', () => {\n    expect(add(1, 2)).toBe(3);  @@\n  });\n\n  test('adds nothing', () => {\n    expect(add(0, 0)).toBe(0);\n  });\n});\n"
    jest_deep = (
        "const { total } = require('../src/cart');\n\ntest('total of prices', () => {\n  expect(total([{}])).toBe(0);\n});\n"
    )
    vitest = "import { describe, expect, it } from 'vitest'\nimport { add } from './sums'\n\ndescribe('sums', () => {\n  it('adds', () => {\n    expect(add(1, 2)).toBe(3)  @@\n  })\n})\n"
    sums_ts = "export function add(a: number, b: number): number {\n  return a - b\n}\n"
    mocha = "const assert = require('assert');\nconst { add } = require('../src/sums');\n\ndescribe('sums', () => {\n  it('adds', () => {\n    assert.strictEqual(add(1, 2), 3);  @@\n  });\n});\n"
    node_test = "const test = require('node:test');\nconst assert = require('node:assert');\n\ntest('adds', () => {\n  assert.strictEqual(1 + 1, 3);  @@\n});\n"
    package = '{"name": "shop", "version": "1.0.0"}\n'
    jest_files = {"src/sums.js": ok, "test/sums.test.js": jest, "package.json": package}
    esm_cause = "function read() {\n  try {\n    JSON.parse('{');  @@\n  } catch (error) {\n    throw new Error('cannot read config', { cause: error });\n  }\n}\n\nread();\n"
    return [
        Case(
            "node-typeerror",
            "node",
            "node",
            "node main.js",
            {"main.js": use, "src/cart.js": cart},
            "TypeError: Cannot read properties of undefined",
        ),
        Case(
            "node-syntax",
            "node",
            "node",
            "node main.js",
            {"main.js": "const a = 1;\nconst b = ;  @@\n"},
            "SyntaxError: Unexpected token",
        ),
        Case(
            "node-module",
            "node",
            "node",
            "node main.js",
            {"main.js": "const a = 1;\nrequire('./nowhere');  @@\n"},
            "Cannot find module './nowhere'",
        ),
        Case(
            "node-rejection",
            "node",
            "node",
            "node main.mjs",
            {"main.mjs": "async function load() {\n  throw new RangeError('page 9 of 3');  @@\n}\n\nawait load();\n"},
            "RangeError: page 9 of 3",
        ),
        Case("node-cause", "node", "node", "node main.mjs", {"main.mjs": esm_cause}, "cannot read config"),
        Case(
            "node-test",
            "node:test",
            "node",
            "node --test",
            {"sums.test.js": node_test},
            "Expected values to be strictly equal",
            ("adds",),
        ),
        Case(
            "node-test-spec",
            "node:test",
            "node",
            "node --test --test-reporter=spec",
            {"sums.test.js": node_test},
            "Expected values to be strictly equal",
            ("adds",),
        ),
        Case("jest", "jest", "jest", "jest", jest_files, "Expected: 3", ("sums › adds",)),
        Case("jest-colour", "jest", "jest", "jest --colors", jest_files, "Expected: 3", ("sums › adds",)),
        Case(
            "jest-deep",
            "jest",
            "jest",
            "jest",
            {"src/cart.js": cart, "test/cart.test.js": jest_deep, "package.json": package},
            "Cannot read properties of undefined",
            ("total of prices",),
        ),
        Case(
            "jest-import",
            "jest",
            "jest",
            "jest",
            {"test/a.test.js": "const a = require('../src/nowhere');  @@\n\ntest('x', () => {});\n", "package.json": package},
            "Cannot find module '../src/nowhere'",
            ("test/a.test.js",),
        ),
        Case(
            "vitest",
            "vitest",
            "vitest",
            "vitest run",
            {"src/sums.ts": sums_ts, "src/sums.test.ts": vitest, "package.json": package},
            "expected -1 to be 3",
            ("src/sums.test.ts > sums > adds",),
        ),
        Case(
            "vitest-colour",
            "vitest",
            "vitest",
            "vitest run",
            {"src/sums.ts": sums_ts, "src/sums.test.ts": vitest, "package.json": package},
            "expected -1 to be 3",
            ("src/sums.test.ts > sums > adds",),
            (("FORCE_COLOR", "1"),),
        ),
        Case(
            "vitest-deep",
            "vitest",
            "vitest",
            "vitest run",
            {
                "src/cart.ts": "export const total = (items: any[]) =>\n  items.map((item) => item.price.value)  @@\n",
                "src/cart.test.ts": "import { expect, it } from 'vitest'\nimport { total } from './cart'\n\nit('totals', () => {\n  expect(total([{}])).toEqual([])\n})\n",
                "package.json": package,
            },
            "Cannot read properties of undefined",
            ("src/cart.test.ts > totals",),
        ),
        Case(
            "mocha",
            "mocha",
            "mocha",
            "mocha",
            {"src/sums.js": ok, "test/sums.js": mocha, "package.json": package},
            "AssertionError",
            ("sums adds",),
        ),
        Case(
            "tsc",
            "tsc",
            "tsc",
            "tsc --noEmit --strict src/cart.ts",
            {
                "src/cart.ts": "export function total(items: number[]): string {\n  return items.length;  @@\n}\n\nconst n: number = 'a';\n"
            },
            "TS2322",
        ),
        Case(
            "tsc-pretty",
            "tsc",
            "tsc",
            "tsc --noEmit --strict --pretty src/cart.ts",
            {"src/cart.ts": "export function total(items: number[]): string {\n  return items.length;  @@\n}\n"},
            "TS2322",
        ),
        Case(
            "eslint",
            "eslint",
            "eslint",
            "eslint .",
            {
                "src/a.js": "const x = 1;\nconsole.log(y);  @@\n",
                "eslint.config.mjs": "export default [{ rules: { 'no-undef': 'error', 'no-unused-vars': 'warn' } }]\n",
            },
            "no-undef",
        ),
        Case(
            "eslint-colour",
            "eslint",
            "eslint",
            "eslint --color src",
            {
                "src/a.js": "const x = 1;\nconsole.log(y);  @@\n",
                "eslint.config.mjs": "export default [{ rules: { 'no-undef': 'error', 'no-unused-vars': 'warn' } }]\n",
            },
            "no-undef",
        ),
        Case(
            "node-plain",
            "node",
            "node",
            "node main.js",
            {
                "main.js": use,
                "src/cart.js": plain.replace("return items.map", "throw 'plain text'; items.map")
                .replace("'plain text';", "new Error('no items');")
                .replace("0);", "0);  @@"),
            },
            "no items",
        ),
    ]


def _go() -> list[Case]:
    mod = "module example.com/shop\n\ngo 1.19\n"
    cart = "package shop\n\nfunc Total(prices []int) int {\n\treturn prices[3]  @@\n}\n"
    test = 'package shop\n\nimport "testing"\n\nfunc TestTotal(t *testing.T) {\n\tif got := Total([]int{1}); got != 1 {\n\t\tt.Errorf("got %d, want 1", got)  @@\n\t}\n}\n\nfunc TestOther(t *testing.T) {}\n'
    main = 'package main\n\nimport "fmt"\n\ntype cart struct{ items map[string]int }\n\nfunc (c *cart) add(name string) {\n\tc.items[name]++  @@\n}\n\nfunc main() {\n\tvar c cart\n\tc.add("pen")\n\tfmt.Println(c)\n}\n'
    return [
        Case(
            "go-build",
            "go",
            "go",
            "go build ./...",
            {"go.mod": mod, "cart.go": 'package shop\n\nimport "os"  @@\n\nfunc Total() int {\n\treturn "a"\n}\n'},
            "imported and not used",
        ),
        Case(
            "go-vet",
            "go",
            "go",
            "go vet ./...",
            {"go.mod": mod, "cart.go": 'package shop\n\nimport "fmt"\n\nfunc Show() {\n\tfmt.Printf("%d", "a")  @@\n}\n'},
            "wrong type",
        ),
        Case(
            "go-test",
            "go",
            "go",
            "go test ./...",
            {"go.mod": mod, "cart.go": "package shop\n\nfunc Total(prices []int) int { return 0 }\n", "cart_test.go": test},
            "got 0, want 1",
            ("TestTotal",),
        ),
        Case(
            "go-test-verbose",
            "go",
            "go",
            "go test -v ./...",
            {"go.mod": mod, "cart.go": "package shop\n\nfunc Total(prices []int) int { return 0 }\n", "cart_test.go": test},
            "got 0, want 1",
            ("TestTotal",),
        ),
        Case(
            "go-test-panic",
            "go",
            "go",
            "go test ./...",
            {"go.mod": mod, "cart.go": cart, "cart_test.go": test.replace("  @@", "")},
            "index out of range [3]",
            ("TestTotal",),
        ),
        Case("go-panic", "go", "go", "go run .", {"go.mod": mod, "main.go": main}, "assignment to entry in nil map"),
        Case(
            "go-subtest",
            "go",
            "go",
            "go test ./...",
            {
                "go.mod": mod,
                "a.go": "package shop\n",
                "a_test.go": 'package shop\n\nimport "testing"\n\nfunc TestTable(t *testing.T) {\n\tt.Run("small", func(t *testing.T) {\n\t\tt.Fatal("too small")  @@\n\t})\n}\n',
            },
            "too small",
            ("TestTable/small",),
        ),
        Case(
            "go-syntax",
            "go",
            "go",
            "go run main.go",
            {"main.go": "package main\n\nfunc main() {\n\tx := [\n}  @@\n"},
            "syntax error",
        ),
    ]


def _rust() -> list[Case]:
    cargo = '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n'
    types = 'fn total(prices: &[u32]) -> u32 {\n    let unused = 1;\n    prices.len()  @@\n}\n\nfn main() {\n    println!("{}", total(&[1]));\n}\n'
    panic = 'fn third(prices: &[u32]) -> u32 {\n    prices[3]  @@\n}\n\nfn main() {\n    let prices = vec![1, 2];\n    println!("{}", third(&prices));\n}\n'
    test = "pub fn add(a: u32, b: u32) -> u32 {\n    a * b\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds() {\n        assert_eq!(add(1, 2), 3);  @@\n    }\n\n    #[test]\n    fn adds_nothing() {\n        assert_eq!(add(0, 0), 0);\n    }\n}\n"
    borrow = 'fn main() {\n    let a = String::from("x");\n    let b = a;\n    println!("{a} {b}");  @@\n}\n'
    return [
        Case("rustc", "rustc", "rustc", "rustc main.rs", {"main.rs": types}, "error[E0308]: mismatched types"),
        Case("rustc-borrow", "rustc", "rustc", "rustc main.rs", {"main.rs": borrow}, "error[E0382]: borrow of moved value"),
        Case("rustc-colour", "rustc", "rustc", "rustc --color always main.rs", {"main.rs": types}, "mismatched types"),
        Case(
            "cargo-build",
            "cargo",
            "cargo",
            "cargo build",
            {"Cargo.toml": cargo, "src/main.rs": types},
            "error[E0308]: mismatched types",
        ),
        Case("cargo-panic", "cargo", "cargo", "cargo run", {"Cargo.toml": cargo, "src/main.rs": panic}, "index out of bounds"),
        Case(
            "cargo-backtrace",
            "cargo",
            "cargo",
            "cargo run",
            {
                "Cargo.toml": cargo,
                "src/main.rs": panic.replace("    prices[3]  @@", '    prices.get(3).copied().expect("three prices")  @@'),
            },
            "three prices",
            (),
            (("RUST_BACKTRACE", "1"),),
        ),
        Case(
            "cargo-test",
            "cargo",
            "cargo",
            "cargo test",
            {"Cargo.toml": cargo, "src/lib.rs": test},
            "assertion `left == right` failed",
            ("tests::adds",),
        ),
        Case(
            "cargo-check",
            "cargo",
            "cargo",
            "cargo check",
            {
                "Cargo.toml": cargo,
                "src/main.rs": "mod cart;\n\nfn main() {\n    cart::total();\n}\n",
                "src/cart.rs": "pub fn total() -> u32 {\n    missing_name  @@\n}\n",
            },
            "E0425",
        ),
    ]


def _java() -> list[Case]:
    cart = "package shop;\n\npublic class Cart {\n    static int total(String price) {\n        return price.length();  @@\n    }\n\n    public static void main(String[] args) {\n        System.out.println(total(null));\n    }\n}\n"
    caused = 'package shop;\n\npublic class Config {\n    static int port(String text) {\n        return Integer.parseInt(text);  @@\n    }\n\n    public static void main(String[] args) {\n        try {\n            port("x");\n        } catch (NumberFormatException e) {\n            throw new IllegalStateException("bad config", e);\n        }\n    }\n}\n'
    bad = "package shop;\n\npublic class Cart {\n    int total() {\n        return prices;  @@\n    }\n\n    String name() {\n        return 1;\n    }\n}\n"
    junit = "package shop;\n\nimport static org.junit.Assert.assertEquals;\n\nimport org.junit.Test;\n\npublic class CartTest {\n    @Test\n    public void adds() {\n        assertEquals(3, Cart.add(1, 2));  @@\n    }\n}\n"
    add = "package shop;\n\npublic class Cart {\n    static int add(int a, int b) {\n        return a - b;\n    }\n}\n"
    pom = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>shop</groupId><artifactId>shop</artifactId><version>1</version>
<properties><maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies><dependency><groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>5.10.2</version><scope>test</scope></dependency></dependencies>
<build><plugins><plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin><plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
<plugin><artifactId>maven-surefire-plugin</artifactId><version>3.2.5</version></plugin></plugins></build></project>
"""
    jupiter = junit.replace("org.junit.Assert.assertEquals", "org.junit.jupiter.api.Assertions.assertEquals").replace(
        "org.junit.Test", "org.junit.jupiter.api.Test"
    )
    run = "javac -d out src/shop/*.java && java -cp out shop."
    jars = "/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar:/usr/share/java/hamcrest.jar"
    return [
        Case("java-null", "java", "javac", f"{run}Cart", {"src/shop/Cart.java": cart}, "NullPointerException"),
        Case(
            "java-caused",
            "java",
            "javac",
            f"{run}Config",
            {"src/shop/Config.java": caused},
            "Caused by: java.lang.NumberFormatException",
        ),
        Case("javac", "javac", "javac", "javac -d out src/shop/Cart.java", {"src/shop/Cart.java": bad}, "cannot find symbol"),
        Case(
            "java-single",
            "java",
            "java",
            "java src/Main.java",
            {
                "src/Main.java": "public class Main {\n    public static void main(String[] args) {\n        int[] a = new int[2];\n        a[2] = 1;  @@\n    }\n}\n"
            },
            "ArrayIndexOutOfBoundsException",
        ),
        Case(
            "junit",
            "junit",
            "javac",
            f"javac -cp {jars} -d out src/shop/*.java && java -cp out:{jars} org.junit.runner.JUnitCore shop.CartTest",
            {"src/shop/Cart.java": add, "src/shop/CartTest.java": junit},
            "expected:<3> but was:<-1>",
            ("shop.CartTest.adds",),
        ),
        Case(
            "maven-compile",
            "maven",
            "mvn",
            "mvn -o -B compile",
            {"pom.xml": pom, "src/main/java/shop/Cart.java": bad},
            "cannot find symbol",
        ),
        Case(
            "maven-test",
            "maven",
            "mvn",
            "mvn -o -B test",
            {"pom.xml": pom, "src/main/java/shop/Cart.java": add, "src/test/java/shop/CartTest.java": jupiter},
            "expected: <3> but was: <-1>",
            ("shop.CartTest.adds",),
        ),
        Case(
            "maven-colour",
            "maven",
            "mvn",
            "mvn -o -B -Dstyle.color=always compile",
            {"pom.xml": pom, "src/main/java/shop/Cart.java": bad},
            "cannot find symbol",
        ),
        Case(
            "gradle-compile",
            "gradle",
            "gradle",
            "gradle --offline --no-daemon compileJava",
            {
                "build.gradle": "apply plugin: 'java'\n",
                "settings.gradle": "rootProject.name = 'shop'\n",
                "src/main/java/shop/Cart.java": bad,
            },
            "cannot find symbol",
        ),
        Case(
            "gradle-script",
            "gradle",
            "gradle",
            "gradle --offline --no-daemon build",
            {"build.gradle": "apply plugin: 'java'\n\nversionn '1'  @@\n"},
            "versionn",
        ),
    ]


def _c() -> list[Case]:
    bad = '#include <stdio.h>\n\nint total(int count) {\n    int unused;\n    return counts * 2;  @@\n}\n\nint main(void) {\n    return total("a");\n}\n'
    header = {
        "cart.h": "struct cart {\n    item items[10];  @@\n};\n",
        "shop.h": '#include "cart.h"\n',
        "main.c": '#include "shop.h"\n\nint main(void) { return 0; }\n',
    }
    template = "#include <algorithm>\n#include <list>\n\nint main() {\n    std::list<int> prices{2, 1};\n    std::sort(prices.begin(), prices.end());  @@\n}\n"
    link = "int total(int);\n\nint main(void) {\n    return total(1);  @@\n}\n"
    make = {"Makefile": "all: shop\n\nshop: main.c\n\tgcc -Wall -o shop main.c\n", "main.c": bad}
    cmake = "cmake_minimum_required(VERSION 3.10)\nproject(shop C)\n"
    overflow = "#include <assert.h>\n\nstatic void check(int stock) {\n    assert(stock >= 0);  @@\n}\n\nint main(void) {\n    check(-1);\n}\n"
    asan = "#include <stdlib.h>\n\nint main(void) {\n    int *a = malloc(4 * sizeof *a);\n    int b = a[4];  @@\n    free(a);\n    return b;\n}\n"
    return [
        Case("gcc", "gcc", "gcc", "gcc -Wall -c main.c", {"main.c": bad}, "undeclared"),
        Case("gcc-colour", "gcc", "gcc", "gcc -Wall -fdiagnostics-color=always -c main.c", {"main.c": bad}, "undeclared"),
        Case("gcc-included", "gcc", "gcc", "gcc -c main.c", header, "unknown type name"),
        Case("g++-template", "gcc", "g++", "g++ -c main.cpp", {"main.cpp": template}, "no match for"),
        Case(
            "gcc-missing-header",
            "gcc",
            "gcc",
            "gcc -c main.c",
            {"main.c": '#include <stdio.h>\n#include "nowhere.h"  @@\n'},
            "nowhere.h: No such file",
        ),
        Case("clang", "clang", "clang", "clang -Wall -c main.c", {"main.c": bad}, "undeclared"),
        Case("clang-included", "clang", "clang", "clang -c main.c", header, "unknown type name"),
        Case("ld", "ld", "gcc", "gcc -g -o shop main.c", {"main.c": link}, "undefined reference to `total'"),
        Case("make-gcc", "make", "make", "make", make, "undeclared"),
        Case(
            "make-missing",
            "make",
            "make",
            "make",
            {"Makefile": "all: shop.o\n\nclean:\n\trm -f shop\n"},
            "No rule to make target",
        ),
        Case("make-separator", "make", "make", "make", {"Makefile": "all:\n    echo hello  @@\n"}, "missing separator"),
        Case("make-recipe", "make", "make", "make", {"Makefile": "all: check\n\ncheck:\n\tfalse  @@\n"}, "Error 1"),
        Case(
            "cmake-configure",
            "cmake",
            "cmake",
            "cmake -B build",
            {"CMakeLists.txt": cmake + "find_package(Nowhere REQUIRED)  @@\n"},
            "Could not find",
        ),
        Case(
            "cmake-function",
            "cmake",
            "cmake",
            "cmake -B build",
            {
                "CMakeLists.txt": cmake + "include(cmake/extra.cmake)\n",
                "cmake/extra.cmake": 'function(check)\n  message(FATAL_ERROR "no compiler for you")  @@\nendfunction()\n\ncheck()\n',
            },
            "no compiler for you",
        ),
        Case(
            "cmake-build",
            "cmake",
            "cmake",
            "cmake -B build > configure.log; cmake --build build",
            {"CMakeLists.txt": cmake + "add_executable(shop main.c)\n", "main.c": bad},
            "undeclared",
        ),
        Case("c-assert", "c", "gcc", "gcc -g -o shop main.c && ./shop", {"main.c": overflow}, "Assertion `stock >= 0' failed"),
        Case(
            "c-sanitizer",
            "c",
            "gcc",
            "gcc -g -fsanitize=address -o shop main.c && ./shop",
            {"main.c": asan},
            "heap-buffer-overflow",
        ),
    ]


def _ruby_php_dotnet_shell() -> list[Case]:
    rb = "class Cart\n  def total(items)\n    items.sum { |item| item.fetch(:price) }  @@\n  end\nend\n"
    rspec = "require_relative '../cart'\n\nRSpec.describe Cart do\n  it 'adds prices' do\n    expect(Cart.new.total([{ price: 2 }])).to eq(3)  @@\n  end\n\n  it 'is empty' do\n    expect(Cart.new.total([])).to eq(0)\n  end\nend\n"
    minitest = "require 'minitest/autorun'\nrequire_relative 'cart'\n\nclass CartTest < Minitest::Test\n  def test_sum\n    assert_equal 3, Cart.new.total([{ price: 2 }])  @@\n  end\nend\n"
    clean = rb.replace("  @@", "")
    php = "<?php\n\nclass Cart\n{\n    public function total(array $items): int\n    {\n        return array_sum(array_map(fn ($item) => intdiv($item, 0), $items));  @@\n    }\n}\n"
    phpunit = "<?php\n\nuse PHPUnit\\Framework\\TestCase;\n\nfinal class CartTest extends TestCase\n{\n    public function testAdds(): void\n    {\n        $this->assertSame(3, 1 + 1);  @@\n    }\n\n    public function testNothing(): void\n    {\n        $this->assertSame(0, 0);\n    }\n}\n"
    cs = "using System;\n\nnamespace Shop\n{\n    public static class Cart\n    {\n        static int Total(string text)\n        {\n            return text.Length;  @@\n        }\n\n        public static void Main()\n        {\n            Console.WriteLine(Total(null));\n        }\n    }\n}\n"
    cs_inner = 'using System;\n\npublic static class Config\n{\n    static int Port(string text)\n    {\n        return int.Parse(text);  @@\n    }\n\n    public static void Main()\n    {\n        try { Port("x"); }\n        catch (FormatException e) { throw new InvalidOperationException("bad config", e); }\n    }\n}\n'
    sh = '#!/bin/bash\nset -e\nname=shop\n\nship() {\n  frobnicate "$name"  @@\n}\n\nship\n'
    return [
        Case(
            "ruby-exception",
            "ruby",
            "ruby",
            "ruby main.rb",
            {"main.rb": "require_relative 'cart'\n\nputs Cart.new.total([{}])\n", "cart.rb": rb},
            "key not found: :price",
        ),
        Case(
            "ruby-name",
            "ruby",
            "ruby",
            "ruby main.rb",
            {"main.rb": "x = 1\nputs valu  @@\n"},
            "undefined local variable or method",
        ),
        Case(
            "ruby-syntax", "ruby", "ruby", "ruby main.rb", {"main.rb": "def total(items\n  items.sum  @@\nend\n"}, "syntax error"
        ),
        Case(
            "ruby-cause",
            "ruby",
            "ruby",
            "ruby main.rb",
            {
                "main.rb": "def port(text)\n  Integer(text)  @@\nend\n\nbegin\n  port('x')\nrescue ArgumentError\n  raise 'bad config'\nend\n"
            },
            "bad config (RuntimeError)",
        ),
        Case(
            "rspec",
            "rspec",
            "rspec",
            "rspec",
            {"cart.rb": clean, "spec/cart_spec.rb": rspec},
            "expected: 3",
            ("./spec/cart_spec.rb:4",),
        ),
        Case(
            "rspec-colour",
            "rspec",
            "rspec",
            "rspec --force-color",
            {"cart.rb": clean, "spec/cart_spec.rb": rspec},
            "expected: 3",
            ("./spec/cart_spec.rb:4",),
        ),
        Case(
            "rspec-error",
            "rspec",
            "rspec",
            "rspec",
            {
                "cart.rb": rb,
                "spec/cart_spec.rb": "require_relative '../cart'\n\nRSpec.describe Cart do\n  it 'needs prices' do\n    Cart.new.total([{}])\n  end\nend\n",
            },
            "key not found: :price",
            ("./spec/cart_spec.rb:4",),
        ),
        Case(
            "minitest",
            "minitest",
            "ruby",
            "ruby test_cart.rb",
            {"cart.rb": clean, "test_cart.rb": minitest},
            "Expected: 3",
            ("CartTest#test_sum",),
        ),
        Case(
            "php-exception",
            "php",
            "php",
            "php main.php",
            {"main.php": "<?php\n\nrequire 'src/Cart.php';\n\necho (new Cart())->total([1]);\n", "src/Cart.php": php},
            "DivisionByZeroError",
        ),
        Case("php-parse", "php", "php", "php main.php", {"main.php": "<?php\n\n$a = [1, 2;  @@\n"}, "syntax error"),
        Case(
            "php-undefined",
            "php",
            "php",
            "php main.php",
            {"main.php": "<?php\n\nfunction ship() {\n    missing_function();  @@\n}\n\nship();\n"},
            "Call to undefined function missing_function()",
        ),
        Case(
            "phpunit",
            "phpunit",
            "phpunit",
            "phpunit tests",
            {"tests/CartTest.php": phpunit},
            "Failed asserting that 2 is identical to 3",
            ("CartTest::testAdds",),
        ),
        Case(
            "phpunit-error",
            "phpunit",
            "phpunit",
            "phpunit tests",
            {
                "src/Cart.php": php,
                "tests/CartTest.php": "<?php\n\nrequire_once __DIR__ . '/../src/Cart.php';\n\nfinal class CartTest extends PHPUnit\\Framework\\TestCase\n{\n    public function testTotal(): void\n    {\n        $this->assertSame(1, (new Cart())->total([1]));\n    }\n}\n",
            },
            "DivisionByZeroError: Division by zero",
            ("CartTest::testTotal",),
        ),
        Case(
            "mono-compile",
            ".net",
            "mcs",
            "mcs src/Cart.cs",
            {
                "src/Cart.cs": "class Cart\n{\n    int Total()\n    {\n        return prices;  @@\n    }\n\n    static void Main() { }\n}\n"
            },
            "CS0103",
        ),
        Case(
            "mono-exception",
            ".net",
            "mcs",
            "mcs -debug src/Cart.cs && mono --debug -O=-inline src/Cart.exe",
            {"src/Cart.cs": cs},
            "NullReferenceException",
        ),
        Case(
            "mono-inner",
            ".net",
            "mcs",
            "mcs -debug Config.cs && mono --debug -O=-inline Config.exe",
            {"Config.cs": cs_inner},
            "bad config",
        ),
        Case("bash-command", "bash", "bash", "./ship.sh", {"ship.sh": sh}, "frobnicate: command not found"),
        Case(
            "bash-syntax",
            "bash",
            "bash",
            "bash ship.sh",
            {"ship.sh": "if true; then\n  echo a\nfi)  @@\n"},
            "syntax error near unexpected token",
        ),
        Case(
            "bash-unbound",
            "bash",
            "bash",
            "bash ship.sh",
            {"ship.sh": 'set -u\necho start\necho "$nothing"  @@\n'},
            "nothing: unbound variable",
        ),
        Case(
            "sh-dash",
            "bash",
            "dash",
            "dash ship.sh",
            {"ship.sh": "set -e\necho start\nfrobnicate  @@\n"},
            "frobnicate: not found",
        ),
        Case(
            "shellcheck",
            "shellcheck",
            "shellcheck",
            "shellcheck ship.sh",
            {"ship.sh": "#!/bin/bash\ncd $1  @@\nrm *\n"},
            "SC2164",
        ),
        Case(
            "shellcheck-gcc",
            "shellcheck",
            "shellcheck",
            "shellcheck -f gcc ship.sh",
            {"ship.sh": "#!/bin/bash\ncd $1  @@\nrm *\n"},
            "SC2164",
        ),
    ]


def _varied() -> list[Case]:
    """Cases that were written after the parsers, to see how they do on what they were not made for."""
    ini = "[pytest]\naddopts = -p no:cacheprovider\npythonpath = src\n"
    wrapped = """
class StoreError(Exception):
    pass


def read(key):
    try:
        return {}[key]  @@
    except KeyError as error:
        raise StoreError(key) from error
"""
    uses = "import pytest\n\nfrom store import read\n\n\n@pytest.fixture\ndef value():\n    return read('a')\n\n\nclass TestRead:\n    class TestDeep:\n        def test_value(self, value):\n            assert value\n"
    flask = "import logging\n\nlogging.basicConfig()\n\n\ndef handle(order):\n    return 10 / order['count']\n\n\nfor order in ({'count': 0}, {}):\n    try:\n        handle(order)\n    except ZeroDivisionError:\n        logging.exception('order failed')\n"
    go_mod = "module example.com/shop\n\ngo 1.19\n"
    cargo = '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n'
    package = '{"name": "shop", "version": "1.0.0"}\n'
    each = "import { describe, expect, it } from 'vitest'\n\ndescribe.each([1, 2])('number %i', (n) => {\n  it('is odd', () => {\n    expect(n % 2).toBe(1)  @@\n  })\n})\n"
    return [
        Case(
            "varied-logged-then-crash",
            "python",
            "python",
            "python app.py",
            {"app.py": flask.replace("order['count']\n", "order['count']  @@\n")},
            "KeyError: 'count'",
        ),
        Case(
            "varied-pytest-cause",
            "pytest",
            "pytest",
            "pytest",
            {"src/store.py": wrapped, "tests/unit/test_store.py": uses, "pytest.ini": ini},
            "StoreError: a",
            ("tests/unit/test_store.py::TestRead::TestDeep::test_value",),
        ),
        Case(
            "varied-pytest-cause-short",
            "pytest",
            "pytest",
            "pytest --tb=short",
            {"src/store.py": wrapped, "tests/unit/test_store.py": uses, "pytest.ini": ini},
            "StoreError: a",
            ("tests/unit/test_store.py::TestRead::TestDeep::test_value",),
        ),
        Case(
            "varied-pytest-two",
            "pytest",
            "pytest",
            "pytest -x --maxfail=5 -vv --color=yes",
            {
                "test_a.py": "def helper(x):\n    raise TypeError(f'no {x}')  @@\n\n\ndef test_one():\n    helper(1)\n\n\ndef test_two():\n    assert {'a': 1, 'b': [1, 2]} == {'a': 1, 'b': [1, 3]}\n",
                "pytest.ini": ini,
            },
            "TypeError: no 1",
            ("test_a.py::test_one", "test_a.py::test_two"),
        ),
        Case(
            "varied-pytest-warning-error",
            "pytest",
            "pytest",
            "pytest -W error",
            {
                "test_w.py": "import warnings\n\n\ndef old():\n    warnings.warn('old way', DeprecationWarning)  @@\n\n\ndef test_old():\n    old()\n",
                "pytest.ini": ini,
            },
            "DeprecationWarning: old way",
            ("test_w.py::test_old",),
        ),
        Case(
            "varied-pytest-teardown",
            "pytest",
            "pytest",
            "pytest",
            {
                "test_t.py": "import pytest\n\n\n@pytest.fixture\ndef file():\n    yield 1\n    raise OSError('cannot close')  @@\n\n\ndef test_t(file):\n    pass\n",
                "pytest.ini": ini,
            },
            "OSError: cannot close",
            ("test_t.py::test_t",),
        ),
        Case(
            "varied-pytest-timeout-style",
            "pytest",
            "pytest",
            "pytest --tb=long -s",
            {
                "test_s.py": "import subprocess\nimport sys\n\n\ndef test_child():\n    subprocess.run([sys.executable, '-c', '1/0'], check=True)  @@\n",
                "pytest.ini": ini,
            },
            "CalledProcessError",
            ("test_s.py::test_child",),
        ),
        Case(
            "varied-unittest-subtest",
            "unittest",
            "python",
            "python -m unittest",
            {
                "test_n.py": "import unittest\n\n\nclass N(unittest.TestCase):\n    def test_all(self):\n        for n in range(3):\n            with self.subTest(n=n):\n                self.assertLess(n, 2)  @@\n"
            },
            "AssertionError: 2 not less than 2",
            ("test_n.N.test_all",),
        ),
        Case(
            "varied-asyncio",
            "python",
            "python",
            "python app.py; exit 1",
            {
                "app.py": "import asyncio\n\n\nasync def work():\n    await asyncio.sleep(0)\n    raise PermissionError('not yours')  @@\n\n\nasync def main():\n    task = asyncio.create_task(work())\n    await asyncio.sleep(0.01)\n    del task\n\n\nasyncio.run(main())\n"
            },
            "PermissionError: not yours",
        ),
        Case(
            "varied-mypy-strict",
            "mypy",
            "mypy",
            "mypy --strict src",
            {"src/app.py": "import os\n\n\ndef f(x):  @@\n    return os.nowhere(x)\n"},
            "no-untyped-def",
        ),
        Case(
            "varied-node-async",
            "node",
            "node",
            "node main.js",
            {
                "main.js": "const { load } = require('./lib/load');\n\nload('x');\n",
                "lib/load.js": "class Loader {\n  async read(name) {\n    throw new Error(`no ${name}`);  @@\n  }\n}\n\nasync function load(name) {\n  return await new Loader().read(name);\n}\n\nmodule.exports = { load };\n",
            },
            "no x",
        ),
        Case(
            "varied-node-json",
            "node",
            "node",
            "node main.js",
            {"main.js": "const config = JSON.parse('{\"a\": }');  @@\n"},
            "SyntaxError",
        ),
        Case(
            "varied-jest-snapshot",
            "jest",
            "jest",
            "jest --ci",
            {
                "a.test.js": "test('shape', () => {\n  expect({ a: 1 }).toMatchObject({ a: 2 });  @@\n});\n\ndescribe('more', () => {\n  test.each([[1], [2]])('is %i', (n) => {\n    expect(n).toBe(1);\n  });\n});\n",
                "package.json": package,
            },
            "toMatchObject",
            ("shape", "more › is 2"),
        ),
        Case(
            "varied-vitest-each",
            "vitest",
            "vitest",
            "vitest run",
            {"src/n.test.ts": each, "package.json": package},
            "expected +0 to be 1",
            ("src/n.test.ts > number 2 > is odd",),
        ),
        Case(
            "varied-vitest-suite",
            "vitest",
            "vitest",
            "vitest run",
            {"src/n.test.ts": "import { x } from './gone'  @@\n\nx()\n", "package.json": package},
            "./gone",
        ),
        Case(
            "varied-mocha-throws",
            "mocha",
            "mocha",
            "mocha",
            {
                "lib/a.js": "exports.go = () => {\n  null.x;  @@\n};\n",
                "test/a.js": "const a = require('../lib/a');\n\ndescribe('outer', () => {\n  describe('inner', () => {\n    it('goes', () => a.go());\n  });\n});\n",
                "package.json": package,
            },
            "TypeError",
            ("outer inner goes",),
        ),
        Case(
            "varied-tsc-project",
            "tsc",
            "tsc",
            "tsc -p .",
            {
                "tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true, "types": []}, "include": ["src"]}',
                "src/b.ts": "import { a } from './a'\n\na.missing()  @@\n",
                "src/a.ts": "export const a = { x: 1 }\n",
            },
            "TS2339",
        ),
        Case(
            "varied-go-deadlock",
            "go",
            "go",
            "go run .",
            {
                "go.mod": go_mod,
                "main.go": "package main\n\nfunc wait(c chan int) {\n\t<-c  @@\n}\n\nfunc main() {\n\twait(make(chan int))\n}\n",
            },
            "all goroutines are asleep",
        ),
        Case(
            "varied-go-nil",
            "go",
            "go",
            "go run ./cmd/shop",
            {
                "go.mod": go_mod,
                "cart/cart.go": "package cart\n\ntype Cart struct{ N int }\n\nfunc (c *Cart) Size() int {\n\treturn c.N  @@\n}\n",
                "cmd/shop/main.go": 'package main\n\nimport "example.com/shop/cart"\n\nfunc main() {\n\tvar c *cart.Cart\n\tprintln(c.Size())\n}\n',
            },
            "nil pointer dereference",
        ),
        Case(
            "varied-go-test-build",
            "go",
            "go",
            "go test ./...",
            {
                "go.mod": go_mod,
                "a_test.go": 'package shop\n\nimport "testing"\n\nfunc TestA(t *testing.T) {\n\tmissing()  @@\n}\n',
            },
            "undefined: missing",
        ),
        Case(
            "varied-cargo-integration",
            "cargo",
            "cargo",
            "cargo test",
            {
                "Cargo.toml": cargo,
                "src/lib.rs": 'pub fn half(n: u32) -> Result<u32, String> {\n    if n % 2 == 1 { Err(format!("odd: {n}")) } else { Ok(n / 2) }\n}\n',
                "tests/halves.rs": "#[test]\nfn halves_odd() {\n    let n = shop::half(3).unwrap();  @@\n    assert_eq!(n, 1);\n}\n",
            },
            "odd: 3",
            ("halves_odd",),
        ),
        Case(
            "varied-cargo-warnings",
            "cargo",
            "cargo",
            "cargo build",
            {
                "Cargo.toml": cargo,
                "src/main.rs": "mod util;\n\nfn main() {\n    let n = util::size();\n    let s: &str = n;  @@\n}\n",
                "src/util.rs": "pub fn size() -> usize {\n    let unused = 3;\n    7\n}\n",
            },
            "mismatched types",
        ),
        Case(
            "varied-rust-workspace",
            "cargo",
            "cargo",
            "cargo check",
            {
                "Cargo.toml": '[workspace]\nmembers = ["core"]\nresolver = "2"\n',
                "core/Cargo.toml": cargo,
                "core/src/lib.rs": "use std::collections::Nowhere;  @@\n",
            },
            "unresolved import",
        ),
        Case(
            "varied-java-three",
            "java",
            "javac",
            "javac -d out src/*.java && java -cp out Main",
            {
                "src/Main.java": 'public class Main {\n    static void a() { throw new IllegalArgumentException("deep"); }  @@\n\n    static void b() {\n        try { a(); } catch (RuntimeException e) { throw new IllegalStateException("middle", e); }\n    }\n\n    public static void main(String[] args) {\n        try { b(); } catch (RuntimeException e) { throw new RuntimeException("outer", e); }\n    }\n}\n'
            },
            "outer",
        ),
        Case(
            "varied-java-thread",
            "java",
            "javac",
            "javac -d out src/*.java && java -cp out Main; exit 1",
            {
                "src/Main.java": 'import java.util.List;\n\npublic class Main {\n    public static void main(String[] args) throws Exception {\n        Thread t = new Thread(() -> List.of(1).forEach(n -> { Object o = "a"; Integer i = (Integer) o; }), "worker-1");  @@\n        t.start();\n        t.join();\n    }\n}\n'
            },
            "ClassCastException",
        ),
        Case(
            "varied-g++-link",
            "ld",
            "g++",
            "g++ -g -c main.cpp && g++ -g -c cart.cpp && g++ -o shop main.o cart.o",
            {
                "main.cpp": "int main() { return 0; }\n",
                "cart.cpp": "struct Cart { int total(); };\n\nint use(Cart &c) {\n    return c.total();  @@\n}\n",
            },
            "undefined reference to `Cart::total()'",
        ),
        Case(
            "varied-g++-errors",
            "gcc",
            "g++",
            "g++ -Wall -Wextra -c src/a.cpp",
            {
                "src/a.cpp": '#include "a.hpp"\n#include <string>\n\nint f(int unused) { return g<std::string>(1); }\n',
                "src/a.hpp": "template <class T> int g(int n) {\n    T t = n;  @@\n    return t.size();\n}\n",
            },
            "conversion from",
        ),
        Case(
            "varied-clang-colour",
            "clang",
            "clang",
            "clang -fcolor-diagnostics -c main.c",
            {"main.c": 'int main(void) {\n    int x = "a";\n    return y;  @@\n}\n'},
            "undeclared identifier",
        ),
        Case(
            "varied-make-sub",
            "make",
            "make",
            "make -j2",
            {
                "Makefile": "all:\n\t$(MAKE) -C lib\n",
                "lib/Makefile": "all: a.o\n\na.o: a.c\n\t$(CC) -c a.c\n",
                "lib/a.c": "int f(void) { return 1 }  @@\n",
            },
            "expected ‘;’",
        ),
        Case(
            "varied-ruby-nested",
            "ruby",
            "ruby",
            "ruby app.rb",
            {
                "app.rb": "require_relative 'lib/store'\n\nStore.new.save(nil)\n",
                "lib/store.rb": "class Store\n  def save(order)\n    order.id  @@\n  end\nend\n",
            },
            "undefined method `id'",
        ),
        Case(
            "varied-rspec-two",
            "rspec",
            "rspec",
            "rspec -fd",
            {
                "spec/a_spec.rb": "RSpec.describe 'things' do\n  context 'when new' do\n    it 'has a name' do\n      expect('a').to eq('b')  @@\n    end\n\n    it 'has a size' do\n      raise 'no size'\n    end\n  end\nend\n"
            },
            'expected: "b"',
            ("./spec/a_spec.rb:3", "./spec/a_spec.rb:7"),
        ),
        Case(
            "varied-minitest-error",
            "minitest",
            "ruby",
            "ruby test_a.rb",
            {
                "lib/a.rb": "def a\n  [].fetch(3)  @@\nend\n",
                "test_a.rb": "require 'minitest/autorun'\nrequire_relative 'lib/a'\n\nclass ATest < Minitest::Test\n  def test_a\n    a\n  end\nend\n",
            },
            "IndexError",
            ("ATest#test_a",),
        ),
        Case(
            "varied-php-previous",
            "php",
            "php",
            "php app.php",
            {
                "app.php": "<?php\n\nfunction inner() {\n    throw new LogicException('inner');  @@\n}\n\ntry {\n    inner();\n} catch (LogicException $e) {\n    throw new RuntimeException('outer', 0, $e);\n}\n"
            },
            "outer",
        ),
        Case(
            "varied-php-type",
            "php",
            "php",
            "php app.php",
            {
                "app.php": "<?php\ndeclare(strict_types=1);\n\nfunction size(string $s): int {  @@\n    return strlen($s);\n}\n\nsize(3);\n"
            },
            "TypeError",
        ),
        Case(
            "varied-bash-source",
            "bash",
            "bash",
            "./run.sh",
            {
                "run.sh": "#!/bin/bash\nset -eu\nsource lib/common.sh\nsetup\n",
                "lib/common.sh": "setup() {\n  cd /nowhere/at/all  @@\n}\n",
            },
            "No such file or directory",
        ),
        Case(
            "varied-cmake-syntax",
            "cmake",
            "cmake",
            "cmake -S . -B out",
            {"CMakeLists.txt": "cmake_minimum_required(VERSION 3.10)\nproject(shop C)\nadd_executable(shop nowhere.c)  @@\n"},
            "Cannot find source file",
        ),
        Case(
            "varied-eslint-syntax",
            "eslint",
            "eslint",
            "eslint src",
            {"src/a.js": "const ok = 1;\n", "src/b.js": "const x = ;  @@\n", "eslint.config.mjs": "export default []\n"},
            "Parsing error",
        ),
        Case(
            "varied-ruff-many",
            "ruff",
            "ruff",
            "ruff check --isolated --no-cache --select E,F,B --output-format full .",
            {"a.py": "def f(x=[]):  @@\n    try:\n        return x\n    except:\n        pass\n"},
            "B006",
        ),
        Case(
            "varied-doctest-pytest",
            "doctest",
            "pytest",
            "pytest --doctest-modules",
            {
                "sums.py": 'def add(a, b):\n    """Add.\n\n    >>> add(1, 2)  @@\n    4\n    """\n    return a + b\n',
                "pytest.ini": ini,
            },
            "Expected:",
            ("sums.py::sums.add",),
        ),
    ]


CASES = [
    *_python(),
    *_pytest(),
    *_unittest(),
    *_checkers(),
    *_javascript(),
    *_go(),
    *_rust(),
    *_java(),
    *_c(),
    *_ruby_php_dotnet_shell(),
    *_varied(),
]
