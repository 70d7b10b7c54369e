// Speech to speech: the browser's sound over the WebSocket of a session made with `mode: "s2s"`.

import { LiveConversation } from "./live-conversation.js";
import { interrupt, realtimeDialect, toolResult } from "./realtime.js";
import { SocketTransport } from "./socket-transport.js";

export class RealtimeVoiceConversation extends LiveConversation {
  #sessionId;

  /** Resolves once the socket is ready and the microphone is heard. Throws `SpekoClientError`. */
  static async create(options) {
    const conversation = new RealtimeVoiceConversation(options);
    conversation.#sessionId = options.sessionId;
    await conversation.connect(new SocketTransport(options.wsUrl, realtimeDialect(options), options));
    return conversation;
  }

  getId() {
    return this.#sessionId;
  }

  /** Stop the answer that is being spoken. */
  interrupt() {
    this.publish(interrupt());
  }

  /** Answer a tool call that `onToolCall` was told of; the output is text for the model. */
  sendToolResult(callId, output) {
    this.publish(toolResult(callId, String(output)));
  }
}
