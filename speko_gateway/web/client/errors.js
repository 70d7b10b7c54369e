// The one error a caller of this module has to know, and what may stand behind it.

/** Thrown by `create()` and by sending while nothing is connected. `code` is stable, `cause` the original error. */
export class SpekoClientError extends Error {
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "SpekoClientError";
    this.code = code;
  }
}

/**
 * A socket that closed before the conversation began; `closeCode` as in docs/media-protocol.md, 0 without one.
 * `problem` is what the server said of it, or null.
 */
export class TransportClosed extends Error {
  constructor(closeCode, problem = null) {
    super(problem?.message ?? `the server closed with code ${closeCode}`);
    this.name = "TransportClosed";
    this.closeCode = closeCode;
    this.problem = problem;
  }
}

/** Something failed on the server and the conversation goes on; `code` is the server's machine word. */
export class ServerProblem extends Error {
  constructor({ code, message }) {
    super(message || "Something failed on the server.");
    this.name = "ServerProblem";
    this.code = code || "UNKNOWN";
  }
}

/** The error of a transport that could not be opened. */
export function connectionFailed(cause) {
  return new SpekoClientError("CONNECTION_FAILED", `The conversation could not be connected: ${cause.message}`, cause);
}

/** The error of a microphone that cannot be had. */
export function microphoneFailed(cause) {
  return new SpekoClientError("MICROPHONE_FAILED", `The microphone cannot be used: ${cause.message}`, cause);
}
