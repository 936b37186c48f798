// A worker's whole life: load the model, then answer one request after another.
import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '../../core/errors.ts';
import type { LocalModel } from './local-model.ts';
import type { Reply, Request, Result } from './messages.ts';
import { insideNative, type NativeSection } from './native-section.ts';
import { tokenIds } from './tokens.ts';

export interface ServeOptions {
  readonly section: NativeSection;
  readonly maxTokens: number;
  load(): Promise<LocalModel>;
}

/** Answers on `port` in the order of the requests. A model that cannot be loaded is said and ends the worker. */
export async function serve(port: MessagePort, { section, maxTokens, load }: ServeOptions): Promise<void> {
  const say = (reply: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer);
  let model: LocalModel;
  try {
    model = await insideNative(section, load);
  } catch (error) {
    say({ type: 'broken', reason: messageOf(error) });
    port.close();
    return;
  }

  const run = (ids: Int32Array, rows: number) => insideNative(section, () => model.run(ids, rows));
  const limits = { maxTokens, startId: model.startId, endId: model.endId };
  let previous = Promise.resolve();
  port.on('message', (request: Request) => {
    previous = previous.then(async () => {
      if (request.type === 'end') return port.close();
      try {
        const result =
          request.type === 'run'
            ? vectorsOf(request.task, await run(request.ids, request.rows))
            : sequencesOf(
                request.task,
                request.texts.map((text) => tokenIds(text, model.encode, limits)),
              );
        say(result, buffersOf(result));
      } catch (error) {
        say({ type: 'failed', task: request.task, reason: messageOf(error) });
      }
    });
  });
  say({ type: 'ready' });
}

function vectorsOf(task: number, output: Float32Array): Result {
  return { type: 'vectors', task, vectors: output.slice() }; // the runtime owns its output's memory
}

function sequencesOf(task: number, sequences: readonly Int32Array[]): Result {
  const ids = new Int32Array(sequences.reduce((sum, sequence) => sum + sequence.length, 0));
  const ends = new Int32Array(sequences.length);
  let end = 0;
  sequences.forEach((sequence, index) => {
    ids.set(sequence, end);
    end += sequence.length;
    ends[index] = end;
  });
  return { type: 'tokenized', task, ids, ends };
}

function buffersOf(result: Result): ArrayBuffer[] {
  const arrays = result.type === 'vectors' ? [result.vectors] : [result.ids, result.ends];
  return arrays.map((array) => array.buffer).filter((buffer) => buffer instanceof ArrayBuffer);
}
