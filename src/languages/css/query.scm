; Rules, and what holds rules; small ones share a chunk with their neighbours.

(stylesheet (rule_set (selectors) @name (block) @body) @def.entry)
(stylesheet [
  (media_statement (block (rule_set (selectors) @name (block) @body) @def.entry))
  (supports_statement (block (rule_set (selectors) @name (block) @body) @def.entry))
  (at_rule (block (rule_set (selectors) @name (block) @body) @def.entry))])
(stylesheet [
  (media_statement "@media" @name (block) @body)
  (supports_statement "@supports" @name (block) @body)
  (keyframes_statement (keyframes_name) @name (keyframe_block_list) @body)
  (at_rule (at_keyword) @name (block) @body)] @def.entry)
(import_statement [
  (string_value (string_content) @import)
  (call_expression (arguments [(string_value (string_content) @import) (plain_value) @import]))])
