"""Knows which language a file is in, by its name, its first line and, for `.h`, its content. Reads no disk."""

from __future__ import annotations

import re

TEXT = "text"
"""The language of files that are in none we know."""

_EXTENSIONS = {
    "bash": "sh bash zsh ksh bats ebuild",
    "c": "c",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp inl tpp cu cuh",
    "csharp": "cs csx",
    "css": "css",
    "go": "go",
    "html": "html htm xhtml vue svelte",
    "java": "java",
    "javascript": "js jsx mjs cjs es6",
    "json": "json jsonc json5 geojson webmanifest ipynb jsonl",
    "kotlin": "kt kts",
    "lua": "lua",
    "markdown": "md markdown mdx mdown",
    "php": "php phtml php5 php7 phps",
    "python": "py pyi pyw pyx bzl",
    "ruby": "rb rake gemspec ru podspec rbi",
    "rust": "rs",
    "scala": "scala sc sbt",
    "sql": "sql ddl dml",
    "swift": "swift",
    "toml": "toml",
    "tsx": "tsx",
    "typescript": "ts mts cts",
    "yaml": "yaml yml",
    # Without a grammar: named for people and for ranking, chunked by lines.
    "clojure": "clj cljs cljc edn",
    "cmake": "cmake",
    "dart": "dart",
    "elixir": "ex exs",
    "erlang": "erl hrl",
    "fsharp": "fs fsx fsi",
    "graphql": "graphql gql",
    "groovy": "groovy gradle",
    "haskell": "hs lhs",
    "ini": "ini cfg conf properties",
    "julia": "jl",
    "nix": "nix",
    "objective-c": "m mm",
    "ocaml": "ml mli",
    "perl": "pl pm t",
    "powershell": "ps1 psm1",
    "protobuf": "proto",
    "r": "r",
    "restructuredtext": "rst",
    "scss": "scss sass less",
    "terraform": "tf tfvars hcl",
    "vim": "vim",
    "xml": "xml svg xsd xsl xslt plist csproj props targets",
    "zig": "zig",
}
_LANGUAGE_OF_EXTENSION = {extension: language for language, names in _EXTENSIONS.items() for extension in names.split()}

_LANGUAGE_OF_NAME = {
    ".bash_profile": "bash",
    ".bashrc": "bash",
    ".clang-format": "yaml",
    ".clang-tidy": "yaml",
    ".envrc": "bash",
    ".eslintrc": "json",
    ".prettierrc": "json",
    ".profile": "bash",
    ".zshrc": "bash",
    "brewfile": "ruby",
    "build": "python",
    "build.bazel": "python",
    "cargo.lock": "toml",
    "cmakelists.txt": "cmake",
    "composer.lock": "json",
    "containerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "make",
    "guardfile": "ruby",
    "jenkinsfile": "groovy",
    "makefile": "make",
    "pipfile": "toml",
    "pkgbuild": "bash",
    "podfile": "ruby",
    "poetry.lock": "toml",
    "pipfile.lock": "json",
    "rakefile": "ruby",
    "sconstruct": "python",
    "uv.lock": "toml",
    "vagrantfile": "ruby",
    "workspace.bazel": "python",
}

_LANGUAGE_OF_INTERPRETER = {
    "ash": "bash",
    "bash": "bash",
    "bun": "typescript",
    "dash": "bash",
    "deno": "typescript",
    "ksh": "bash",
    "lua": "lua",
    "luajit": "lua",
    "node": "javascript",
    "nodejs": "javascript",
    "perl": "perl",
    "php": "php",
    "pypy": "python",
    "python": "python",
    "rscript": "r",
    "ruby": "ruby",
    "scala": "scala",
    "sh": "bash",
    "swift": "swift",
    "ts-node": "typescript",
    "zsh": "bash",
}
_SHEBANG = re.compile(rb"#!\s*(\S+)[ \t]*([^\r\n]*)")
_CPP_ONLY = re.compile(
    rb"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public\s*:|private\s*:|protected\s*:|virtual\s|explicit\s|constexpr\b)"
    rb"|\bstd::|^\s*#\s*include\s*<(?:string|vector|memory|map|set|functional|utility|algorithm|iostream|cstd\w+|type_traits|optional)>",
    re.MULTILINE,
)
"""What occurs in C++ headers and not in C headers. `extern "C"` says nothing: it is how C headers serve both."""

HEAD_BYTES = 8192
"""How much of a file `language_of` looks at."""


def _interpreter(head: bytes) -> str:
    shebang = _SHEBANG.match(head)
    if not shebang:
        return ""
    program = shebang[1].rsplit(b"/", 1)[-1].decode("latin-1")
    if program == "env":
        arguments = [word for word in shebang[2].decode("latin-1").split() if not word.startswith("-") and "=" not in word]
        program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    return program.lower().rstrip("0123456789.")


def language_of(path: str, head: bytes) -> str:
    """Return the language of a file from its path and its first bytes; `text` when it is none we know."""
    name = path.rsplit("/", 1)[-1].lower()
    language = _LANGUAGE_OF_NAME.get(name)
    if language:
        return language
    stem, dot, extension = name.rpartition(".")
    if dot and extension == "h":
        return "cpp" if _CPP_ONLY.search(head[:HEAD_BYTES]) else "c"
    if dot and extension in _LANGUAGE_OF_EXTENSION:
        return _LANGUAGE_OF_EXTENSION[extension]
    if name.startswith("dockerfile.") or (dot and extension == "dockerfile"):
        return "dockerfile"
    if dot and stem and head[:2] != b"#!":
        return TEXT
    return _LANGUAGE_OF_INTERPRETER.get(_interpreter(head[:HEAD_BYTES]), TEXT)
