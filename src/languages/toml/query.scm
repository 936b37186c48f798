; Tables and keys; small ones share a chunk with their neighbours.

(document [(table . (_) @name . (_)? @body) (table_array_element . (_) @name . (_)? @body)] @def.entry)
(document (pair . (_) @name) @def.entry)
(document (table (pair . (_) @name) @def.entry))
