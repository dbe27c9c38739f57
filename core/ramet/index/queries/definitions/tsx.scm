(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(class_declaration name: (type_identifier) @name) @class
(class name: (type_identifier) @name) @class
(export_statement declaration: [
  (function_declaration name: (identifier) @name)
  (generator_function_declaration name: (identifier) @name)]) @function
(export_statement declaration: (class_declaration name: (type_identifier) @name)) @class
(export_statement "default" @name value: [(arrow_function) (function_expression) (generator_function)]) @function
(export_statement "default" @name value: (class !name)) @class
(export_statement "default" @name value: (object)) @variable
(method_definition name: (_) @name) @method
(public_field_definition name: (_) @name value: [(arrow_function) (function_expression)]) @method
(public_field_definition name: (_) @name) @field

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

(abstract_class_declaration name: (type_identifier) @name) @class
(export_statement declaration: (abstract_class_declaration name: (type_identifier) @name)) @class
(interface_declaration name: (type_identifier) @name) @interface
(export_statement declaration: (interface_declaration name: (type_identifier) @name)) @interface
(enum_declaration name: (identifier) @name) @enum
(export_statement declaration: (enum_declaration name: (identifier) @name)) @enum
(type_alias_declaration name: (type_identifier) @name) @type
(export_statement declaration: (type_alias_declaration name: (type_identifier) @name)) @type
(internal_module name: (_) @name) @namespace
(expression_statement (internal_module name: (_) @name)) @namespace
(export_statement declaration: (internal_module name: (_) @name)) @namespace
(module name: (_) @name) @namespace
(function_signature name: (identifier) @name) @prototype.function
(export_statement declaration: (function_signature name: (identifier) @name)) @prototype.function
(method_signature name: (_) @name) @prototype.method
(abstract_method_signature name: (_) @name) @prototype.method
