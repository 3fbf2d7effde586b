import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "新对话",
  saveTranscript: "下载对话记录",
  deleteData: "删除我的数据",
  cancel: "取消",

  confirmNew: {
    title: "开始新的对话？",
    text: "当前对话将不再显示在这里。",
    yes: "开始",
  },
  confirmDelete: {
    title: "删除这段对话？",
    text: "所有消息将从此处和服务器上永久删除。",
    yes: "删除",
  },
  deleting: "正在删除您的对话。",

  comment: "哪里可以改进？",
  reason: "哪里有问题？",
  reasons: { wrong: "内容有误", unclear: "不清楚", unhelpful: "没有帮助", other: "其他" },
  sendComment: "发送反馈",

  consent: "为了回答您，此聊天会保存您的消息，并可能将其发送给人工智能服务商。",
  agree: "我同意",

  openedAsFile:
    "此页面是以文件方式（file://）打开的，浏览器不允许这样的页面连接聊天服务。请通过网络服务器打开，例如使用“npx serve”。",
};
