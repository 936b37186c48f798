; Elements that have an id, and the sections of a page; small ones stay in the text around them.

((element (start_tag (attribute
    (attribute_name) @_attribute
    [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)])) . (_)? @body) @def.section
  (#eq? @_attribute "id"))
((element (start_tag (tag_name) @name) . (_)? @body) @def.section
  (#any-of? @name "head" "body" "header" "nav" "main" "section" "article" "aside" "footer" "form" "template"))

; Scripts and styles are read as what they are; a script of another type may be anything.

((script_element (start_tag (attribute
    (attribute_name) @_attribute
    [(attribute_value) @_type (quoted_attribute_value (attribute_value) @_type)])) (raw_text) @embed.none)
  (#eq? @_attribute "type")
  (#not-any-of? @_type "module" "text/javascript" "application/javascript"))
(script_element (raw_text) @embed.javascript)
(style_element (raw_text) @embed.css)
