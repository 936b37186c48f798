; The blocks of a component; small ones stay in the text around them. Scripts and styles are read as what they are.

(document [
  (template_element (start_tag (tag_name) @name))
  (style_element (start_tag (tag_name) @name))
  (element (start_tag (tag_name) @name))] @def.section)

((script_element (start_tag (attribute
    (attribute_name) @_attribute (quoted_attribute_value (attribute_value) @_language))) (raw_text) @embed.typescript)
  (#eq? @_attribute "lang")
  (#any-of? @_language "ts" "typescript"))
((script_element (start_tag (attribute
    (attribute_name) @_attribute (quoted_attribute_value (attribute_value) @_language))) (raw_text) @embed.tsx)
  (#eq? @_attribute "lang")
  (#eq? @_language "tsx"))
(script_element (raw_text) @embed.javascript)

((style_element (start_tag (attribute (attribute_name) @_attribute)) (raw_text) @embed.none)
  (#eq? @_attribute "lang"))
(style_element (raw_text) @embed.css)
