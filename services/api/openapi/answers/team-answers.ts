import * as shop from "./shop.ts";

const { ids, times } = shop;

const mia = {
  id: ids.operator,
  name: "Mia",
  role: "operator",
  online: true,
  email: "mia@example.com",
  twoFactor: true,
};
const invited = {
  id: ids.other,
  email: mia.email,
  name: mia.name,
  role: mia.role,
  endsAt: "2026-12-07T10:00:00.000Z",
};
const backupCodes = ["code-one-of-ten", "code-two-of-ten"];
const workday = ["09:00-12:30", "13:30-17:30"];
const hours = {
  "200": {
    inForce: "console",
    hours: {
      zone: "Europe/Berlin",
      week: { mon: workday, tue: workday, wed: workday, thu: workday, fri: ["09:00-15:00"], sat: [], sun: [] },
      dates: { "2026-12-24": [] },
    },
    changed: { at: times.later, operator: mia.name },
  },
};
const assistant = { type: "default", name: "Teapot help" };
const tool = {
  id: ids.other,
  name: "find_parcel",
  state: "allowed",
  description: "Where a parcel is",
  schema: '{"type":"object","properties":{"order":{"type":"string"}}}',
  hash: "pin-of-the-tool-as-the-list-has-it",
  unseen: [],
  decided: { at: times.later, operator: mia.name },
  uses: [{ assistant: "default", as: "find_parcel", effect: "read", confirm: "never" }],
};

/** Answers about accounts of the team, and what it sets for the site. */
export const teamAnswers: shop.AnswerExamples = {
  signIn: { "200": { secondFactor: "required" } },
  showSecondFactor: { "200": { operator: mia } },
  lookAtLink: { "200": { purpose: "invitation", email: mia.email, name: mia.name, role: mia.role } },
  readSessions: {
    "200": {
      sessions: [
        {
          id: ids.other,
          current: true,
          userAgent: "Firefox on Linux",
          address: "192.0.2.7",
          beganAt: times.asked,
          seenAt: times.later,
        },
      ],
    },
  },
  setUpFactor: {
    "200": { uri: "otpauth://totp/Parley:mia@example.com?secret=SECRET-SHOWN-ONCE&issuer=Parley", backupCodes },
  },
  renewBackupCodes: { "200": { backupCodes } },
  readInvitations: {
    "200": { invitations: [{ ...invited, invitedBy: "Jonas", madeAt: times.asked, mail: "sent" }], mail: true },
  },
  inviteOperator: { "201": invited },
  readAssistantStates: { "200": { assistants: [assistant] } },
  pauseAssistant: { "200": { ...assistant, paused: { at: times.later, operator: mia.name } } },
  readHours: hours,
  setHours: hours,
  dropHours: { "200": { inForce: "none" } },
  readToolServers: {
    "200": {
      servers: [
        {
          key: "parcels",
          url: "https://parcels.example.com/mcp",
          assistants: ["default"],
          listedAt: times.asked,
          leftOut: 0,
          tools: [tool],
        },
      ],
    },
  },
  allowTool: { "200": tool },
  disallowTool: { "200": { ...tool, state: "off" } },
};
