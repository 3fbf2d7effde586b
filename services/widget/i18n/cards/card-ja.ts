import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "「はい」か「いいえ」でお答えください。",
  yes: "はい、実行する",
  no: "いいえ、実行しない",
  until: (when) => `確認の期限：${when}`,
  sending: "回答を送信しています…",
  states: {
    confirmed: "「はい」と回答されました。結果はここに表示されます。",
    refused: "「いいえ」と回答されました。何も実行されていません。",
    expired: "確認の期限が過ぎました。何も実行されていません。",
    replaced: "新しい確認に置き換えられました。何も実行されていません。",
    withdrawn: "取り下げられました。何も実行されていません。",
    sent: "実行しています。",
    done: "完了しました。",
    failed: "実行できませんでした。",
    unknown: "実行されたかどうか分かりません。担当者が確認します。",
  },
  problems: {
    answered: "すでに回答済みです（別の端末からの可能性があります）。",
    "action-over": "現在は担当者が対応しています。担当者にお尋ねください。",
    "tool-changed": "内容が変更されたため、確認できなくなりました。もう一度お尋ねください。",
    "identity-required": "先にこのサイトにログインしてから確認してください。",
  },
  failed: "回答を送信できませんでした。1分ほど後にもう一度お試しください。",
};
