// onnxruntime 1.30 has telemetry on Linux: unless the environment says otherwise, its native part makes an id of the
// device and a database in the user's cache folder, to be sent to its makers. It reads the variable when it is loaded.

/**
 * To be called in the main thread before a worker loads the runtime: there alone a change of the environment is one of
 * the process, which native code sees.
 */
export function silenceRuntime(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
