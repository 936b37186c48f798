; definitions; a function without a body stays in its interface's text

(function_declaration [(user_type) (nullable_type)] @scope . name: (_) @name
  (function_value_parameters) @params (function_body) @body) @def.function
(function_declaration name: (_) @name (function_value_parameters) @params (function_body) @body) @def.function
(secondary_constructor "constructor" @name (function_value_parameters) @params (block)? @body) @def.constructor
(class_declaration "interface" name: (_) @name (class_body)? @body) @def.interface
(class_declaration name: (_) @name (enum_class_body) @body) @def.enum
(class_declaration name: (_) @name (class_body)? @body) @def.class
(object_declaration name: (_) @name (class_body)? @body) @def.class
(companion_object name: (_) @name (class_body) @body) @def.class
(companion_object "companion" @name (class_body) @body) @def.class
(source_file (type_alias type: (_) @name) @def.type)

(function_value_parameters [(expression) (parameter_modifiers)] @param.less)

; what they say of themselves

(delegation_specifier [
  (user_type) @inherits
  (constructor_invocation (user_type) @inherits)
  (explicit_delegation (user_type) @inherits)])

; what they use

(call_expression . [(identifier) (navigation_expression)] @call)
(import (qualified_identifier) @import)

; how complex they are

[(if_expression) (for_statement) (while_statement) (do_while_statement) (catch_block)] @decision @nest
(if_expression "else" . (if_expression) @flat)
(when_expression) @nest
(when_entry condition: (_)) @decision
(binary_expression operator: ["&&" "||" "?:"]) @decision.bool
