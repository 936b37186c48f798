; definitions; a function without a body is its interface's text

(function_definition name: (_) @name (parameter) @param body: (_) @body) @def.function
(function_definition name: (_) @name @params.none body: (_) @body) @def.function
(modifier_definition name: (_) @name (parameter) @param body: (_) @body) @def.function
(modifier_definition name: (_) @name @params.none body: (_) @body) @def.function
(constructor_definition "constructor" @name (parameter) @param body: (_) @body) @def.constructor
(constructor_definition "constructor" @name @params.none body: (_) @body) @def.constructor
(fallback_receive_definition ["fallback" "receive"] @name @params.none body: (_) @body) @def.function

(contract_declaration name: (_) @name body: (_) @body) @def.class
(interface_declaration name: (_) @name body: (_) @body) @def.interface
(library_declaration name: (_) @name body: (_) @body) @def.namespace
(struct_declaration name: (_) @name body: (_) @body) @def.struct
(enum_declaration name: (_) @name body: (_) @body) @def.enum

; what they say of themselves

(inheritance_specifier ancestor: (_) @inherits)

; what they use

(call_expression function: (expression [(identifier) (member_expression)] @call))
(emit_statement name: (_) @call)
(revert_statement error: (_) @call)
(modifier_invocation (identifier) @call)
(import_directive source: (string) @import)

; how complex they are

[(if_statement) (for_statement) (while_statement) (do_while_statement) (ternary_expression) (catch_clause)]
  @decision @nest
(if_statement body: (_) body: (statement (if_statement) @flat))
(binary_expression operator: ["&&" "||"]) @decision.bool
