(identifier) @variable
(comment) @comment
[(string_literal) (verbatim_string_literal) (raw_string_literal) (interpolated_string_expression) (character_literal)] @string
(interpolation) @embedded
(escape_sequence) @escape
[(integer_literal) (real_literal)] @number
[(boolean_literal) (null_literal)] @constant.builtin
[(predefined_type) (implicit_type)] @type.builtin
(modifier) @keyword
["this" "base"] @variable.builtin
[
  "abstract" "alias" "as" "async" "await" "break" "by" "case" "catch" "checked" "class" "const" "continue" "default" "delegate" "do"
  "else" "enum" "event" "explicit" "extern" "finally" "fixed" "for" "foreach" "from" "get" "global" "goto" "group" "if" "implicit"
  "in" "init" "interface" "into" "is" "join" "let" "lock" "namespace" "new" "not" "on" "operator" "or" "and" "orderby" "out" "override"
  "params" "partial" "private" "protected" "public" "readonly" "record" "ref" "remove" "add" "required" "return" "sealed" "select" "set"
  "sizeof" "stackalloc" "static" "struct" "switch" "throw" "try" "typeof" "unchecked" "unsafe" "using" "virtual" "volatile" "when"
  "where" "while" "with" "yield"
] @keyword
["=" "+=" "-=" "*=" "/=" "%=" "&=" "|=" "^=" "<<=" ">>=" "??=" "==" "!=" "<=" ">=" "+" "-" "*" "/" "%" "!" "&&" "||" "&" "|" "^" "~"
 "++" "--" "=>" "?" "??" "->" ".." "<<" ">>"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["." "," ";" ":"] @punctuation.delimiter
(parameter name: (identifier) @variable.parameter)
(type_parameter name: (identifier) @type)
(base_list (identifier) @type)
(generic_name (identifier) @type)
(type_argument_list (identifier) @type)
(parameter type: (identifier) @type)
(variable_declaration type: (identifier) @type)
(property_declaration type: (identifier) @type)
(method_declaration returns: (identifier) @type)
(object_creation_expression type: (identifier) @type)
(nullable_type (identifier) @type)
(array_type (identifier) @type)
(cast_expression type: (identifier) @type)
(namespace_declaration name: (_) @module)
(file_scoped_namespace_declaration name: (_) @module)
(using_directive (_) @module)
(class_declaration name: (identifier) @type)
(struct_declaration name: (identifier) @type)
(interface_declaration name: (identifier) @type)
(enum_declaration name: (identifier) @type)
(record_declaration name: (identifier) @type)
(delegate_declaration name: (identifier) @type)
(attribute name: (_) @attribute)
(enum_member_declaration name: (identifier) @constant)
(property_declaration name: (identifier) @property)
(member_access_expression name: (identifier) @property)
(method_declaration name: (identifier) @function.method)
(constructor_declaration name: (identifier) @constructor)
(destructor_declaration name: (identifier) @constructor)
(local_function_statement name: (identifier) @function)
(invocation_expression function: (identifier) @function)
(invocation_expression function: (member_access_expression name: (identifier) @function.method))
(invocation_expression function: (member_access_expression name: (generic_name (identifier) @function.method)))
