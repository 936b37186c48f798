; definitions

(function_item name: (_) @name parameters: (_) @params body: (_) @body) @def.function
(struct_item name: (_) @name body: (_)? @body) @def.struct
(union_item name: (_) @name body: (_) @body) @def.struct
(enum_item name: (_) @name body: (_) @body) @def.enum
(trait_item name: (_) @name body: (_) @body) @def.trait
(impl_item type: [
    (type_identifier) @name
    (generic_type type: (_) @name)
    (scoped_type_identifier) @name]
  body: (_) @body) @def.impl
(impl_item type: (_) @name body: (_) @body) @def.impl
(mod_item name: (_) @name body: (_) @body) @def.namespace
(macro_definition name: (_) @name ["{" "(" "["] @body) @def.macro
(source_file (type_item name: (_) @name) @def.type)
(mod_item body: (declaration_list (type_item name: (_) @name) @def.type))

(attribute_item) @lead
(parameters (attribute_item) @param.less)

; what they say of themselves

(impl_item trait: (_) @inherits)
(trait_item bounds: (trait_bounds (_) @inherits))

; what they use

(call_expression function: [
  (identifier) @call
  (scoped_identifier) @call
  (field_expression) @call
  (generic_function function: (_) @call)])
(macro_invocation macro: (_) @call)
(use_declaration argument: (_) @import)

; how complex they are

[(if_expression) (for_expression) (while_expression) (loop_expression)] @decision @nest
(else_clause (if_expression) @flat)
(match_expression) @nest
((match_arm pattern: (match_pattern) @_pattern) @decision (#not-eq? @_pattern "_"))
(binary_expression operator: ["&&" "||"]) @decision.bool
