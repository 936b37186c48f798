; A function is two nodes that follow each other: what it says and what it does. One that only says is its class's text.

; definitions

(program (function_signature name: (_) @name (formal_parameter_list) @params) @def.function . (function_body) @body @end)
(program (getter_signature name: (_) @name @params.none) @def.function . (function_body) @body @end)
(program (setter_signature name: (_) @name (formal_parameter_list) @params) @def.function . (function_body) @body @end)
(lambda_expression
  (function_signature name: (_) @name (formal_parameter_list) @params) (function_body) @body) @def.function

((method_signature (function_signature name: (_) @name (formal_parameter_list) @params)) @def.method
  . (function_body) @body @end)
((method_signature (getter_signature name: (_) @name @params.none)) @def.method . (function_body) @body @end)
((method_signature (setter_signature name: (_) @name (formal_parameter_list) @params)) @def.method
  . (function_body) @body @end)
((method_signature (operator_signature "operator" . (_) @name (formal_parameter_list) @params)) @def.method
  . (function_body) @body @end)
((method_signature (constructor_signature name: (_) . name: (_) @name . (formal_parameter_list) @params)) @def.constructor
  . (function_body) @body @end)
((method_signature (constructor_signature . name: (_) @name . (formal_parameter_list) @params)) @def.constructor
  . (function_body) @body @end)
((method_signature (constructor_signature name: (_) . name: (_) @name . (formal_parameter_list) @params) (initializers))
  @def.constructor . (function_body) @body @end)
((method_signature (factory_constructor_signature (identifier) . (identifier) @name . (formal_parameter_list) @params))
  @def.constructor . (function_body) @body @end)
((method_signature (factory_constructor_signature . (_) . (identifier) @name . (formal_parameter_list) @params))
  @def.constructor . (function_body) @body @end)

(class_definition name: (_) @name body: (_) @body) @def.class
(mixin_declaration (mixin) . (identifier) @name (class_body) @body) @def.trait
(enum_declaration name: (_) @name body: (_) @body) @def.enum
(extension_declaration name: (_) @name body: (_) @body) @def.impl
(extension_declaration !name class: (_) @name body: (_) @body) @def.impl
(extension_type_declaration name: (_) @name body: (_) @body) @def.type
(type_alias . (type_identifier) @name) @def.type

(annotation) @lead

; `[a, b]` and `{a, b}` are one node
(optional_formal_parameters (formal_parameter) @param.more)
(formal_parameter_list (optional_formal_parameters) @param.less)

; what they say of themselves

(superclass [(type_identifier) @inherits (mixins (type_identifier) @inherits)])
(class_definition (interfaces (type_identifier) @inherits))
(enum_declaration [(interfaces (type_identifier) @inherits) (mixins (type_identifier) @inherits)])
(mixin_declaration (mixin) . (identifier) . (type_identifier) @inherits)
(mixin_declaration (interfaces (type_identifier) @inherits))

; what they use

((identifier) @call . (selector (argument_part)))
((identifier) @call.from . (selector (unconditional_assignable_selector (identifier) @call)) . (selector (argument_part)))
((this) @call.from . (selector (unconditional_assignable_selector (identifier) @call)) . (selector (argument_part)))
((selector) . (selector [(unconditional_assignable_selector (identifier) @call) (conditional_assignable_selector (identifier) @call)])
  . (selector (argument_part)))
(import_or_export (_ [(import_specification (configurable_uri) @import) (configurable_uri) @import]))

; how complex they are

[(if_statement) (for_statement) (while_statement) (do_statement) (conditional_expression) (catch_clause) (if_element)
 (for_element)] @decision @nest
(if_statement alternative: (if_statement) @flat)
[(switch_statement) (switch_expression)] @nest
(switch_statement_case) @decision
((switch_expression_case . (_) @_pattern) @decision (#not-eq? @_pattern "_"))
[(logical_and_operator) (logical_or_operator) "??"] @decision.bool
