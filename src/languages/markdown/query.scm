; A heading and what stands below it, up to the next heading of its level. The grammar's own sections know nothing of
; underlined headings. Fenced code stays inside, and so does a heading in a quotation.

(atx_heading (atx_h1_marker) @rank.1 heading_content: (_) @name) @def.section
(atx_heading (atx_h2_marker) @rank.2 heading_content: (_) @name) @def.section
(atx_heading (atx_h3_marker) @rank.3 heading_content: (_) @name) @def.section
(atx_heading (atx_h4_marker) @rank.4 heading_content: (_) @name) @def.section
(atx_heading (atx_h5_marker) @rank.5 heading_content: (_) @name) @def.section
(atx_heading (atx_h6_marker) @rank.6 heading_content: (_) @name) @def.section
(setext_heading heading_content: (_) @name (setext_h1_underline) @rank.1 @body) @def.section
(setext_heading heading_content: (_) @name (setext_h2_underline) @rank.2 @body) @def.section
