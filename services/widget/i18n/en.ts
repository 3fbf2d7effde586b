import type { UiStrings } from "./ui-strings.ts";

const ordinal = new Intl.PluralRules("en", { type: "ordinal" });
const endings: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

export const strings: UiStrings = {
  chat: "Chat",
  greeting: "How can we help?",
  conversation: "Conversation",
  you: "You",
  assistant: "Assistant",
  suggestions: "Suggestions",
  typicalReply: (time) => `Usually replies within ${time}`,
  earlierConversations: "Earlier conversations",
  aiNotice: "You are chatting with an AI.",
  privacy: "Privacy",
  olderMessages: "Earlier messages",
  newestMessages: "Newest messages",

  yourMessage: "Your message",
  placeholder: "Write a message",
  send: "Send",
  stop: "Stop",
  charactersLeft: (characters) => `Characters left: ${characters}`,
  charactersOver: (characters) => `Too long by ${characters}`,

  close: "Close chat",
  menu: "More",
  notLoaded: "This could not be loaded.",

  writing: "Writing a reply",
  nextInQueue: "You are next in line",
  waitsForReply: "Waiting for the reply before it",
  queuePosition: (place) => `You are ${place}${endings[ordinal.select(place)] ?? "th"} in line`,
  waiting: "Waiting to be sent",
  sending: "Sending",
  notSent: "Not sent",
  noReply: "No reply arrived",
  stopped: "Stopped",
  tryAgain: "Try again",

  copy: "Copy",
  copyCode: "Copy code",
  copied: "Copied",
  regenerate: "Regenerate",
  code: "Code",
  table: "Table",
  helpful: "Helpful",
  notHelpful: "Not helpful",
  thanks: "Thank you for your feedback",

  offline: "You are offline. Your messages will be sent when you are back online.",
  unreachable: "We can’t be reached at the moment.",
  busy: "We are very busy right now. Your message is saved and will be sent.",
  limited: "You have sent many messages in a short time. Your message is saved and will be sent.",
  retryIn: (time) => `Trying again in ${time}`,
  restarted: "That conversation has ended. Your next message starts a new one.",
  originRefused: "This chat can’t be used on this page. It has not been set up for this website yet.",
};
