; definitions

((method name: (identifier) @name parameters: (_) @params body: (_)? @body) @def.constructor
  (#eq? @name "initialize"))
((method name: (identifier) @name @params.none !parameters body: (_)? @body) @def.constructor
  (#eq? @name "initialize"))
(method name: (_) @name parameters: (_) @params body: (_)? @body) @def.function
(method name: (_) @name @params.none !parameters body: (_)? @body) @def.function
(singleton_method name: (_) @name parameters: (_) @params body: (_)? @body) @def.function
(singleton_method name: (_) @name @params.none !parameters body: (_)? @body) @def.function
(class name: (_) @name body: (_) @body) @def.class
(class name: (_) @name !body "end" @body) @def.class
(module name: (_) @name body: (_)? @body) @def.namespace
((assignment left: (constant) @name
  right: (call receiver: (constant) @_class method: (identifier) @_new block: (_) @body)) @def.class
  (#any-of? @_class "Struct" "Class" "Data")
  (#any-of? @_new "new" "define"))

; `private def helper`, `memoize def total`

((call !receiver arguments: (argument_list . [(method) (singleton_method)] @inner .)) @outer)

; tests: describe 'what' do … it 'does' do … end end

((call method: (identifier) @_word arguments: (argument_list . [(string (string_content) @name) (constant) @name (scope_resolution) @name])
    block: (do_block) @body) @def.section
  (#any-of? @_word "describe" "context" "feature"))
((call !receiver method: (identifier) @_word arguments: (argument_list . (string (string_content) @name))
    block: (do_block) @body) @def.function
  (#any-of? @_word "it" "specify" "test" "scenario" "example"))

; what they say of themselves

(superclass (_) @inherits)
(class body: (body_statement ((call !receiver method: (identifier) @_mix arguments: (argument_list [(constant) (scope_resolution)] @inherits))
  (#any-of? @_mix "include" "extend" "prepend"))))
(module body: (body_statement ((call !receiver method: (identifier) @_mix arguments: (argument_list [(constant) (scope_resolution)] @inherits))
  (#any-of? @_mix "include" "extend" "prepend"))))

; what they use

(call receiver: (_) @call.from method: [(identifier) (constant)] @call)
((call !receiver method: [(identifier) (constant)] @call)
  (#not-any-of? @call "require" "require_relative" "include" "extend" "prepend" "private" "protected" "public"
    "attr_reader" "attr_writer" "attr_accessor"))
((call !receiver method: (identifier) @_load arguments: (argument_list . (string (string_content) @import)))
  (#any-of? @_load "require" "require_relative" "load"))

; how complex they are

[(if) (unless) (while) (until) (for) (if_modifier) (unless_modifier) (while_modifier) (until_modifier) (conditional)
 (rescue) (rescue_modifier)] @decision @nest
(elsif) @decision @flat
[(case) (case_match)] @nest
[(when) (in_clause)] @decision
(binary operator: ["&&" "||" "and" "or"]) @decision.bool
