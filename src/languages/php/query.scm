; definitions; a method without a body stays in its interface's text

(function_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.function
((method_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.constructor
  (#eq? @name "__construct"))
(method_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.method
(class_declaration name: (_) @name body: (_) @body) @def.class
(interface_declaration name: (_) @name body: (_) @body) @def.interface
(trait_declaration name: (_) @name body: (_) @body) @def.trait
(enum_declaration name: (_) @name body: (_) @body) @def.enum
(namespace_definition name: (_) @name body: (_) @body) @def.namespace
(namespace_definition name: (_) @name @rank.1 !body) @def.namespace

; what they say of themselves

(base_clause (_) @inherits)
(class_interface_clause (_) @inherits)
(use_declaration [(name) (qualified_name)] @inherits)

; what they use

(function_call_expression function: [(name) (qualified_name)] @call)
(member_call_expression object: (_) @call.from name: (name) @call)
(nullsafe_member_call_expression object: (_) @call.from name: (name) @call)
(scoped_call_expression scope: (_) @call.from name: (name) @call)
(object_creation_expression [(name) (qualified_name)] @call)
(namespace_use_clause . [(name) (qualified_name)] @import)
(namespace_use_declaration (namespace_name) @import)
(include_expression (string (string_content) @import))
(include_once_expression (string (string_content) @import))
(require_expression (string (string_content) @import))
(require_once_expression (string (string_content) @import))

; how complex they are

[(if_statement) (for_statement) (foreach_statement) (while_statement) (do_statement) (catch_clause)
 (conditional_expression)] @decision @nest
(else_if_clause) @decision @flat
(else_clause (if_statement) @flat)
[(switch_statement) (match_expression)] @nest
[(case_statement) (match_conditional_expression)] @decision
(binary_expression operator: ["&&" "||" "and" "or" "??"]) @decision.bool
