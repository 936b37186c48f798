; Functions of a module. What `let … in` binds stays inside, and so do values that are no functions in the text around.

(compilation_unit (value_definition
  (let_binding pattern: (_) @name (parameter) @param body: (_) @body) @def.function))
(compilation_unit (value_definition
  (let_binding pattern: (_) @name body: [(function_expression) (fun_expression)] @body) @def.function))
(structure (value_definition
  (let_binding pattern: (_) @name (parameter) @param body: (_) @body) @def.function))
(structure (value_definition
  (let_binding pattern: (_) @name body: [(function_expression) (fun_expression)] @body) @def.function))
(value_definition (let_binding) @inner) @outer

(object_expression (method_definition (method_name) @name (parameter) @param body: (_) @body) @def.method)
(object_expression (method_definition (method_name) @name @params.none body: (_) @body) @def.method)

; what they say of themselves

(inheritance_definition [(class_application class: (_) @inherits) (class_path) @inherits])

; what they use

(application_expression function: (value_path) @call)
(method_invocation method: (_) @call)

; how complex they are

[(if_expression) (for_expression) (while_expression)] @decision @nest
(else_clause (if_expression) @flat)
[(match_expression) (function_expression) (try_expression)] @nest
((match_case pattern: (_) @_when) @decision (#not-eq? @_when "_"))
(infix_expression operator: [(and_operator) (or_operator)] @decision.bool)
