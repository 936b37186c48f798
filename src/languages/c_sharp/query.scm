; definitions; what has no body stays in its container's text

(method_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.method
(constructor_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.constructor
(destructor_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.method
(operator_declaration operator: _ @name parameters: (_) @params body: (_) @body) @def.method
(conversion_operator_declaration type: (_) @name parameters: (_) @params body: (_) @body) @def.method
(local_function_statement name: (_) @name parameters: (_) @params body: (_) @body) @def.function
(property_declaration name: (_) @name accessors: (accessor_list (accessor_declaration body: (_))) @body) @def.method
(indexer_declaration "this" @name parameters: (_) @params accessors: (accessor_list (accessor_declaration body: (_))) @body) @def.method
(class_declaration name: (_) @name body: (_)? @body) @def.class
(record_declaration name: (_) @name body: (_)? @body) @def.class
(struct_declaration name: (_) @name body: (_)? @body) @def.struct
(interface_declaration name: (_) @name body: (_) @body) @def.interface
(enum_declaration name: (_) @name body: (_) @body) @def.enum
(namespace_declaration name: (_) @name body: (_) @body) @def.namespace
(file_scoped_namespace_declaration name: (_) @name @rank.1) @def.namespace
(delegate_declaration name: (_) @name parameters: (_) @params) @def.type

; what they say of themselves

(base_list [(identifier) (qualified_name) (generic_name) (alias_qualified_name) (primary_constructor_base_type type: (_))] @inherits)

; what they use

(invocation_expression function: [(identifier) (member_access_expression) (generic_name)] @call)
(invocation_expression function: (conditional_access_expression (member_binding_expression name: (_) @call)))
(object_creation_expression type: (_) @call)
(using_directive !name [(identifier) (qualified_name) (alias_qualified_name)] @import)
(using_directive name: (_) . [(identifier) (qualified_name) (alias_qualified_name) (generic_name)] @import)

; how complex they are

[(if_statement) (for_statement) (foreach_statement) (while_statement) (do_statement) (catch_clause)
 (conditional_expression)] @decision @nest
(if_statement alternative: (if_statement) @flat)
[(switch_statement) (switch_expression)] @nest
(switch_section "case" @decision)
((switch_expression_arm . (_) @_pattern) @decision (#not-eq? @_pattern "_"))
(binary_expression operator: ["&&" "||" "??"]) @decision.bool
