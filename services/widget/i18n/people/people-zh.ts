import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "转人工客服",
  askForAssistant: "返回助手",
  team: "客服团队",
  answering: (name) => `${name}正在为您服务`,
  typing: (name) => `${name}正在输入`,
  waitingNow: "人工客服在线，会回复您。",
  waitingToday: "目前没有人工客服在线。今天稍后会有人工客服回复您。",
  waitingUntil: (when) => `目前没有人工客服在线。恢复时间：${when}。`,
  waitingLater: "目前没有人工客服在线。您的消息已为客服团队保留。",
  place: (position) => (position === 1 ? "下一位就是您。" : `您目前排在第${position}位。`),
  email: "您的邮箱地址（选填）",
  leaveEmail: "保存",
  emailLeft: (address) => `我们可以通过 ${address} 联系您。`,
  removeEmail: "移除",
  problems: {
    handled: "已有人工客服接待此对话。",
    updating: "聊天服务正在更新，暂时无法操作。请一分钟后重试。",
    "invalid-request": "这不是有效的邮箱地址。",
    "too-many-addresses": "此对话无法再保存其他地址。",
  },
  failed: "操作未成功，请重试。",
};
