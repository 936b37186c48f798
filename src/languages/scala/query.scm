; definitions; a function without a body stays in its trait's text

; (type parameters have the field "parameters" too)

(function_definition name: (_) @name (parameters) @params body: (_) @body) @def.function
(function_definition name: (_) @name @params.none body: (_) @body) @def.function
(class_definition name: (_) @name body: (_)? @body) @def.class
(object_definition name: (_) @name body: (_)? @body) @def.class
(package_object name: (_) @name body: (_) @body) @def.namespace
(trait_definition name: (_) @name body: (_)? @body) @def.trait
(enum_definition name: (_) @name body: (_) @body) @def.enum

; what they say of themselves

(class_definition extend: (extends_clause [(type_identifier) (generic_type) (stable_type_identifier)] @inherits))
(object_definition extend: (extends_clause [(type_identifier) (generic_type) (stable_type_identifier)] @inherits))
(trait_definition extend: (extends_clause [(type_identifier) (generic_type) (stable_type_identifier)] @inherits))
(enum_definition extend: (extends_clause [(type_identifier) (generic_type) (stable_type_identifier)] @inherits))

; what they use

(call_expression function: [(identifier) (field_expression) (generic_function function: (_))] @call)
(instance_expression (_) @call)
(import_declaration . (_) @import.from (_) @import .)
(import_declaration . (_) @import .)

; how complex they are

[(if_expression) (while_expression) (do_while_expression) (for_expression)] @decision @nest
(if_expression alternative: (if_expression) @flat)
(match_expression) @nest
((case_clause pattern: (_) @_pattern) @decision (#not-eq? @_pattern "_"))
((infix_expression operator: (operator_identifier) @decision.bool) (#any-of? @decision.bool "&&" "||"))
