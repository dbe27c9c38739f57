"""A small source per language, with the definitions that must be found in it."""

from __future__ import annotations

Expected = tuple[tuple[str, str, int, int], ...]
"""Qualified name, kind, first and last line."""

SAMPLES: dict[str, tuple[str, Expected]] = {
    "Sample.java": (
        """\
package a.b;

import java.util.List;

/** Doc. */
@Entity
public class Cart extends Base {
    private static final int LIMIT = 3;
    private int x, y;

    public Cart(int x) {
        this.x = x;
    }

    @Override
    public int total() {
        return x;
    }

    enum State { OPEN, CLOSED; int code() { return 1; } }

    interface Visitor { void visit(Cart c); }

    static class Inner<T> {
        T get() { return null; }
    }
}

record Point(int x, int y) { Point { assert x > 0; } int sum() { return x + y; } }
""",
        (
            ("Cart", "class", 6, 27),
            ("Cart.LIMIT", "field", 8, 8),
            ("Cart.x", "field", 9, 9),
            ("Cart.y", "field", 9, 9),
            ("Cart.Cart", "constructor", 11, 13),
            ("Cart.total", "method", 15, 18),
            ("Cart.State", "enum", 20, 20),
            ("Cart.State.OPEN", "constant", 20, 20),
            ("Cart.State.CLOSED", "constant", 20, 20),
            ("Cart.State.code", "method", 20, 20),
            ("Cart.Visitor", "interface", 22, 22),
            ("Cart.Visitor.visit", "method", 22, 22),
            ("Cart.Inner", "class", 24, 26),
            ("Cart.Inner.get", "method", 25, 25),
            ("Point", "record", 29, 29),
            ("Point.Point", "constructor", 29, 29),
            ("Point.sum", "method", 29, 29),
        ),
    ),
    "sample.c": (
        """\
#include <stdio.h>
#define LIMIT 3
#define SQUARE(x) ((x) * (x))

struct point { int x; int y; };

typedef struct {
    int w;
    int h;
} size_t2;

typedef struct node { struct node *next; } node;

typedef int (*callback)(int);

enum color { RED, GREEN };

static int counter = 0;

int declared(int a);

/* Adds. */
static int
add(int a, int b)
{
    return a + b;
}

char *name_of(struct point *p) { return 0; }

int main(void) { return add(1, 2); }
""",
        (
            ("LIMIT", "constant", 2, 2),
            ("SQUARE", "macro", 3, 3),
            ("point", "struct", 5, 5),
            ("size_t2", "struct", 7, 10),
            ("node", "struct", 12, 12),
            ("callback", "type", 14, 14),
            ("color", "enum", 16, 16),
            ("counter", "variable", 18, 18),
            ("declared", "function", 20, 20),
            ("add", "function", 23, 27),
            ("name_of", "function", 29, 29),
            ("main", "function", 31, 31),
        ),
    ),
    "sample.cpp": (
        """\
#include <string>
namespace app::core {

template <typename T>
class Box : public Base {
 public:
  explicit Box(T value) : value_(value) {}
  ~Box();
  T get() const { return value_; }
  bool operator==(const Box& o) const { return true; }
  void declared(int x);
 private:
  T value_;
};

enum class Color { Red };

void free_function(int a) {
  auto l = [](int x) { return x; };
}

}  // namespace app::core

void app::core::Other::method(const std::string& s) {
  Foo bar(s);
}

template <typename T>
T identity(T x) { return x; }

template <>
int Box<int>::get() const { return 1; }

struct Plain { int x; };
using Alias = int;
""",
        (
            ("app.core", "namespace", 2, 22),
            ("app.core.Box", "class", 4, 14),
            ("app.core.Box.Box", "method", 7, 7),
            ("app.core.Box.~Box", "method", 8, 8),
            ("app.core.Box.get", "method", 9, 9),
            ("app.core.Box.operator==", "method", 10, 10),
            ("app.core.Box.declared", "method", 11, 11),
            ("app.core.Color", "enum", 16, 16),
            ("app.core.free_function", "function", 18, 20),
            ("app.core.Other.method", "function", 24, 26),
            ("identity", "function", 28, 29),
            ("Box.get", "function", 31, 32),
            ("Plain", "struct", 34, 34),
            ("Alias", "type", 35, 35),
        ),
    ),
    "sample.cs": (
        """\
using System;

namespace Shop.Core
{
    /// <summary>Doc</summary>
    [Serializable]
    public class Cart : Base
    {
        private int _x = 1;
        public string Name { get; set; }

        public Cart(int x)
        {
            _x = x;
        }

        public async Task<int> TotalAsync(string a)
        {
            return 1;
        }

        public static bool operator ==(Cart a, Cart b) => true;

        public enum State { Open, Closed }
    }

    public interface IStore { void Save(int x); }
    public record Point(int X, int Y);
    public struct S { public int A; }
}
""",
        (
            ("Shop.Core", "namespace", 3, 30),
            ("Shop.Core.Cart", "class", 6, 25),
            ("Shop.Core.Cart._x", "field", 9, 9),
            ("Shop.Core.Cart.Name", "property", 10, 10),
            ("Shop.Core.Cart.Cart", "constructor", 12, 15),
            ("Shop.Core.Cart.TotalAsync", "method", 17, 20),
            ("Shop.Core.Cart.==", "method", 22, 22),
            ("Shop.Core.Cart.State", "enum", 24, 24),
            ("Shop.Core.Cart.State.Open", "constant", 24, 24),
            ("Shop.Core.Cart.State.Closed", "constant", 24, 24),
            ("Shop.Core.IStore", "interface", 27, 27),
            ("Shop.Core.IStore.Save", "method", 27, 27),
            ("Shop.Core.Point", "record", 28, 28),
            ("Shop.Core.S", "struct", 29, 29),
            ("Shop.Core.S.A", "field", 29, 29),
        ),
    ),
    "sample.css": (
        """\
@import "x.css";
:root { --a: 1px; }
.button, .link:hover > a {
  color: red;
}
@media (max-width: 100px) {
  .button { color: blue; }
}
@keyframes spin { from { top: 0 } to { top: 1px } }
""",
        (
            (":root", "rule", 2, 2),
            (".button, .link:hover > a", "rule", 3, 5),
            (".button", "rule", 7, 7),
            ("spin", "rule", 9, 9),
        ),
    ),
    "sample.go": (
        """\
package main

import "fmt"

const Limit = 3

const (
	A = 1
	B = 2
)

var registry = map[string]int{}

// Server serves.
type Server struct {
	addr string
}

type Handler interface {
	Handle(x int) error
}

type (
	ID   int
	Pair[T any] struct {
		a, b T
	}
)

// Run runs.
func (s *Server) Run(n int) error {
	return fmt.Errorf("x")
}

func (p Pair[T]) First() T { return p.a }

func main() {}
""",
        (
            ("Limit", "constant", 5, 5),
            ("A", "constant", 8, 8),
            ("B", "constant", 9, 9),
            ("registry", "variable", 12, 12),
            ("Server", "struct", 15, 17),
            ("Handler", "interface", 19, 21),
            ("Handler.Handle", "method", 20, 20),
            ("ID", "type", 24, 24),
            ("Pair", "struct", 25, 27),
            ("Server.Run", "method", 31, 33),
            ("Pair.First", "method", 35, 35),
            ("main", "function", 37, 37),
        ),
    ),
    "sample.html": (
        """\
<!DOCTYPE html>
<html>
<head><title>x</title></head>
<body>
<div id="main">
  <p>Hi</p>
</div>
<script>var a = 1;</script>
</body>
</html>
""",
        (("main", "element", 5, 7),),
    ),
    "sample.js": (
        """\
'use strict';
import React from 'react';
const LIMIT = 3;
/**
 * Adds.
 */
export function add(a, b) { return a + b; }
export default function () { return 1; }
const arrow = async (x) => {
  return x;
};
export const Button = React.memo(({ label }) => {
  const onClick = () => {};
  return <button onClick={onClick}>{label}</button>;
});
class Shape extends Base {
  #secret = 1;
  static create() { return new Shape(); }
  area = () => 0;
  get name() { return 'x'; }
}
const api = {
  load: function () { return 1; },
  save() { return 2; },
  other: (x) => x,
};
Shape.prototype.move = function (dx) { this.x += dx; };
module.exports.helper = () => 1;
exports.plain = function plain() {};
function* gen() { yield 1; }
""",
        (
            ("LIMIT", "constant", 3, 3),
            ("add", "function", 7, 7),
            ("default", "function", 8, 8),
            ("arrow", "function", 9, 11),
            ("Button", "function", 12, 15),
            ("Button.onClick", "function", 13, 13),
            ("Shape", "class", 16, 21),
            ("Shape.#secret", "field", 17, 17),
            ("Shape.create", "method", 18, 18),
            ("Shape.area", "method", 19, 19),
            ("Shape.name", "method", 20, 20),
            ("api", "constant", 22, 26),
            ("api.load", "method", 23, 23),
            ("api.save", "method", 24, 24),
            ("api.other", "method", 25, 25),
            ("Shape.move", "function", 27, 27),
            ("helper", "function", 28, 28),
            ("plain", "function", 29, 29),
            ("gen", "function", 30, 30),
        ),
    ),
    "sample.json": (
        """\
{
  "name": "x",
  "scripts": {
    "build": "y"
  },
  "list": [1,
 2]
}
""",
        (
            ("name", "key", 2, 2),
            ("scripts", "key", 3, 5),
            ("list", "key", 6, 7),
        ),
    ),
    "sample.kt": (
        """\
package a.b

import x.y

const val LIMIT = 3

/** Doc. */
@Entity
data class Cart(val x: Int) : Base() {
    private val items = mutableListOf<Int>()

    constructor() : this(1)

    override fun total(): Int {
        return x
    }

    companion object {
        fun create(): Cart = Cart(1)
    }
}

interface Store {
    fun save(x: Int)
}

object Registry {
    fun get() = 1
}

enum class Color {
    RED,
    GREEN;

    fun code() = 1
}

fun String.shout(): String = uppercase()

fun main() {
    println("x")
}

typealias Id = Int
""",
        (
            ("LIMIT", "constant", 5, 5),
            ("Cart", "class", 8, 21),
            ("Cart.items", "property", 10, 10),
            ("Cart.constructor", "constructor", 12, 12),
            ("Cart.total", "method", 14, 16),
            ("Cart.create", "method", 19, 19),
            ("Store", "interface", 23, 25),
            ("Store.save", "method", 24, 24),
            ("Registry", "object", 27, 29),
            ("Registry.get", "method", 28, 28),
            ("Color", "enum", 31, 36),
            ("Color.RED", "constant", 32, 32),
            ("Color.GREEN", "constant", 33, 33),
            ("Color.code", "method", 35, 35),
            ("String.shout", "function", 38, 38),
            ("main", "function", 40, 42),
            ("Id", "type", 44, 44),
        ),
    ),
    "sample.lua": (
        """\
local M = {}
local LIMIT = 3

-- Adds.
function M.add(a, b)
  return a + b
end

function M:method(x)
  return self.x
end

local function helper() end

M.other = function(x) return x end

local t = {
  run = function() return 1 end,
}

return M
""",
        (
            ("M", "variable", 1, 1),
            ("LIMIT", "variable", 2, 2),
            ("M.add", "function", 5, 7),
            ("M.method", "function", 9, 11),
            ("helper", "function", 13, 13),
            ("M.other", "function", 15, 15),
            ("t", "variable", 17, 19),
            ("t.run", "method", 18, 18),
        ),
    ),
    "sample.md": (
        """\
intro

# Title

## Install

run it

```
# not a heading
```

### Deep #

text

Setext
======

end
""",
        (
            ("Title", "heading", 3, 15),
            ("Title > Install", "heading", 5, 15),
            ("Title > Install > Deep", "heading", 13, 15),
            ("Setext", "heading", 17, 20),
        ),
    ),
    "sample.php": (
        """\
<html><?php
namespace App\\Models;

use X\\Y;

const LIMIT = 3;

/** Doc. */
#[Entity]
final class Cart extends Base implements Store
{
    private array $items = [];
    const MAX = 1;

    public function __construct(private int $x) {}

    public function total(): int
    {
        return 1;
    }

    abstract protected function later();
}

interface Store { public function save(); }
trait Loggable { public function log() { echo 1; } }
enum Suit: string { case Hearts = 'H'; public function label(): string { return 'x'; } }
function helper($a) { return $a; }
?></html>
""",
        (
            ("LIMIT", "constant", 6, 6),
            ("Cart", "class", 9, 23),
            ("Cart.items", "field", 12, 12),
            ("Cart.MAX", "constant", 13, 13),
            ("Cart.__construct", "method", 15, 15),
            ("Cart.total", "method", 17, 20),
            ("Cart.later", "method", 22, 22),
            ("Store", "interface", 25, 25),
            ("Store.save", "method", 25, 25),
            ("Loggable", "trait", 26, 26),
            ("Loggable.log", "method", 26, 26),
            ("Suit", "enum", 27, 27),
            ("Suit.Hearts", "constant", 27, 27),
            ("Suit.label", "method", 27, 27),
            ("helper", "function", 28, 28),
        ),
    ),
    "sample.py": (
        '''\
"""Module doc."""
import os
from x import (
    y,
)

LIMIT = 3

# about the class
# more
@decorate(
    1,
)
class A(B):
    """Doc."""

    field: int = 1

    def method(self):
        def inner():
            return 1
        return inner

    # comment
    @property
    async def prop(self): return 2

    class Nested:
        def deep(self):
            pass

if True:
    def conditional(): ...

def last():
    x = 1
    return x
''',
        (
            ("LIMIT", "constant", 7, 7),
            ("A", "class", 11, 30),
            ("A.method", "method", 19, 22),
            ("A.method.inner", "function", 20, 21),
            ("A.prop", "method", 25, 26),
            ("A.Nested", "class", 28, 30),
            ("A.Nested.deep", "method", 29, 30),
            ("conditional", "function", 33, 33),
            ("last", "function", 35, 37),
        ),
    ),
    "sample.rb": (
        """\
require 'x'

LIMIT = 3

module Shop
  # A cart.
  class Cart < Base
    attr_reader :items
    MAX = 1

    def initialize(items)
      @items = items
    end

    def self.build
      new([])
    end

    def total?
      true
    end
  end
end

class Shop::Other
  def x = 1
end

def helper; end
""",
        (
            ("LIMIT", "constant", 3, 3),
            ("Shop", "module", 5, 23),
            ("Shop.Cart", "class", 7, 22),
            ("Shop.Cart.MAX", "constant", 9, 9),
            ("Shop.Cart.initialize", "method", 11, 13),
            ("Shop.Cart.build", "method", 15, 17),
            ("Shop.Cart.total?", "method", 19, 21),
            ("Shop.Other", "class", 25, 27),
            ("Shop.Other.x", "method", 26, 26),
            ("helper", "function", 29, 29),
        ),
    ),
    "sample.rs": (
        """\
//! crate
use std::fmt;

pub const LIMIT: usize = 3;

/// A point.
#[derive(Debug,
    Clone)]
pub struct Point<T> {
    x: T,
}

pub enum Shape { Circle(f32), Square }

pub trait Area {
    fn area(&self) -> f32;
    fn twice(&self) -> f32 { self.area() * 2.0 }
}

impl<T> Area for Point<T> {
    fn area(&self) -> f32 {
        0.0
    }
}

impl<T> Point<T> {
    /// New.
    #[inline]
    pub fn new(x: T) -> Self { Point { x } }
}

mod inner {
    pub fn helper() {}
}

macro_rules! square {
    ($x:expr) => { $x * $x };
}

type Alias = u8;
pub async fn main() {}
""",
        (
            ("LIMIT", "constant", 4, 4),
            ("Point", "struct", 9, 11),
            ("Shape", "enum", 13, 13),
            ("Area", "trait", 15, 18),
            ("Area.area", "method", 16, 16),
            ("Area.twice", "method", 17, 17),
            ("Point<T>.area", "method", 21, 23),
            ("Point<T>.new", "method", 29, 29),
            ("inner", "module", 32, 34),
            ("inner.helper", "function", 33, 33),
            ("square", "macro", 36, 38),
            ("Alias", "type", 40, 40),
            ("main", "function", 41, 41),
        ),
    ),
    "sample.scala": (
        """\
package a.b

import x.y

/** Doc. */
case class Cart(x: Int) extends Base {
  val items = List()
  def total(a: Int): Int = {
    a + x
  }
}

object Cart {
  def apply(): Cart = new Cart(1)
}

trait Store {
  def save(x: Int): Unit
}
""",
        (
            ("Cart", "class", 6, 11),
            ("Cart.items", "field", 7, 7),
            ("Cart.total", "method", 8, 10),
            ("Cart", "object", 13, 15),
            ("Cart.apply", "method", 14, 14),
            ("Store", "trait", 17, 19),
            ("Store.save", "method", 18, 18),
        ),
    ),
    "sample.sh": (
        """\
#!/usr/bin/env bash
set -e
LIMIT=3

# Says hello.
hello() {
  echo "hi $1"
}

function bye {
  echo bye
}

hello you
""",
        (
            ("LIMIT", "variable", 3, 3),
            ("hello", "function", 6, 8),
            ("bye", "function", 10, 12),
        ),
    ),
    "sample.sql": (
        """\
-- Items.
CREATE TABLE shop.items (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE INDEX items_name ON items (name);

CREATE VIEW cheap AS
SELECT * FROM items
WHERE price < 10;

INSERT INTO items VALUES (1, 'a');
INSERT INTO items VALUES (2, 'b');

CREATE FUNCTION add(a integer, b integer) RETURNS integer
AS $$ SELECT a + b $$ LANGUAGE SQL;
""",
        (
            ("shop.items", "table", 2, 5),
            ("items_name", "index", 7, 7),
            ("cheap", "view", 9, 11),
            ("add", "function", 16, 17),
        ),
    ),
    "sample.swift": (
        """\
import Foundation

let limit = 3

/// Doc.
@objc
public class Cart: Base {
    var items: [Int] = []

    init(x: Int) {
        self.x = x
    }

    func total() -> Int {
        return 1
    }

    deinit {}
}

struct Point { var x: Int; func sum() -> Int { x } }

enum Color {
    case red, green
    func code() -> Int { 1 }
}

protocol Store {
    func save(_ x: Int)
}

extension String {
    func shout() -> String { uppercased() }
}

func helper() {}
""",
        (
            ("limit", "constant", 3, 3),
            ("Cart", "class", 6, 19),
            ("Cart.items", "property", 8, 8),
            ("Cart.init", "constructor", 10, 12),
            ("Cart.total", "method", 14, 16),
            ("Cart.deinit", "method", 18, 18),
            ("Point", "struct", 21, 21),
            ("Point.x", "property", 21, 21),
            ("Point.sum", "method", 21, 21),
            ("Color", "enum", 23, 26),
            ("Color.red", "constant", 24, 24),
            ("Color.green", "constant", 24, 24),
            ("Color.code", "method", 25, 25),
            ("Store", "interface", 28, 30),
            ("Store.save", "method", 29, 29),
            ("String.shout", "method", 33, 33),
            ("helper", "function", 36, 36),
        ),
    ),
    "sample.toml": (
        """\
top = 1

[project]
name = "x"

[tool.ruff]
line = 1

[[item]]
a = 1
""",
        (
            ("top", "key", 1, 1),
            ("project", "table", 3, 4),
            ("tool.ruff", "table", 6, 7),
            ("item", "table", 9, 10),
        ),
    ),
    "sample.ts": (
        """\
export interface Item { name: string; price(): number }
export type Id = string | number;
enum Color { Red, Green }
@Component({ selector: 'a' })
export class Cart<T> implements Store {
  private items: Item[] = [];
  constructor(private readonly db: Db) {}
  add(item: Item): void;
  add(item: Item, n = 1): void {
    this.items.push(item);
  }
  total = (): number => 1;
}
export abstract class Base { abstract run(): void; }
namespace Util.Deep {
  export function help(): void {}
}
export const load = async <T,>(id: Id): Promise<T> => {
  return fetch(id) as T;
};
declare function external(x: number): string;
export default class extends Base {}
""",
        (
            ("Item", "interface", 1, 1),
            ("Item.price", "method", 1, 1),
            ("Id", "type", 2, 2),
            ("Color", "enum", 3, 3),
            ("Cart", "class", 4, 13),
            ("Cart.items", "field", 6, 6),
            ("Cart.constructor", "method", 7, 7),
            ("Cart.add", "method", 8, 8),
            ("Cart.add", "method", 9, 11),
            ("Cart.total", "method", 12, 12),
            ("Base", "class", 14, 14),
            ("Base.run", "method", 14, 14),
            ("Util.Deep", "namespace", 15, 17),
            ("Util.Deep.help", "function", 16, 16),
            ("load", "function", 18, 20),
            ("external", "function", 21, 21),
            ("default", "class", 22, 22),
        ),
    ),
    "sample.tsx": (
        """\
interface Props { label: string }
export const Button: React.FC<Props> = ({ label }) => {
  return <button>{label}</button>;
};
export default function App() {
  return <Button label="x" />;
}
""",
        (
            ("Props", "interface", 1, 1),
            ("Button", "function", 2, 4),
            ("App", "function", 5, 7),
        ),
    ),
    "sample.yaml": (
        """\
# c
name: x
on:
  push:
    branches: [main]
jobs:
  build:
    steps:
      - run: x
---
second: 1
""",
        (
            ("name", "key", 2, 2),
            ("on", "key", 3, 5),
            ("jobs", "key", 6, 9),
            ("second", "key", 11, 11),
        ),
    ),
}
