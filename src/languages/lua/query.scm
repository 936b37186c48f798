; definitions

(function_declaration name: (identifier) @name parameters: (_) @params body: (_)? @body) @def.function
(function_declaration name: (dot_index_expression table: (_) @scope field: (_) @name)
  parameters: (_) @params body: (_)? @body) @def.function
(function_declaration name: (method_index_expression table: (_) @scope method: (_) @name)
  parameters: (_) @params body: (_)? @body) @def.method
(assignment_statement
  (variable_list . name: (identifier) @name .)
  (expression_list . value: (function_definition parameters: (_) @params body: (_)? @body) .)) @def.function
(assignment_statement
  (variable_list . name: (dot_index_expression table: (_) @scope field: (_) @name) .)
  (expression_list . value: (function_definition parameters: (_) @params body: (_)? @body) .)) @def.function
(variable_declaration (assignment_statement) @inner) @outer

; what they use

(function_call name: [(identifier) (dot_index_expression) (method_index_expression)] @call)
((function_call name: (identifier) @_load arguments: (arguments . (string content: (_) @import)))
  (#eq? @_load "require"))

; how complex they are

[(if_statement) (for_statement) (while_statement) (repeat_statement)] @decision @nest
(elseif_statement) @decision @flat
(binary_expression ["and" "or"]) @decision.bool
