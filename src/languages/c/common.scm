; What C and C++ share. Where two patterns describe one node, the first holds.

; functions; one without a body stays in its header's text

(function_definition
  declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params)
  body: (_) @body) @def.function
(function_definition
  declarator: (pointer_declarator
    declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params))
  body: (_) @body) @def.function
(function_definition
  declarator: (pointer_declarator declarator: (pointer_declarator
    declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params)))
  body: (_) @body) @def.function

((parameter_list . (parameter_declaration !declarator type: (primitive_type) @param.less) .)
  (#eq? @param.less "void"))

; types: a typedef gives its name to what it wraps

(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name) @def.struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name) @def.struct
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @def.enum
(struct_specifier name: (_) @name body: (_) @body) @def.struct
(union_specifier name: (_) @name body: (_) @body) @def.struct
(enum_specifier name: (_) @name body: (_) @body) @def.enum
(type_definition type: [(struct_specifier) (union_specifier) (enum_specifier)] @inner) @outer
(declaration type: [(struct_specifier) (union_specifier) (enum_specifier)] @inner) @outer
(field_declaration type: [(struct_specifier) (union_specifier) (enum_specifier)] @inner) @outer

(preproc_function_def name: (_) @name parameters: (_) @params) @def.macro

; what they use

(call_expression function: [(identifier) (field_expression)] @call)
(preproc_include path: [(string_literal (string_content) @import) (system_lib_string) @import])

; how complex they are

[(if_statement) (for_statement) (while_statement) (do_statement) (conditional_expression)] @decision @nest
(else_clause (if_statement) @flat)
(switch_statement) @nest
(case_statement value: (_)) @decision
(binary_expression operator: ["&&" "||"]) @decision.bool
