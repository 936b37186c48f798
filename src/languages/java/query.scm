; definitions; a method without a body stays in its interface's text

(method_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.method
(constructor_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.constructor
(compact_constructor_declaration name: (_) @name body: (_) @body) @def.constructor
(class_declaration name: (_) @name body: (_) @body) @def.class
(record_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.class
(enum_declaration name: (_) @name body: (_) @body) @def.enum
(interface_declaration name: (_) @name body: (_) @body) @def.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @def.interface

(formal_parameters (receiver_parameter) @param.less)

; what they say of themselves

(superclass (_) @inherits)
(super_interfaces (type_list (_) @inherits))
(extends_interfaces (type_list (_) @inherits))

; what they use

(method_invocation object: (_) @call.from name: (_) @call)
(method_invocation !object name: (_) @call)
(object_creation_expression type: (_) @call)
(import_declaration [(scoped_identifier) (identifier)] @import)

; how complex they are

[(if_statement) (for_statement) (enhanced_for_statement) (while_statement) (do_statement) (catch_clause)
 (ternary_expression)] @decision @nest
(if_statement alternative: (if_statement) @flat)
(switch_expression) @nest
(switch_label "case") @decision
(binary_expression operator: ["&&" "||"]) @decision.bool
