// How many worker threads fit into the memory there is.
import { totalmem } from 'node:os';

const MIB = 1024 ** 2;
/** What a run takes however few its workers: Node, the engine of the tables, a batch at each end. In bytes. */
const BASE_BYTES = 256 * MIB;
/** What a worker adds: a model's session with what it computes on, or a parser with the largest tree it met. */
const WORKER_BYTES = 128 * MIB;

/** A run with one worker cannot promise less. */
export const LEAST_MEMORY_BYTES = BASE_BYTES + WORKER_BYTES;

/** The machine's memory, or the container's share of it. */
export function availableMemory(): number {
  const share = process.constrainedMemory(); // 0, or beyond all machines, where there is no limit
  return share > 0 ? Math.min(share, totalmem()) : totalmem();
}

/** At most `wanted`, at least one. */
export function workersWithin(bytes: number, wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor((bytes - BASE_BYTES) / WORKER_BYTES)));
}
