(function_item name: (identifier) @name) @function
(function_signature_item name: (identifier) @name) @prototype.method
(struct_item name: (type_identifier) @name) @struct
(enum_item name: (type_identifier) @name) @enum
(union_item name: (type_identifier) @name) @union
(trait_item name: (type_identifier) @name) @trait
(type_item name: (type_identifier) @name) @type
(impl_item type: [(type_identifier) (generic_type) (scoped_type_identifier)] @name) @scope.impl
(impl_item type: (reference_type type: (_) @name)) @scope.impl
(mod_item name: (identifier) @name body: (_)) @module
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name) @constant
(macro_definition name: (identifier) @name) @macro
