import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "是或否？",
  yes: "是，执行",
  no: "否，不执行",
  until: (when) => `确认截止时间：${when}`,
  sending: "正在发送您的回答…",
  states: {
    confirmed: "您选择了“是”。结果将显示在这里。",
    refused: "您选择了“否”。未执行任何操作。",
    expired: "确认时间已过。未执行任何操作。",
    replaced: "已被较新的确认取代。未执行任何操作。",
    withdrawn: "已撤回。未执行任何操作。",
    sent: "正在执行。",
    done: "已完成。",
    failed: "未能执行。",
    unknown: "我们不确定是否已执行。我们的团队会核实。",
  },
  problems: {
    answered: "此前已经回答过，可能是在另一台设备上。",
    "action-over": "此对话现由人工客服接手，请直接询问客服。",
    "tool-changed": "内容已变更，无法再确认。请重新提出。",
    "identity-required": "请先在本网站登录，然后再确认。",
  },
  failed: "您的回答未能送达。请稍后再试。",
};
