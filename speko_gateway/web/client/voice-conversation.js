// A conversation with an agent: over the gateway's own socket, or in a LiveKit room, as the session's address says.

import { embeddedDialect, isEmbedded } from "./embedded.js";
import { SpekoClientError } from "./errors.js";
import { LiveConversation } from "./live-conversation.js";
import { LiveKitTransport } from "./livekit-transport.js";
import { contextualUpdate, overridesPacket, userMessage } from "./packets.js";
import { SocketTransport } from "./socket-transport.js";

export class VoiceConversation extends LiveConversation {
  /** Resolves once the conversation is live. Throws `SpekoClientError`. */
  static async create(options) {
    const conversation = new VoiceConversation(options);
    const { overrides } = options;
    await conversation.connect(transportOf(options), overrides ? overridesPacket(overrides) : null);
    return conversation;
  }

  /** A turn that is typed instead of spoken. */
  sendUserMessage(text) {
    this.publish(userMessage(text));
  }

  /** What the agent shall know without being spoken to. */
  sendContextualUpdate(text) {
    this.publish(contextualUpdate(text));
  }
}

/** The name that callers of other client libraries know. */
export const Conversation = { startSession: (options) => VoiceConversation.create(options) };

function transportOf(options) {
  const url = options.transportUrl ?? options.livekitUrl;
  const token = options.transportToken ?? options.conversationToken;
  if (!url || !token) {
    throw new SpekoClientError("CONNECTION_FAILED", "transportUrl and transportToken of a session are needed.");
  }
  if (!isEmbedded(url)) return new LiveKitTransport(url, token, options);
  return new SocketTransport(url, embeddedDialect(token), options);
}
