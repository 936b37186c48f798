; What TypeScript's grammar names differently.

(field_definition property: (_) @name
  value: [(arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body)
          (function_expression parameters: (_) @params body: (_) @body)]) @def.method
(class_heritage [(identifier) (member_expression) (call_expression)] @inherits)
