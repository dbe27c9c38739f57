(class_declaration (modifiers (class_modifier "enum")) "class" name: (identifier) @name) @enum
(class_declaration "class" name: (identifier) @name) @class
(class_declaration "interface" name: (identifier) @name) @interface
(object_declaration name: (identifier) @name) @object
(companion_object) @scope.object
(function_declaration (user_type) @scope . name: (identifier) @name) @function
(function_declaration name: (identifier) @name) @function
(secondary_constructor "constructor" @name) @constructor
(source_file (property_declaration (variable_declaration (identifier) @name)) @constant)
(class_body (property_declaration (variable_declaration (identifier) @name)) @property)
(type_alias type: (identifier) @name) @type
(enum_entry (identifier) @name) @constant
