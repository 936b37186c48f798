; What a statement creates. The bodies of stored functions, in languages that this grammar reads in part, are hidden from
; it, so no decisions are counted.

(create_table (object_reference) @name [(column_definitions) (create_query)]? @body) @def.struct
(create_view (object_reference) @name (create_query)? @body) @def.struct
(create_materialized_view (object_reference) @name (create_query)? @body) @def.struct
(create_type (object_reference) @name) @def.type
(create_function (object_reference) @name (function_arguments) @params (function_body)? @body) @def.function
(create_trigger . (_) (object_reference) @name) @def.entry

(invocation (object_reference) @call)
