; Keys of the outermost object and of the two levels below; small ones share a chunk with their neighbours. No deeper:
; data may be nested a thousandfold.

(document (object (pair key: (string (string_content) @name) value: (_) @body) @def.entry))
(document (object (pair value: (object
  (pair key: (string (string_content) @name) value: (_) @body) @def.entry))))
(document (object (pair value: (object (pair value: (object
  (pair key: (string (string_content) @name) value: (_) @body) @def.entry))))))
