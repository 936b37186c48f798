; In Elixir everything is a call; what it means is in its name. The clauses of a function are joined to one definition.

; modules

((call target: (identifier) @_def (arguments . (_) @name) (do_block) @body) @def.namespace
  (#eq? @_def "defmodule"))
((call target: (identifier) @_def (arguments . (_) @name) (do_block) @body) @def.interface
  (#eq? @_def "defprotocol"))
((call target: (identifier) @_def
    (arguments . (_) @inherits (keywords (pair value: (_) @name))) (do_block) @body) @def.impl
  (#eq? @_def "defimpl"))
((call target: (identifier) @_def (arguments . (_) @name) (do_block) @body) @def.impl
  (#eq? @_def "defimpl"))

; functions: with arguments or without, with a guard or without, with a block, `do:` or no body at all

((call target: (identifier) @_def
    (arguments . [
      (call target: (identifier) @name @call.less (arguments) @params)
      (binary_operator left: (call target: (identifier) @name @call.less (arguments) @params))])
    (do_block) @body) @def.function
  (#any-of? @_def "def" "defp"))
((call target: (identifier) @_def
    (arguments . [
        (call target: (identifier) @name @call.less (arguments) @params)
        (binary_operator left: (call target: (identifier) @name @call.less (arguments) @params))]
      (keywords) @body)) @def.function
  (#any-of? @_def "def" "defp"))
((call target: (identifier) @_def
    (arguments . (call target: (identifier) @name @call.less (arguments) @params))) @def.function
  (#any-of? @_def "def" "defp"))
((call target: (identifier) @_def
    (arguments . [(identifier) @name @params.none (binary_operator left: (identifier) @name @params.none)])
    (do_block) @body) @def.function
  (#any-of? @_def "def" "defp"))
((call target: (identifier) @_def
    (arguments . [(identifier) @name @params.none (binary_operator left: (identifier) @name @params.none)]
      (keywords) @body)) @def.function
  (#any-of? @_def "def" "defp"))
((call target: (identifier) @_def
    (arguments . (binary_operator operator: _ @name) @params) (do_block) @body) @def.function
  (#any-of? @_def "def" "defp")
  (#not-eq? @name "when"))
((call target: (identifier) @_def
    (arguments . [
      (call target: (identifier) @name @call.less (arguments) @params)
      (binary_operator left: (call target: (identifier) @name @call.less (arguments) @params))])
    (do_block)? @body) @def.macro
  (#any-of? @_def "defmacro" "defmacrop" "defguard" "defguardp"))

; tests

((call target: (identifier) @_def (arguments . (string (quoted_content) @name)) (do_block) @body) @def.section
  (#eq? @_def "describe"))
((call target: (identifier) @_def (arguments . (string (quoted_content) @name)) (do_block) @body) @def.function
  (#eq? @_def "test"))

; @doc, @spec and the like stand right above

((unary_operator operator: "@" operand: (call target: (identifier) @_attribute)) @lead
  (#any-of? @_attribute "doc" "spec" "impl" "deprecated" "since" "dialyzer" "tag" "describetag"))
((unary_operator operator: "@" operand: (call target: (identifier) @_attribute
    (arguments . [(string (quoted_content) @docstring) (sigil (quoted_content) @docstring)])))
  (#any-of? @_attribute "doc" "moduledoc"))
(unary_operator operator: "@" operand: (call target: (identifier) @call.less))
; a type is written like a call
((unary_operator operator: "@" operand: (call target: (identifier) @_attribute) @call.less)
  (#any-of? @_attribute "spec" "callback" "macrocallback" "type" "typep" "opaque"))

; what they say of themselves

((unary_operator operator: "@" operand: (call target: (identifier) @_attribute (arguments . (alias) @inherits)))
  (#eq? @_attribute "behaviour"))

; what they use

((call target: (identifier) @call (arguments))
  (#not-any-of? @call "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defmodule" "defprotocol" "defimpl"
    "defstruct" "defdelegate" "defexception" "use" "import" "alias" "require" "if" "unless" "case" "cond" "with" "for"
    "quote" "unquote" "describe" "test" "raise" "receive" "try" "fn"))
(call target: (dot) @call (arguments))
((call target: (identifier) @_load (arguments . [(alias) (dot)] @import))
  (#any-of? @_load "use" "import" "alias" "require"))

; how complex they are

((call target: (identifier) @_word (arguments)) @decision @nest
  (#any-of? @_word "if" "unless" "for"))
((call target: (identifier) @_word [(arguments) (do_block)]) @nest
  (#any-of? @_word "case" "cond" "with" "receive" "try"))
((call target: (identifier) @_word (do_block (stab_clause left: (_) @_when) @decision))
  (#any-of? @_word "case" "cond" "receive")
  (#not-any-of? @_when "_" "true"))
((call target: (identifier) @_word (do_block (else_block (stab_clause left: (_) @_when) @decision)))
  (#any-of? @_word "with" "try")
  (#not-eq? @_when "_"))
[(rescue_block (stab_clause) @decision) (catch_block (stab_clause) @decision)]
(binary_operator operator: ["&&" "||" "and" "or"]) @decision.bool
