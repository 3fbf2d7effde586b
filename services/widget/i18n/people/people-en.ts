import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "Talk to a person",
  askForAssistant: "Back to the assistant",
  team: "Our team",
  answering: (name) => `${name} is answering`,
  typing: (name) => `${name} is typing`,
  waitingNow: "Somebody is here and will answer you.",
  waitingToday: "Nobody is here right now. A person will answer you later today.",
  waitingUntil: (when) => `Nobody is here right now. We are back: ${when}.`,
  waitingLater: "Nobody is here right now. Your messages are kept for our team.",
  place: (position) => (position === 1 ? "You are next." : `You are number ${position} in the queue.`),
  email: "Your e-mail address (optional)",
  leaveEmail: "Save",
  emailLeft: (address) => `We can reach you at ${address}.`,
  removeEmail: "Remove",
  problems: {
    handled: "A person already has this conversation.",
    updating: "This is not possible while the chat is being updated. Please try again in a minute.",
    "invalid-request": "This is not an e-mail address.",
    "too-many-addresses": "No further address can be saved in this conversation.",
  },
  failed: "That did not work. Please try again.",
};
