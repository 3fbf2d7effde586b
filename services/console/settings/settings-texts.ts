/** All words of the page about what is set for the whole site. */
export const settingsTexts = {
  title: "Settings",
  pageTitle: "Settings · Parley",
  busy: "One moment…",
  signIn: "Sign in",
  adminsChange: "Admins change what is set here.",
  assistants: {
    title: "Assistants",
    hint: "A pause begins at once. Replies that are being written go on to their end; every other message waits for a person.",
    answers: "The AI answers.",
    paused: (time: string, name: string | undefined) =>
      `Paused since ${time}${name === undefined ? "" : ` by ${name}`}.`,
    pause: "Pause",
    resume: "Resume",
    pauseOne: (name: string) => `Pause the AI of ${name}`,
    resumeOne: (name: string) => `Resume the AI of ${name}`,
  },
  hours: {
    title: "Hours",
    console: (time: string, name: string | undefined) =>
      `These hours count. They were set here${name === undefined ? "" : ` by ${name}`}, ${time}.`,
    file: "The hours of config/hours.json count. What is saved here wins over them.",
    none: "No hours are set: visitors who wait while nobody is online are asked for an address.",
    zone: "Time zone",
    zoneHint: "A name of the IANA database, like Europe/Berlin, so that summer and winter are right.",
    days: {
      mon: "Monday",
      tue: "Tuesday",
      wed: "Wednesday",
      thu: "Thursday",
      fri: "Friday",
      sat: "Saturday",
      sun: "Sunday",
    },
    closed: "closed",
    dates: "Days that differ",
    datesHint: "A line for each, like “2026-12-24 09:00-12:00” or “2026-12-25 closed”.",
    save: "Save the hours",
    toFile: "Back to the file",
    toNone: "Remove these hours",
  },
} as const;
