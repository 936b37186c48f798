// What a segment's writer and its reader agree on.
//
//   head: magic, format, documents, files, the offset of each section (u32 each), CRC-32 of these
//   postings: per term, documents in order: varint of the distance to the one before, one byte of impact
//   blocks: terms in order, 64 a block: text, documents, bytes of postings (varints), CRC-32 of these postings
//   sparse: per block: its first term, its offset, that of its first postings, CRC-32 of the block; CRC-32 of all that
//   records: per document: chunk id, name, breadcrumb, first line, last line, words, hash of the signature
//   offsets: per document, where its record starts (u32), and the end
//   columns: file (u32), kind, language, complexity (a byte each) of all documents; the names of kinds and languages
//   lookup: hashes of the chunk ids in order (u32 each), then the document of each (u32)
//   files: path, state of its rows, first document, number of documents

/** `TDTX` in the file. */
export const MAGIC = 0x58544454;
/** Raise it with any change to the layout, the tokens or the weights: an older segment is built again. */
export const FORMAT = 1;
export const BLOCK_TERMS = 64;
export const SECTIONS = ['postings', 'blocks', 'sparse', 'records', 'offsets', 'columns', 'lookup', 'files'] as const;

/** The term under which definitions of a name are found; no token of a text contains its first character. */
export function nameTerm(compound: string): string {
  return `=${compound}`;
}

/** FNV-1a over UTF-16 units. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
