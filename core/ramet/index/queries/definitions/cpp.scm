(function_definition) @function
(template_declaration (function_definition)) @function
(class_specifier name: (_) @name body: (_)) @class
(template_declaration (class_specifier name: (_) @name body: (_))) @class
(struct_specifier name: (_) @name body: (_)) @struct
(template_declaration (struct_specifier name: (_) @name body: (_))) @struct
(union_specifier name: (_) @name body: (_)) @union
(enum_specifier name: (_) @name body: (_)) @enum
(concept_definition name: (_) @name) @type
(namespace_definition name: (_) @name) @namespace
(type_definition type: (struct_specifier body: (_)) declarator: (type_identifier) @name) @struct
(type_definition type: (enum_specifier body: (_)) declarator: (type_identifier) @name) @enum
(type_definition declarator: (type_identifier) @name) @type
(alias_declaration name: (type_identifier) @name) @type
(declaration declarator: (function_declarator)) @prototype.function
(declaration declarator: (pointer_declarator (function_declarator))) @prototype.function
(declaration declarator: (reference_declarator (function_declarator))) @prototype.function
(field_declaration declarator: (function_declarator)) @prototype.method
(field_declaration declarator: (pointer_declarator (function_declarator))) @prototype.method
(field_declaration declarator: (reference_declarator (function_declarator))) @prototype.method
(preproc_def name: (identifier) @name) @constant
(preproc_function_def name: (identifier) @name) @macro
