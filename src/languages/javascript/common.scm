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

; const Button = memo(function (…) {…}), export const load = cache(async () => {…})

(program
  [(lexical_declaration (variable_declarator name: (identifier) @name
      value: (call_expression arguments: (arguments .
        [(arrow_function parameters: (_)? @params parameter: (_)? @params body: (statement_block) @body)
         (function_expression parameters: (_) @params body: (_) @body)]))) @def.function)
   (export_statement (lexical_declaration (variable_declarator name: (identifier) @name
      value: (call_expression arguments: (arguments .
        [(arrow_function parameters: (_)? @params parameter: (_)? @params body: (statement_block) @body)
         (function_expression parameters: (_) @params body: (_) @body)]))) @def.function))])

; exports.parse = function (…) {…}, Queue.prototype.push = function (…) {…}

(expression_statement
  (assignment_expression
    left: (member_expression object: [(identifier) (member_expression) (this)] @scope property: (_) @name)
    right: (function_expression parameters: (_) @params body: (_) @body))) @def.function
(program (expression_statement
  (assignment_expression
    left: (member_expression object: [(identifier) (member_expression) (this)] @scope property: (_) @name)
    right: (arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body))) @def.function)

; Functions that are members of an object with a name

(variable_declarator name: (identifier) @scope value: (object
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method))
(variable_declarator name: (identifier) @scope value: (object
  (pair key: (_) @name
    value: [(function_expression parameters: (_) @params body: (_) @body)
            (arrow_function parameters: (_)? @params parameter: (_)? @params body: (statement_block) @body)])
  @def.method))
(assignment_expression left: [(identifier) (member_expression)] @scope right: (object
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method))
(assignment_expression left: [(identifier) (member_expression)] @scope right: (object
  (pair key: (_) @name
    value: [(function_expression parameters: (_) @params body: (_) @body)
            (arrow_function parameters: (_)? @params parameter: (_)? @params body: (statement_block) @body)])
  @def.method))
(export_statement "default" @scope value: (object
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method))

; A component: export default { data() {…}, methods: { add() {…} } }, with or without a call around it

(export_statement "default" value: (object (pair key: (_) @scope value: (object
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method))))
(export_statement "default" @scope value: (call_expression arguments: (arguments . (object
  (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method))))
(export_statement "default" value: (call_expression arguments: (arguments . (object
  (pair key: (_) @scope value: (object
    (method_definition name: (_) @name parameters: (_) @params body: (_) @body) @def.method))))))

; export default function () {…}

(export_statement "default" @name
  value: [(arrow_function parameters: (_)? @params parameter: (_)? @params body: (_) @body)
          (function_expression parameters: (_) @params body: (_) @body)]) @def.function
(export_statement "default" @name value: (class body: (_) @body)) @def.class

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
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @def.class

; what belongs around them

(export_statement declaration: (_) @inner) @outer
(lexical_declaration (variable_declarator value: [(arrow_function) (function_expression) (generator_function) (class)]) @inner) @outer
(variable_declaration (variable_declarator value: [(arrow_function) (function_expression) (generator_function) (class)]) @inner) @outer
(program [
  (lexical_declaration (variable_declarator value: (call_expression)) @inner) @outer
  (export_statement (lexical_declaration (variable_declarator value: (call_expression)) @inner) @outer)])
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
