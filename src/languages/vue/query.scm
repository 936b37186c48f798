; The blocks of a component; small ones stay in the text around them.

(document [
  (template_element (start_tag (tag_name) @name))
  (script_element (start_tag (tag_name) @name))
  (style_element (start_tag (tag_name) @name))
  (element (start_tag (tag_name) @name))] @def.section)
