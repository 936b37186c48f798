// What a client may tell its model about this server as a whole.
export const INSTRUCTIONS = `Tandem searches this project's code by meaning and by words, on this machine, from an index.
- To find code, call search first, with a question or a symbol; then read_chunk for a whole definition, outline for an overview, similar for duplicates and examples.
- Answers say what they do not know: a hit marked stale is from a file that has changed since it was indexed, and "next" names the tool that mends it.
- If there is no index, ask the user before you call index. After you have edited files, index brings it up to date in seconds.
- Use grep for every occurrence of an exact string; search gives the best definitions, not all of them.`;
