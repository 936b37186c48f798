; definitions

(function_declaration name: (_) @name (parameters) @params body: (_) @body) @def.function
(test_declaration [(string (string_content) @name) (identifier) @name] (block) @body) @def.function
(variable_declaration . (identifier) @name [(struct_declaration) (union_declaration) (opaque_declaration)] @body) @def.struct
(variable_declaration . (identifier) @name (enum_declaration) @body) @def.enum

; what they use

(call_expression function: [(identifier) (field_expression)] @call)
((builtin_function (builtin_identifier) @_load (arguments (string (string_content) @import)))
  (#any-of? @_load "@import" "@cImport" "@cInclude"))

; how complex they are

[(if_statement) (if_expression) (for_statement) (for_expression) (while_statement) (while_expression)
 (catch_expression)] @decision @nest
(else_clause [(if_statement) (if_expression)] @flat)
(switch_expression) @nest
((switch_case) @decision (#not-match? @decision "^else\\b"))
(binary_expression operator: ["and" "or" "orelse"]) @decision.bool
