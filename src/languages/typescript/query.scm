; TypeScript beyond javascript/common.scm; TSX uses it too.

; definitions

(public_field_definition name: (_) @name
  value: [(arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body)
          (function_expression parameters: (_) @params body: (_) @body)]) @def.method
(abstract_class_declaration name: (_) @name body: (_) @body) @def.class
(interface_declaration name: (_) @name body: (_) @body) @def.interface
(type_alias_declaration name: (_) @name) @def.type
(enum_declaration name: (_) @name body: (_) @body) @def.enum
(internal_module name: (_) @name body: (_) @body) @def.namespace
(module name: [(identifier) @name (nested_identifier) @name (string (string_fragment) @name)] body: (_) @body) @def.namespace
(function_signature name: (_) @name parameters: (_) @params) @def.function

(ambient_declaration (_) @inner) @outer
(expression_statement (internal_module) @inner) @outer

; what they say of themselves

(extends_clause value: (_) @inherits)
(implements_clause (_) @inherits)
(extends_type_clause type: (_) @inherits)

; what they use

(import_require_clause source: (string (string_fragment) @import))

; what is held through types

(satisfies_expression . (_) @to) @pass
(as_expression . (_) @to) @pass
(non_null_expression . (_) @to) @pass
