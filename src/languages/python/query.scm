; definitions

(function_definition name: (identifier) @name parameters: (_) @params body: (_) @body) @def.function
(class_definition name: (identifier) @name body: (_) @body) @def.class
(decorated_definition definition: (_) @inner) @outer

(parameters [(keyword_separator) (positional_separator)] @param.less)

; what they say of themselves

(function_definition body: (block . (expression_statement (string (string_content) @docstring))))
(class_definition body: (block . (expression_statement (string (string_content) @docstring))))
(class_definition superclasses: (argument_list [(identifier) (attribute) (subscript)] @inherits))

; what they use

(call function: [(identifier) (attribute)] @call)
(import_statement name: [(dotted_name) @import (aliased_import name: (dotted_name) @import)])
(import_from_statement module_name: (_) @import)

; how complex they are

[(if_statement) (for_statement) (while_statement) (except_clause) (conditional_expression)] @decision @nest
(elif_clause) @decision @flat
[(for_in_clause) (if_clause)] @decision
; of a case with a guard the guard counts
((case_clause . (case_pattern) @_pattern . consequence: (_)) @decision (#not-eq? @_pattern "_"))
(match_statement) @nest
(boolean_operator) @decision.bool
