; What a module and its interface share.

; definitions

(type_definition (type_binding name: (_) @name body: (_) @body) @def.type)
(type_definition (type_binding name: (_) @name equation: (_)) @def.type)
(type_definition (type_binding) @inner) @outer
(module_type_definition (module_type_name) @name body: (_) @body) @def.interface
(module_definition (module_binding (module_name) @name module_type: (_) @body)) @def.namespace
(module_definition (module_binding (module_name) @name body: (_) @body)) @def.namespace
(class_definition (class_binding (class_name) @name body: (_)? @body) @def.class)
(class_definition (class_binding) @inner) @outer

(value_specification (value_name) @name type: (function_type)) @def.function
(external (value_name) @name) @def.function

; `let rec a … and b …`

(value_definition "and" @lead)
(type_definition "and" @lead)
(module_definition "and" @lead)
(class_definition "and" @lead)

; what they use

(open_module module: (_) @import)
(include_module module: (module_path) @import)
(include_module_type (_) @import)
