// Getting hold of a microphone, and saying in one error why there is none.

import { microphoneFailed } from "../errors.js";

/** The constraints of a microphone as `AudioConstraints` and a device id ask for it; all processing defaults to on. */
export function microphoneConstraints(deviceId, wanted = {}) {
  const { echoCancellation = true, noiseSuppression = true, autoGainControl = true } = wanted;
  const device = deviceId ? { deviceId: { exact: deviceId } } : {};
  return { echoCancellation, noiseSuppression, autoGainControl, channelCount: 1, ...device };
}

/** Open the microphone. Throws `MICROPHONE_FAILED` with the browser's own error as cause. */
export async function openMicrophone(deviceId, wanted) {
  // Browsers show media devices to secure pages only: https, and localhost.
  if (!navigator.mediaDevices?.getUserMedia) {
    throw microphoneFailed(new DOMException("the page is not secure", "SecurityError"));
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: microphoneConstraints(deviceId, wanted) });
  } catch (error) {
    throw microphoneFailed(error);
  }
}

/** Let go of the device; the browser's recording mark goes away. */
export function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
