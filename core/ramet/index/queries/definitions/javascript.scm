(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(class_declaration name: (identifier) @name) @class
(class name: (identifier) @name) @class
(export_statement declaration: [
  (function_declaration name: (identifier) @name)
  (generator_function_declaration name: (identifier) @name)]) @function
(export_statement declaration: (class_declaration name: (identifier) @name)) @class
(export_statement "default" @name value: [(arrow_function) (function_expression) (generator_function)]) @function
(export_statement "default" @name value: (class !name)) @class
(export_statement "default" @name value: (object)) @variable
(method_definition name: (_) @name) @method
(field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @method
(field_definition property: (_) @name) @field

(lexical_declaration (variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)])) @function
(variable_declaration (variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)])) @function
(export_statement declaration: (lexical_declaration
  (variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)]))) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (call_expression
  function: [(identifier) (member_expression)] @_wrapper
  arguments: (arguments . [(arrow_function) (function_expression)]))) (#match? @_wrapper "^(React\\.)?(memo|forwardRef|useCallback|observer|styled)$")) @function
(export_statement declaration: (lexical_declaration (variable_declarator name: (identifier) @name value: (call_expression
  function: [(identifier) (member_expression)] @_wrapper
  arguments: (arguments . [(arrow_function) (function_expression)])))) (#match? @_wrapper "^(React\\.)?(memo|forwardRef|useCallback|observer|styled)$")) @function
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @constant)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @variable)
(program (export_statement declaration: (lexical_declaration (variable_declarator name: (identifier) @name))) @constant)
(variable_declarator name: (identifier) @name value: (object)) @variable
(variable_declarator name: (identifier) @name value: (class)) @class

(expression_statement (assignment_expression left: (identifier) @name
  right: [(arrow_function) (function_expression) (generator_function)])) @function
(expression_statement (assignment_expression left: (member_expression) @name
  right: [(arrow_function) (function_expression) (generator_function)])) @function
(expression_statement (assignment_expression left: (member_expression) @name right: (class))) @class
(pair key: [(property_identifier) (string)] @name value: [(arrow_function) (function_expression) (generator_function)]) @method
