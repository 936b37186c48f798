; A function's type and its equations stand one below the other; they are joined to one definition. What `where` and
; `let` define stays inside.

; definitions

(declarations [
  (signature name: (variable) @name)
  (signature name: (prefix_id (operator) @name))
  (function name: (variable) @name patterns: (_) @params match: (_) @body)
  (function name: (prefix_id (operator) @name) patterns: (_) @params match: (_) @body)
  (function (infix operator: (_) @name) match: (_) @body)
  (bind name: (variable) @name @params.none match: (_) @body)
  (bind name: (prefix_id (operator) @name) match: (_) @body)] @def.function)
(class_declarations [
  (function name: (variable) @name patterns: (_) @params match: (_) @body)
  (bind name: (variable) @name @params.none match: (_) @body)] @def.function)
(instance_declarations [
  (function name: (variable) @name patterns: (_) @params match: (_) @body)
  (function name: (prefix_id (operator) @name) patterns: (_) @params match: (_) @body)
  (function (infix operator: (_) @name) match: (_) @body)
  (bind name: (variable) @name @params.none match: (_) @body)
  (bind name: (prefix_id (operator) @name) match: (_) @body)] @def.function)

(data_type name: (_) @name constructors: (_)? @body) @def.type
(newtype name: (_) @name) @def.type
(type_synomym name: (_) @name) @def.type
(type_family name: (_) @name) @def.type
(class name: (_) @name declarations: (_)? @body) @def.trait
(instance name: (_) @inherits patterns: (type_patterns) @name declarations: (_)? @body) @def.impl

(pragma) @lead

; what they use

(apply function: [(variable) (qualified)] @call)
((infix left_operand: [(variable) (qualified)] @call operator: (operator) @_operator)
  (#any-of? @_operator "$" "<$>" "." "=<<" "$!" "<$!>"))
(infix operator: (infix_id [(variable) (qualified)] @call))
(import module: (_) @import)

; how complex they are

(conditional) @decision @nest
(case) @nest
((alternative pattern: (_) @_when) @decision (#not-eq? @_when "_"))
((guards) @decision (#not-eq? @decision "otherwise"))
((operator) @decision.bool (#any-of? @decision.bool "&&" "||"))
