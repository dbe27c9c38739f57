(statement (create_table (object_reference) @name)) @table
(statement (create_view (object_reference) @name)) @view
(statement (create_materialized_view (object_reference) @name)) @view
(statement (create_function (object_reference) @name)) @function
(statement (create_index column: (_) @name)) @index
(statement (create_trigger (object_reference) @name)) @trigger
(statement (create_type (object_reference) @name)) @type
(statement (create_schema (identifier) @name)) @schema
