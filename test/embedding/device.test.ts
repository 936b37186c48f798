import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEVICES, devicesOf } from '../../src/core/device.ts';
import { refuseUnfitDevice } from '../../src/embedding/device.ts';
import { describeModel } from '../../src/embedding/model/recipe.ts';
import { openEmbedder } from '../../src/embedding/open.ts';
import { makeTinyModel } from './tiny-model.ts';

const bundled = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2', import.meta.url));
const others = DEVICES.filter((device) => device !== 'cpu');

let parent: string;
let tiny: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tandem-device-'));
  tiny = makeTinyModel(join(parent, 'tiny'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

describe('a device', () => {
  test('is the CPU everywhere, and on some platforms one of others', () => {
    expect(devicesOf('linux', 'x64')).toEqual(['cpu', 'cuda', 'webgpu']);
    expect(devicesOf('win32', 'x64')).toContain('dml');
    expect(devicesOf('darwin', 'arm64')).toContain('coreml');
    expect(devicesOf('plan9', 'mips')).toEqual(['cpu']);
  });

  test.each(others)('%s is part of how vectors came to be', async (device) => {
    const [here, there] = [await describeModel(tiny), await describeModel(tiny, device)];
    expect(there.identity).toEqual(here.identity);
    expect(there.recipe).not.toBe(here.recipe);
    expect(there.fingerprint).not.toBe(here.fingerprint);
  });

  test('is refused where the runtime does not have it, with those that it has', () => {
    const absent = others.find((device) => !devicesOf().includes(device));
    expect(absent).toBeDefined();
    expect(() => refuseUnfitDevice(absent!, { id: 'a/b', dtype: 'fp32' })).toThrow(
      expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', hint: expect.stringContaining(devicesOf().join(', ')) }),
    );
  });

  test.each(devicesOf().filter((device) => device !== 'cpu'))(
    '%s is refused for the bundled file, which is made for processors',
    async (device) => {
      const refusal = expect(openEmbedder({ model: await describeModel(bundled, device), workers: 1 })).rejects;
      await refusal.toMatchObject({ code: 'DEVICE_UNAVAILABLE', hint: expect.stringContaining('fp32 or fp16') });
    },
  );

  test.each(devicesOf().filter((device) => device !== 'cpu'))(
    '%s makes the vectors, or it is an error that says why; never another one instead',
    async (device) => {
      const opened = await openEmbedder({ model: await describeModel(tiny, device), workers: 2 }).catch(
        (error: unknown) => error,
      );
      if (opened instanceof Error) {
        expect(opened).toMatchObject({ code: 'DEVICE_UNAVAILABLE', message: expect.stringContaining(`on ${device}`) });
        return;
      }
      const embedder = opened as Awaited<ReturnType<typeof openEmbedder>>;
      expect((await embedder.embed(['a text'])).failures).toEqual([]);
      await embedder.close();
    },
  );
});
