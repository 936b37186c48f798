; definitions

(function_declaration name: (_) @name parameters: (_) @params body: (_)? @body) @def.function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @scope
    (generic_type type: (_) @scope)
    (pointer_type [(type_identifier) @scope (generic_type type: (_) @scope)])]))
  name: (_) @name parameters: (_) @params body: (_)? @body) @def.method
(source_file (var_declaration (var_spec
  name: (identifier) @name
  value: (expression_list . (func_literal parameters: (_) @params body: (_) @body))) @def.function))

(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @def.struct
(type_spec name: (_) @name type: (interface_type "{" @body)) @def.interface
(type_spec name: (_) @name) @def.type
(type_alias name: (_) @name) @def.type

(type_declaration [(type_spec) (type_alias)] @inner) @outer
(var_declaration (var_spec value: (expression_list (func_literal))) @inner) @outer

; `a, b int` is one node and two parameters
(parameter_declaration name: (identifier) . name: (identifier) @param.more)

; what they say of themselves: embedded types

(field_declaration !name type: (_) @inherits)
(interface_type (type_elem (_) @inherits))

; what they use

(call_expression function: [(identifier) (selector_expression)] @call)
(import_spec path: [
  (interpreted_string_literal (interpreted_string_literal_content) @import)
  (raw_string_literal (raw_string_literal_content) @import)])

; how complex they are

[(if_statement) (for_statement)] @decision @nest
(if_statement alternative: (if_statement) @flat)
[(expression_switch_statement) (type_switch_statement) (select_statement)] @nest
[(expression_case) (type_case) (communication_case)] @decision
(binary_expression operator: ["&&" "||"]) @decision.bool
