/** All words of the page about what is set for the whole site. */
export const settingsTexts = {
  title: "Settings",
  pageTitle: "Settings · Parley",
  busy: "One moment…",
  signIn: "Sign in",
  adminsChange: "Admins change what is set here.",
  assistants: {
    title: "Assistants",
    hint: "A pause begins at once. Replies that are being written are ended; every other message waits for a person.",
    answers: "The AI answers.",
    paused: (time: string, name: string | undefined) =>
      `Paused since ${time}${name === undefined ? "" : ` by ${name}`}.`,
    pause: "Pause",
    resume: "Resume",
    pauseOne: (name: string) => `Pause the AI of ${name}`,
    resumeOne: (name: string) => `Resume the AI of ${name}`,
  },
} as const;
