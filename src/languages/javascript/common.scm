; What JavaScript and TypeScript share. Where two patterns describe one node, the first holds.

; functions

(function_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.function
(generator_function_declaration name: (_) @name parameters: (_) @params body: (_) @body) @def.function

(class_body
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.constructor
  (#eq? @name "constructor"))
(class_body
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method)

; Functions held by a variable: every one of a module, and the longer ones inside functions.

(program
  [(lexical_declaration (variable_declarator name: (identifier) @name
      value: (arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body)) @def.function)
   (variable_declaration (variable_declarator name: (identifier) @name
      value: (arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body)) @def.function)
   (export_statement (lexical_declaration (variable_declarator name: (identifier) @name
      value: (arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body)) @def.function))])
(variable_declarator name: (identifier) @name
  value: (arrow_function
    parameters: (_)? @params parameter: (_)? @params body: (statement_block) @body)) @def.function
(variable_declarator name: (identifier) @name
  value: [(function_expression parameters: (_) @params body: (_) @body)
          (generator_function parameters: (_) @params body: (_) @body)]) @def.function

; Functions and classes that something else names, through calls and whatever else is around them:
;  const Row = memo(forwardRef((props, ref) => (…))), export default wrap(fn), module.exports = class Registry {…}

(function_expression name: (_)? @name parameters: (_) @params body: (_) @body) @held.function
(generator_function name: (_)? @name parameters: (_) @params body: (_) @body) @held.function
(arrow_function parameters: (_)? @params parameter: (_)? @params
  body: [(statement_block) (parenthesized_expression)] @body) @held.function
(arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body) @held.function.short
(class name: (_)? @name body: (_) @body) @held.class

(parenthesized_expression . (_) @to) @pass
((call_expression function: [(identifier) @_call (member_expression property: (_) @_call)]
    arguments: (arguments [(arrow_function) (function_expression) (generator_function) (class) (call_expression)
      (object) (parenthesized_expression)] @to)) @pass
  (#not-any-of? @_call "map" "filter" "reduce" "reduceRight" "forEach" "find" "findIndex" "findLast" "some" "every" "sort"
    "toSorted" "flatMap" "then" "catch" "finally" "from" "setTimeout" "setInterval" "setImmediate" "requestAnimationFrame"
    "addEventListener" "subscribe" "on" "once" "replace" "replaceAll" "useMemo" "useState" "useReducer" "useRef"
    "useEffect" "useLayoutEffect" "evaluate" "query" "transaction" "querySelector" "require" "describe" "it" "test"))
(call_expression function: (member_expression object: (call_expression) @to)) @pass
(call_expression function: (call_expression) arguments: (arguments [(arrow_function) (function_expression) (class) (identifier)] @to)) @pass
(assignment_expression right: (_) @to) @pass

(variable_declarator name: (identifier) @name value: (_) @value.long) @holds
(program [
  (lexical_declaration (variable_declarator name: (identifier) @name value: (_) @value) @holds)
  (variable_declaration (variable_declarator name: (identifier) @name value: (_) @value) @holds)
  (export_statement (lexical_declaration (variable_declarator name: (identifier) @name value: (_) @value) @holds))])
((expression_statement (assignment_expression
    left: (member_expression object: (identifier) @_module @scope property: (_) @name.else) right: (_) @value)) @holds
  (#eq? @_module "module")
  (#eq? @name.else "exports"))
(expression_statement (assignment_expression
  left: (member_expression object: [(identifier) (member_expression) (this)] @scope property: (_) @name)
  right: (_) @value.long)) @holds
(program (expression_statement (assignment_expression
  left: (member_expression object: [(identifier) (member_expression) (this)] @scope property: (_) @name)
  right: (_) @value)) @holds)
(expression_statement (assignment_expression left: (identifier) @name right: (_) @value.long)) @holds
(export_statement "default" @name.else value: (_) @value) @holds

; Members of a literal, wherever it stands

(object (pair key: (_) @name value: (_) @value.long) @holds) @members
(object (pair key: (_) @name value: (_) @value.long) @holds)
(object (method_definition name: (_) @name parameters: (_) @params body: (_) @body @value) @holds) @members
(object (method_definition parameters: (_) @params body: (_) @body @held.method))

; describe('a queue', () => {…}), it('keeps the order', async function () {…}), test.only('…', () => {…})

((expression_statement (call_expression
  function: [(identifier) @_block (member_expression object: (identifier) @_block)]
  arguments: (arguments . (string (string_fragment) @name) .
    [(arrow_function body: (statement_block) @body) (function_expression body: (_) @body)]))) @def.section
  (#any-of? @_block "describe" "context" "suite"))
((expression_statement (call_expression
  function: [(identifier) @_block (member_expression object: (identifier) @_block)]
  arguments: (arguments . (string (string_fragment) @name) .
    [(arrow_function body: (statement_block) @body) (function_expression body: (_) @body)]))) @def.function
  (#any-of? @_block "it" "test" "specify"))

; classes

(class_declaration name: (_) @name body: (_) @body) @def.class

; what belongs around them

(export_statement declaration: (_) @inner) @outer
(lexical_declaration (variable_declarator) @inner) @outer
(variable_declaration (variable_declarator) @inner) @outer
(decorator) @lead

; what they use

(call_expression function: [(identifier) (member_expression)] @call)
(new_expression constructor: (_) @call)
(import_statement source: (string (string_fragment) @import))
(export_statement source: (string (string_fragment) @import))
(call_expression function: (import) arguments: (arguments (string (string_fragment) @import)))
((call_expression function: (identifier) @_function arguments: (arguments (string (string_fragment) @import)))
  (#eq? @_function "require"))

; how complex they are

[(if_statement) (for_statement) (for_in_statement) (while_statement) (do_statement) (catch_clause)
 (ternary_expression)] @decision @nest
(else_clause (if_statement) @flat)
(switch_statement) @nest
(switch_case) @decision
(binary_expression operator: ["&&" "||" "??"]) @decision.bool
