; definitions

(function_declaration name: (identifier) @name parameters: (_) @params body: (_)? @body) @def.function
(function_declaration name: (dot_index_expression table: (_) @scope field: (_) @name)
  parameters: (_) @params body: (_)? @body) @def.function
(function_declaration name: (method_index_expression table: (_) @scope method: (_) @name)
  parameters: (_) @params body: (_)? @body) @def.method
(variable_declaration (assignment_statement) @inner) @outer

; what a variable or a field of a table holds

(function_definition parameters: (_) @params body: (_)? @body) @held.function
(assignment_statement
  (variable_list . name: [
    (identifier) @name
    (dot_index_expression table: (_) @scope field: (_) @name)
    (bracket_index_expression table: (_) @scope field: (string content: (_) @name))] .)
  (expression_list . value: (_) @value .)) @holds
(table_constructor (field name: [(identifier) @name (string content: (_) @name)] value: (_) @value) @holds) @members
(parenthesized_expression . (_) @to) @pass
(function_call arguments: (arguments [(function_definition) (table_constructor)] @to)) @pass

; what they use

(function_call name: [(identifier) (dot_index_expression) (method_index_expression)] @call)
((function_call name: (identifier) @_load arguments: (arguments . (string content: (_) @import)))
  (#eq? @_load "require"))

; how complex they are

[(if_statement) (for_statement) (while_statement) (repeat_statement)] @decision @nest
(elseif_statement) @decision @flat
(binary_expression ["and" "or"]) @decision.bool
