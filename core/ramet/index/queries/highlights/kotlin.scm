(identifier) @variable
[(line_comment) (block_comment)] @comment
[(string_literal) (multiline_string_literal) (character_literal)] @string
(interpolation) @embedded
(escape_sequence) @escape
[(number_literal) (float_literal)] @number

(label) @label
[
  (class_modifier) (member_modifier) (visibility_modifier) (function_modifier) (property_modifier) (inheritance_modifier)
  (parameter_modifier) (platform_modifier) (variance_modifier) (reification_modifier)
] @keyword
[
  "package" "import" "class" "fun" "interface" "object" "val" "var" "typealias" "companion" "init" "constructor" "where" "by" "get" "set"
  "for" "in" "while" "do" "if" "else" "when" "try" "catch" "finally" "return" "return@" "throw" "as" "as?" "is" "!in" "!is" "enum"
] @keyword
["this" "super" "this@" "super@"] @variable.builtin
["=" "+=" "-=" "*=" "/=" "%=" "==" "!=" "===" "!==" "<=" ">=" "+" "-" "*" "/" "%" "!" "!!" "&&" "||" "++" "--" "->" "?" "?:" "?." ".."
 "..<" "::"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["." "," ";" ":"] @punctuation.delimiter
(user_type (identifier) @type)
(type_parameter (identifier) @type)
(class_declaration name: (identifier) @type)
(object_declaration name: (identifier) @type)
(companion_object name: (identifier) @type)
(type_alias type: (identifier) @type)
(package_header (qualified_identifier) @module)
(import (qualified_identifier) @module)
(annotation) @attribute
(parameter (identifier) @variable.parameter)
(class_parameter (identifier) @property)
(enum_entry (identifier) @constant)
(navigation_expression (identifier) (identifier) @property)
(function_declaration name: (identifier) @function)
(call_expression (identifier) @function)
(call_expression (navigation_expression (identifier) @function.method .))
((identifier) @constant (#match? @constant "^[A-Z][A-Z0-9_]+$"))
((identifier) @constant.builtin (#match? @constant.builtin "^(null|true|false)$"))
