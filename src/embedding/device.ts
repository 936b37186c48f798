// A device that was asked for is used, or it is an error that says why: never another one in silence, for its vectors
// have other bits.
import { type Device, devicesOf } from '../core/device.ts';
import { IndexerError, messageOf } from '../core/errors.ts';
import type { ModelSpec } from './model/manifest.ts';

const OTHERWISE = 'or leave --device out: the vectors are then made on the CPU';

const NEEDS: Readonly<Record<Device, string>> = {
  cpu: '',
  cuda: 'install CUDA, cuDNN and, beside tandem-index, onnxruntime-node 1.30.0 with its install script, which fetches the rest',
  dml: 'install a driver for DirectX 12',
  coreml: 'update macOS',
  webgpu: 'install a graphics driver (on Linux with Vulkan)',
};

/** What can be told without trying. Errors: DEVICE_UNAVAILABLE. */
export function refuseUnfitDevice(device: Device, { id, dtype }: Pick<ModelSpec, 'id' | 'dtype'>): void {
  const offered = devicesOf();
  if (!offered.includes(device)) {
    const here = `${process.platform} on ${process.arch}`;
    throw new IndexerError('DEVICE_UNAVAILABLE', `onnxruntime has no ${device} for ${here}`, {
      hint: `it offers ${offered.join(', ')} here; use one of them, ${OTHERWISE}`,
    });
  }
  if (device === 'cpu' || dtype === 'fp32' || dtype === 'fp16') return;
  const message = `the file of ${id} is made for processors (${dtype}): most of it would not run on ${device}`;
  throw new IndexerError('DEVICE_UNAVAILABLE', message, {
    hint: `give a model with an fp32 or fp16 file by --model, ${OTHERWISE}`,
  });
}

/** The runtime, or the model on it, did not start. */
export function deviceFailed(device: Device, cause: unknown): IndexerError {
  const origin = cause instanceof IndexerError && cause.cause !== undefined ? cause.cause : cause;
  const why = messageOf(origin).trim().split('\n').at(-1);
  return new IndexerError('DEVICE_UNAVAILABLE', `vectors cannot be made on ${device} here: ${why}`, {
    hint: `${NEEDS[device]}, ${OTHERWISE}`,
    cause,
  });
}
