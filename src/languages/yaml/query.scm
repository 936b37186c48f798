; Documents of one stream share no chunk.

(document) @apart

; A resource of Kubernetes is what its kind and name say.

((document (block_node (block_mapping
  (block_mapping_pair key: (_) @_kind value: (_) @scope)
  (block_mapping_pair key: (_) @_metadata value: (block_node (block_mapping
    (block_mapping_pair key: (_) @_name value: (_) @name))))))) @def.entry
  (#eq? @_kind "kind")
  (#eq? @_metadata "metadata")
  (#eq? @_name "name"))

; Keys of the outermost mapping and of the two levels below; small ones share a chunk with their neighbours.

(document (block_node (block_mapping (block_mapping_pair key: (_) @name value: (_) @body) @def.entry)))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair key: (_) @name value: (_) @body) @def.entry))))))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair value: (block_node (block_mapping
    (block_mapping_pair key: (_) @name value: (_) @body) @def.entry)))))))))
