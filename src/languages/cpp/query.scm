; C++ beyond c/common.scm. A header may be C or C++; this grammar reads both.

; TEST(Suite, Name) {…}: a macro that reads like a function

((function_definition !type
  declarator: (function_declarator declarator: (identifier) @_macro
    parameters: (parameter_list .
      (parameter_declaration !declarator type: (type_identifier) @scope) .
      (parameter_declaration !declarator type: (type_identifier) @name) .))
  body: (_) @body) @def.function
  (#any-of? @_macro "TEST" "TEST_F" "TEST_P" "TYPED_TEST" "TYPED_TEST_P"))

; functions in a class

(field_declaration_list
  (function_definition !type
    declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params)
    body: (_) @body) @def.constructor)
(field_declaration_list [
  (template_declaration (function_definition !type
    declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params)
    body: (_) @body) @def.constructor)
  (preproc_if (function_definition !type
    declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params)
    body: (_) @body) @def.constructor)
  (preproc_ifdef (function_definition !type
    declarator: (function_declarator declarator: (identifier) @name parameters: (_) @params)
    body: (_) @body) @def.constructor)])
(function_definition
  declarator: [
    (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name parameters: (_) @params)
    (pointer_declarator declarator: (function_declarator
      declarator: [(field_identifier) (operator_name)] @name parameters: (_) @params))
    (reference_declarator (function_declarator
      declarator: [(identifier) (field_identifier) (operator_name)] @name parameters: (_) @params))]
  body: (_) @body) @def.function
(function_definition
  declarator: (operator_cast declarator: (abstract_function_declarator parameters: (_) @params)) @name
  body: (_) @body) @def.method

; functions of a class that stand outside of it

((function_definition
  declarator: (function_declarator
    declarator: (qualified_identifier scope: (_) @scope name: (identifier) @name)
    parameters: (_) @params)
  body: (_) @body) @def.constructor
  (#eq? @scope @name))
((function_definition
  declarator: (function_declarator
    declarator: (qualified_identifier scope: (_) @scope name: (qualified_identifier
      scope: (_) @scope @_class name: (identifier) @name))
    parameters: (_) @params)
  body: (_) @body) @def.constructor
  (#eq? @_class @name))
((function_definition
  declarator: (function_declarator
    declarator: (qualified_identifier scope: (template_type name: (_) @_class) @scope name: (identifier) @name)
    parameters: (_) @params)
  body: (_) @body) @def.constructor
  (#eq? @_class @name))
(function_definition
  declarator: [
    (function_declarator
      declarator: (qualified_identifier scope: (_) @scope
        name: [(identifier) (destructor_name) (operator_name) (template_function)] @name)
      parameters: (_) @params)
    (pointer_declarator declarator: (function_declarator
      declarator: (qualified_identifier scope: (_) @scope name: [(identifier) (operator_name)] @name)
      parameters: (_) @params))
    (reference_declarator (function_declarator
      declarator: (qualified_identifier scope: (_) @scope name: [(identifier) (operator_name)] @name)
      parameters: (_) @params))]
  body: (_) @body) @def.method
(function_definition
  declarator: [
    (function_declarator
      declarator: (qualified_identifier scope: (_) @scope name: (qualified_identifier
        scope: (_) @scope name: [(identifier) (destructor_name) (operator_name)] @name))
      parameters: (_) @params)
    (pointer_declarator declarator: (function_declarator
      declarator: (qualified_identifier scope: (_) @scope name: (qualified_identifier
        scope: (_) @scope name: [(identifier) (operator_name)] @name))
      parameters: (_) @params))
    (reference_declarator (function_declarator
      declarator: (qualified_identifier scope: (_) @scope name: (qualified_identifier
        scope: (_) @scope name: [(identifier) (operator_name)] @name))
      parameters: (_) @params))]
  body: (_) @body) @def.method
(function_definition
  declarator: (function_declarator
    declarator: (qualified_identifier scope: (_) @scope name: (qualified_identifier
      scope: (_) @scope name: (qualified_identifier
        scope: (_) @scope name: [(identifier) (destructor_name) (operator_name)] @name)))
    parameters: (_) @params)
  body: (_) @body) @def.method
(function_definition
  declarator: (function_declarator
    declarator: (template_function name: (_) @name) parameters: (_) @params)
  body: (_) @body) @def.function

; types

(class_specifier name: (template_type name: (_) @name) body: (_) @body) @def.class
(class_specifier name: (_) @name body: (_) @body) @def.class
(struct_specifier name: (template_type name: (_) @name) body: (_) @body) @def.struct
(namespace_definition name: (_) @name body: (_) @body) @def.namespace
(concept_definition name: (_) @name) @def.type
(alias_declaration name: (_) @name) @def.type

(template_declaration [(function_definition) (class_specifier) (struct_specifier) (union_specifier) (concept_definition)] @inner) @outer
(friend_declaration (function_definition) @inner) @outer
(type_definition type: (class_specifier) @inner) @outer
(declaration type: (class_specifier) @inner) @outer
(field_declaration type: (class_specifier) @inner) @outer

; what they say of themselves

(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @inherits)

; what they use

(call_expression function: [(qualified_identifier) @call (template_function name: (_) @call)])
(new_expression type: (_) @call)

; how complex they are

[(for_range_loop) (catch_clause)] @decision @nest
(binary_expression operator: ["and" "or"]) @decision.bool
