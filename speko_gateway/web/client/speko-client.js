// Talk to a Speko agent from a browser. One import, no dependencies, no build step; docs/browser.md.

export { SpekoClientError } from "./errors.js";
export { RealtimeVoiceConversation } from "./realtime-voice-conversation.js";
export { Conversation, VoiceConversation } from "./voice-conversation.js";
