; definitions

(function_definition name: (_) @name body: (_) @body) @def.function

; what they use

((command name: (command_name (word) @call))
  (#not-any-of? @call "return" "exit" "break" "continue" "shift" "source" "." ":" "[" "true" "false"))
((command name: (command_name (word) @_load) . argument: [(word) (string) (concatenation)] @import)
  (#any-of? @_load "source" "."))

; how complex they are

[(if_statement) (for_statement) (c_style_for_statement) (while_statement)] @decision @nest
(elif_clause) @decision @flat
(case_statement) @nest
((case_item value: (_) @_pattern) @decision (#not-eq? @_pattern "*"))
(list ["&&" "||"] @decision.bool)
(binary_expression operator: ["&&" "||"] @decision.bool)
