// What the main thread and an embedding worker say to each other.
import * as v from 'valibot';
import type { Device } from '../../core/device.ts';
import type { ModelSpec } from '../model/manifest.ts';
import type { NativeSection } from './native-section.ts';

/** Work for a worker. Arrays may be transferred. */
export type Request =
  | { readonly type: 'tokenize'; readonly task: number; readonly texts: readonly string[] }
  /** `ids`: `rows` sequences of one length, end to end. */
  | { readonly type: 'run'; readonly task: number; readonly ids: Int32Array; readonly rows: number }
  /** Nothing more is asked; the worker ends by itself. */
  | { readonly type: 'end' };

const task = v.number();

const ReplySchema = v.variant('type', [
  v.object({ type: v.literal('ready') }),
  /** The model could not be loaded; the worker ends. */
  v.object({ type: v.literal('broken'), reason: v.string() }),
  /** All sequences end to end, and for each where it ends. */
  v.object({ type: v.literal('tokenized'), task, ids: v.instance(Int32Array), ends: v.instance(Int32Array) }),
  v.object({ type: v.literal('vectors'), task, vectors: v.instance(Float32Array) }),
  /** This task threw; the worker goes on. */
  v.object({ type: v.literal('failed'), task, reason: v.string() }),
]);

export type Reply = v.InferOutput<typeof ReplySchema>;
/** A task's result. */
export type Result = Extract<Reply, { type: 'tokenized' | 'vectors' }>;

/** Throws on anything that no worker of ours would say. */
export function parseReply(message: unknown): Reply {
  return v.parse(ReplySchema, message);
}

/** What a worker is started with. */
export interface WorkerData {
  readonly section: NativeSection;
  readonly model: ModelToServe;
}

export interface ModelToServe {
  /** Absolute path; its files have been verified. */
  readonly folder: string;
  readonly maxTokens: number;
  readonly dimension: number;
  readonly pooling: 'mean' | 'cls';
  readonly dtype: ModelSpec['dtype'];
  readonly neverSaturates: boolean;
  readonly device: Device;
}
