import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "New conversation",
  saveTranscript: "Download transcript",
  deleteData: "Delete my data",
  cancel: "Cancel",

  confirmNew: {
    title: "Start a new conversation?",
    text: "This one will no longer be shown here.",
    yes: "Start",
  },
  confirmDelete: {
    title: "Delete this conversation?",
    text: "All its messages are permanently deleted, here and on the server.",
    yes: "Delete",
  },
  deleting: "Your conversation is being deleted.",

  comment: "What could be better?",
  reason: "What was wrong?",
  reasons: { wrong: "It is wrong", unclear: "It is unclear", unhelpful: "It does not help", other: "Something else" },
  sendComment: "Send feedback",

  consent: "To answer you, this chat stores your messages and may send them to an AI provider.",
  agree: "I agree",

  openedAsFile:
    "This page was opened as a file (file://), and browsers don’t let such pages talk to a chat service. Open it from a web server, for example with “npx serve”.",
};
