; Keys of the outermost mapping and of the two levels below; small ones share a chunk with their neighbours.

(document (block_node (block_mapping (block_mapping_pair key: (_) @name value: (_) @body) @def.entry)))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair key: (_) @name value: (_) @body) @def.entry))))))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair value: (block_node (block_mapping
    (block_mapping_pair key: (_) @name value: (_) @body) @def.entry)))))))))
