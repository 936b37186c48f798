// The parser's wasm module, once per thread, and what is called in it directly. web-tree-sitter's own objects write five
// numbers into the module's memory, name by name, before each property is read: on a file with thousands of captures that takes
// longer than the query. This is bound to the version that package.json names; a test compares it with those objects.
import { Parser, type Query, type Tree } from 'web-tree-sitter';

/** Functions of web-tree-sitter's binding. They take and leave nodes (5 integers) and cursors (4) at `buffer`. */
export interface Runtime {
  /** Where in the memory, counted in integers. */
  readonly buffer: number;
  /** The module's memory as integers. It moves when it grows: not to be kept over a call that may take memory. */
  memory(): Int32Array;
  free(address: number): void;
  /** Whether the machine ever refused memory below the limit: then no failure of the parser says anything of the text. */
  lackedMemory(): boolean;
  /** Leaves the root. */
  rootNode(tree: number): void;
  /** At the node; leaves the number of matches and the address of all. */
  runQuery(query: number, tree: number): void;
  nodeEnd(tree: number): number;
  /** Leaves its row and its column. */
  nodeEndPoint(tree: number): void;
  childCount(tree: number): number;
  namedChildCount(tree: number): number;
  /** Turns the node into a cursor, which is to be deleted. */
  cursorAt(tree: number): void;
  deleteCursor(tree: number): void;
  /** These three give 1 if there was somewhere to go. */
  toFirstChild(tree: number): number;
  toNextSibling(tree: number): number;
  toParent(tree: number): number;
  cursorStart(tree: number): number;
  cursorEnd(tree: number): number;
  isNamed(tree: number): number;
  /** A position in the grammar's `types`. */
  typeId(tree: number): number;
}

/**
 * Most matches that a query may have begun at a time; the engine compares each with each at every node. Where definitions
 * are nested as people write them there are some dozens; past this the caller is told, and gives the tree up.
 */
const MOST_OPEN_MATCHES = 2_048;

let runtime: Promise<Runtime> | undefined;

export function startRuntime(): Promise<Runtime> {
  runtime ??= start();
  return runtime;
}

/** The address of what one of the library's objects stands for. */
export function addressOf(object: Tree | Query): number {
  return (object as unknown as readonly [number])[0];
}

type Call = (...integers: number[]) => number;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** As far as it is used here: its types come with those of a browser. */
declare const WebAssembly: {
  readonly Memory: { new (pages: { initial: number; maximum: number }): WasmMemory; readonly prototype: WasmMemory };
};

/** Of 64 KiB each: 32 MiB at the start, 2 GiB at most, which is also the most that a text can make the parser take. */
const FIRST_PAGES = 512;
const MOST_PAGES = 32_768;

async function start(): Promise<Runtime> {
  const { memory, lackedMemory } = ownMemory();
  // What is given to the loader becomes the module.
  const module: Record<string, unknown> = { wasmMemory: memory };
  await Parser.init(module);
  const call = (name: string): Call => {
    const found = module[`_ts_${name}`];
    if (typeof found !== 'function') throw new Error(`web-tree-sitter has no ${name}, or was started by someone else`);
    return found as Call;
  };
  const matches = call('query_matches_wasm');
  const most = -1; // of 32 bits without a sign
  return {
    buffer: call('init')() >> 2,
    memory: () => module.HEAP32 as Int32Array,
    free: module._free as Call,
    lackedMemory,
    rootNode: call('tree_root_node_wasm'),
    // No limits: of rows, columns, offsets (twice), matches, depth.
    runQuery: (query, tree) => {
      matches(query, tree, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, MOST_OPEN_MATCHES, most);
    },
    nodeEnd: call('node_end_index_wasm'),
    nodeEndPoint: call('node_end_point_wasm'),
    childCount: call('node_child_count_wasm'),
    namedChildCount: call('node_named_child_count_wasm'),
    cursorAt: call('tree_cursor_new_wasm'),
    deleteCursor: call('tree_cursor_delete_wasm'),
    toFirstChild: call('tree_cursor_goto_first_child_wasm'),
    toNextSibling: call('tree_cursor_goto_next_sibling_wasm'),
    toParent: call('tree_cursor_goto_parent_wasm'),
    cursorStart: call('tree_cursor_start_index_wasm'),
    cursorEnd: call('tree_cursor_end_index_wasm'),
    isNamed: call('tree_cursor_current_node_is_named_wasm'),
    typeId: call('tree_cursor_current_node_type_id_wasm'),
  };
}

/** The module tells nobody why it got no more memory: its own limit is the text's doing, a machine that has none is not. */
function ownMemory(): { memory: WasmMemory; lackedMemory: () => boolean } {
  let wasRefused = false;
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MOST_PAGES });
  memory.grow = (pages) => {
    try {
      return WebAssembly.Memory.prototype.grow.call(memory, pages);
    } catch (error) {
      wasRefused ||= memory.buffer.byteLength / 65_536 + pages <= MOST_PAGES;
      throw error;
    }
  };
  return { memory, lackedMemory: () => wasRefused };
}
