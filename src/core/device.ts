// What vectors can be made on. Which of these works is the runtime's to say; which it brings for a platform is known.

export const DEVICES = ['cpu', 'cuda', 'dml', 'coreml', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

const BY_PLATFORM: Readonly<Record<string, readonly Device[]>> = {
  'linux-x64': ['cpu', 'cuda', 'webgpu'],
  'linux-arm64': ['cpu', 'webgpu'],
  'win32-x64': ['cpu', 'dml', 'webgpu'],
  'win32-arm64': ['cpu', 'dml', 'webgpu'],
  'darwin-arm64': ['cpu', 'coreml', 'webgpu'],
};

/** Those that onnxruntime-node is built with for a platform; whether the machine has them is another matter. */
export function devicesOf(platform: string = process.platform, arch: string = process.arch): readonly Device[] {
  return BY_PLATFORM[`${platform}-${arch}`] ?? ['cpu'];
}

/** In a sentence: `on the CPU`. */
export function onDevice(device: Device): string {
  return device === 'cpu' ? 'on the CPU' : `on ${device}`;
}
